"""`web/cors_restricted`: a stranger's site may not read the page with the visitor's login (CORS)."""

from collections.abc import Iterator

from posture.checks.http import shown
from posture.core.facts.web_exposure import Sharing, WebExposure
from posture.core.findings import Verdict, failed, passed, unknown


def judge(fact: WebExposure) -> Iterator[Verdict]:
    """Credentials with everybody are the flaw; a page that is public to all is none."""
    yield unknown("not_asked", path="sharing") if fact.sharing is None else _shared(fact.sharing)


def _shared(sharing: Sharing) -> Verdict:
    allowed = (sharing.allow_origin or "").strip()
    with_login = (sharing.allow_credentials or "").strip() == "true"
    if not allowed:
        return passed("none")
    if allowed == sharing.origin:
        return failed("anybody_with_login") if with_login else passed("anybody")
    if allowed == "null" and with_login:
        return failed("null_with_login")
    return passed("anybody") if allowed == "*" else passed("restricted", origin=shown(allowed))
