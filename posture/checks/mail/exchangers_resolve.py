"""`mail/exchangers_resolve`: mail for the domain finds a server, or is plainly refused."""

from collections.abc import Iterator

from posture.core.facts.mail_exchangers import MailExchangers
from posture.core.findings import Verdict, failed, passed, unknown


def judge(fact: MailExchangers) -> Iterator[Verdict]:
    """Contradictions first, then exchangers that do not exist (anybody may register them), then aliases."""
    gone = tuple(host.name for host in fact.hosts if host.exists is False)
    empty = tuple(host.name for host in fact.hosts if host.addresses == () and host.exists is not False)
    private = tuple(f"{host.name} [{place}]" for host in fact.hosts for place in host.inward)
    aliases = tuple(host.name for host in fact.hosts if host.alias)
    unseen = [index for index, host in enumerate(fact.hosts) if host.addresses is None]
    if "null-mx-among-others" in fact.problems:
        yield failed("contradiction")
    elif gone:
        yield failed("gone", hosts=gone)
    elif empty:
        yield failed("without_address", hosts=empty)
    elif private:
        yield failed("private", hosts=private)
    elif unseen:
        yield unknown("unseen", path=f"hosts.{unseen[0]}.addresses")
    elif aliases:
        yield failed("alias", hosts=aliases)
    else:
        yield _good(fact)


def _good(fact: MailExchangers) -> Verdict:
    if fact.null_mx:
        return passed("no_mail")
    if fact.hosts:
        return passed("resolving", hosts=tuple(host.name for host in fact.hosts))
    if fact.implicit is None:
        return unknown("unseen", path="implicit")
    if fact.implicit:
        return failed("implicit")
    return passed("none")
