"""`dns/names_deliberate`: only names that somebody set up exist; nothing answers for invented ones."""

from collections.abc import Iterator

from posture.core.facts.dns_dangling import DnsDangling
from posture.core.findings import Verdict, failed, passed, unknown


def judge(fact: DnsDangling) -> Iterator[Verdict]:
    """A wildcard (RFC 4592) is often wanted: it is noticed, since it makes every invented name look real."""
    if fact.wildcard_mx:
        yield failed("mail", targets=fact.wildcard_mx)
    elif fact.wildcard:
        yield failed("wildcard", targets=fact.wildcard)
    elif fact.wildcard is None:
        yield unknown("unseen", path="wildcard")
    elif fact.wildcard_mx is None:
        yield unknown("unseen", path="wildcard_mx")
    else:
        yield passed("deliberate")
