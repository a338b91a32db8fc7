"""`mail/dane`: signed DNS says which certificate the mail servers show (DANE)."""

from collections.abc import Iterator
from dataclasses import replace

from posture.core.facts.mail_tlsa import MailTlsa, TlsaHost
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown
from posture.core.targets import Target

#: Usages that senders of mail heed (RFC 7672 §3.1).
_USABLE = frozenset({2, 3})


def judge(fact: MailTlsa) -> Iterator[Verdict]:
    """What holds mail back first: bogus answers, promises the server does not keep; then what is missing.

    The records stand in the exchangers' own zones: whoever runs them can mend it, unless the domain itself
    is unsigned.
    """
    machines = tuple(Target(name=host.name) for host in fact.hosts)
    for verdict in _verdicts(fact):
        own = verdict.message == "unsigned" and fact.mx_status != "secure"
        yield verdict if own else replace(verdict, machines=machines)


def _verdicts(fact: MailTlsa) -> Iterator[Verdict]:
    bogus = _names(host for host in fact.hosts if host.status == "bogus")
    broken = _names(host for host in fact.hosts if host.matches is False)
    if not fact.hosts:
        yield not_applicable("no_exchangers")
    elif bogus:
        yield failed("bogus", hosts=bogus)
    elif broken:
        yield failed("mismatch", hosts=broken)
    else:
        yield _published(fact)


def _published(fact: MailTlsa) -> Verdict:
    open_ = [index for index, host in enumerate(fact.hosts) if host.status == "indeterminate"]
    bare = _names(host for host in fact.hosts if host.status != "indeterminate" and not _usable(host))
    if open_:
        return unknown("unseen", path=f"hosts.{open_[0]}.status")
    if len(bare) == len(fact.hosts):
        return failed("missing")
    if bare:
        return failed("partial", hosts=bare)
    if fact.mx_status == "indeterminate":
        return unknown("unseen", path="mx_status")
    if fact.mx_status != "secure" or any(host.status != "secure" for host in fact.hosts):
        return failed("unsigned")
    unsure = [index for index, host in enumerate(fact.hosts) if host.matches is None]
    if unsure:
        return unknown("not_compared", path=f"hosts.{unsure[0]}.matches")
    return passed("kept", hosts=_names(fact.hosts))


def _usable(host: TlsaHost) -> bool:
    return any(record.usage in _USABLE for record in host.records)


def _names(hosts: "Iterator[TlsaHost] | tuple[TlsaHost, ...]") -> tuple[str, ...]:
    return tuple(host.name for host in hosts)
