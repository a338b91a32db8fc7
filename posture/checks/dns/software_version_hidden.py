"""`dns/software_version_hidden`: name servers do not announce which software they run."""

from collections.abc import Iterator

from posture.checks.zone import by_servers, unseen_path
from posture.core.facts.dns_zone import DnsZone
from posture.core.findings import Verdict, failed, passed, unknown


def judge(fact: DnsZone) -> Iterator[Verdict]:
    """A version has a digit in it; a server that answers other questions and not this one hides it."""
    return (by_servers(verdict, fact) for verdict in _verdicts(fact))


def _verdicts(fact: DnsZone) -> Iterator[Verdict]:
    versions = {server.version for server in fact.nameservers if server.version}
    shown = tuple(sorted(text for text in versions if any(c.isdigit() for c in text)))
    path = unseen_path(fact, "udp")
    if shown:
        yield failed("shown", versions=shown)
    elif path is not None:
        yield unknown("unseen", path=path)
    else:
        yield passed("hidden")
