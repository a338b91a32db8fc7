"""`tls/post_quantum`: recorded connections stay closed to the computers of tomorrow."""

from collections.abc import Iterator

from posture.checks.handshake import speaks_tls, without
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, not_applicable, passed


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """Readiness of the key exchange alone, for information; signatures are another matter and can wait."""
    if not speaks_tls(fact) or fact.groups is None:
        yield without(fact, "groups")
        return
    hybrid = tuple(name for name in fact.groups if "MLKEM" in name)
    if hybrid:
        yield passed("ready", groups=hybrid)
    else:
        yield not_applicable("classical")
