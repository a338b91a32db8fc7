"""`web/files_not_exposed`: the site hands out none of the files that belong to its making."""

from collections.abc import Iterator
from dataclasses import replace

from posture.core.facts.web_exposure import WebExposure
from posture.core.findings import Verdict, failed, passed, unknown

#: Files that give away source code or passwords; what is not among them tells an attacker his way only.
_SECRETS = frozenset({"/.env", "/.git/HEAD", "/.git/config", "/.svn/wc.db", "/backup.zip", "/backup.sql"})
_ASKED_FOR = frozenset({"/.DS_Store", "/server-status"}) | _SECRETS


def judge(fact: WebExposure) -> Iterator[Verdict]:
    """One finding per file that was handed out and is what its name says; a pass needs an answer for each."""
    asked = [entry for entry in fact.paths if entry.path in _ASKED_FOR]
    given = [entry.path for entry in asked if entry.recognised]
    for path in given:
        secret = path in _SECRETS
        verdict = failed("secret", file=path) if secret else failed("telling", file=path)
        yield replace(verdict, discriminator=path)
    missing = tuple(entry.path for entry in asked if entry.status is None)
    if missing:
        yield unknown("unanswered", path=f"paths.{missing[0]}", paths=missing)
    elif not given:
        yield passed("none", count=len(asked))
