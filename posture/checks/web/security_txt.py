"""`web/security_txt`: whoever finds a flaw can read whom to tell (RFC 9116)."""

from collections.abc import Iterator

from posture.core.facts.web_exposure import WebExposure
from posture.core.findings import Verdict, failed, passed, unknown

_PATH = "/.well-known/security.txt"


def judge(fact: WebExposure) -> Iterator[Verdict]:
    """A Contact and exactly one Expires in the future are required (§2.5.3, §2.5.5)."""
    asked = next((entry for entry in fact.paths if entry.path == _PATH), None)
    text = fact.security_txt
    if asked is None or asked.status is None:
        yield unknown("unseen", path=f"paths.{_PATH}")
    elif text is None:
        yield failed("missing")
    elif text.contacts == 0:
        yield failed("no_contact")
    elif text.expires is None:
        yield failed("no_expiry", count=text.expires_fields)
    elif text.expires <= fact.at:
        yield failed("expired", day=str(text.expires.date()))
    else:
        yield passed("valid", day=str(text.expires.date()))
