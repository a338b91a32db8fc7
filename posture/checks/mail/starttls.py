"""`mail/starttls`: every mail exchanger takes mail over an encrypted connection."""

from collections.abc import Iterator
from dataclasses import replace

from posture.core.facts.mail_starttls import MailStarttls, StarttlsHost
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown
from posture.core.targets import Target


def judge(fact: MailStarttls) -> Iterator[Verdict]:
    """RFC 3207. Whoever runs the exchangers can mend it."""
    verdict, hosts = _verdict(fact)
    yield replace(verdict, machines=tuple(Target(name=host.name, address=host.address) for host in hosts))


def _verdict(fact: MailStarttls) -> tuple[Verdict, tuple[StarttlsHost, ...]]:
    """One exchanger without it is enough; an untrusted certificate still keeps listeners out (RFC 7435)."""
    bare = tuple(host for host in fact.hosts if host.offered is False)
    unseen = [index for index, host in enumerate(fact.hosts) if host.offered is None]
    loose = tuple(host for host in fact.hosts if host.trusted is False or host.name_matches is False)
    if not fact.hosts:
        return not_applicable("no_exchangers"), ()
    if bare:
        return failed("not_offered", hosts=_names(bare)), bare
    if unseen:
        hidden = tuple(fact.hosts[index] for index in unseen)
        return unknown("not_met", path=f"hosts.{unseen[0]}.offered", hosts=_names(hidden)), hidden
    if loose:
        return passed("unverified", hosts=_names(loose)), loose
    return passed("encrypted", hosts=_names(fact.hosts)), fact.hosts


def _names(hosts: tuple[StarttlsHost, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(host.name for host in hosts))
