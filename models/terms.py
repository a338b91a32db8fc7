"""Whether the terms asked for can be priced: limits, deductibles, items, shared limits, territory."""

from collections.abc import Iterator

from models.premium import HOSTS
from models.tables import Tables
from posture.core.application import Application, CoverTerms, Defence, ItemTerms, SharedLimit, Territory
from posture.core.decisions import Cover

#: What is wrong, and how to mend it.
Problem = tuple[str, str]


def problems(tables: Tables, application: Application) -> Iterator[Problem]:
    """Everything about the terms that no table can price, each naming its field."""
    for cover, terms in application.covers.items():
        yield from _amounts(cover, terms)
        yield from _annual(cover, terms)
        yield from _belongs(cover, terms)
        for name, item in terms.items.items():
            yield from _item(tables, f"covers.{cover.value}.items.{name}", name, item, terms)
    taken: set[Cover] = set()
    for number, shared in enumerate(application.shared, start=1):
        yield from _shared(application, f"shared entry {number}", shared)
        if taken & set(shared.covers):
            what = f"shared entry {number} shares a cover with another entry"
            yield what, "Put each cover into one entry at most."
        taken.update(shared.covers)
    yield from _abroad(application)


def _amounts(cover: Cover, terms: CoverTerms) -> Iterator[Problem]:
    where = f"covers.{cover.value}"
    if terms.limit <= 0 or terms.deductible < 0:
        yield f"{where} has limit {terms.limit} and deductible {terms.deductible}", "Neither may be negative."
    if terms.limit < terms.deductible:
        what = f"{where}: the limit {terms.limit} is below the deductible {terms.deductible}"
        yield what, "Raise the limit or lower the deductible."
    if cover is Cover.C and terms.waiting_hours is None and not terms.deductible:
        yield (
            f"{where} has no waiting_hours",
            "Give the waiting period in hours, such as 12, or a deductible.",
        )
    if terms.waiting_hours is not None and terms.waiting_hours < 0:
        yield f"{where} has waiting_hours {terms.waiting_hours}", "Give 0 or more."
    if cover is Cover.C and terms.waiting_hours is not None and terms.deductible:
        yield f"{where} has both waiting_hours and a deductible", "Leave one of them out."


def _annual(cover: Cover, terms: CoverTerms) -> Iterator[Problem]:
    where = f"covers.{cover.value}"
    if terms.aggregate is None:
        return
    if cover not in HOSTS:
        yield (
            f"{where} has an aggregate",
            "An option uses up the limits of the covers it extends: leave it out.",
        )
    elif terms.aggregate < terms.limit:
        what = f"{where}: the aggregate {terms.aggregate} is below the limit {terms.limit} of one claim"
        yield what, "Lower the limit or raise the aggregate."


def _belongs(cover: Cover, terms: CoverTerms) -> Iterator[Problem]:
    where = f"covers.{cover.value}"
    if terms.waiting_hours is not None and cover is not Cover.C:
        yield f"{where} has waiting_hours", "Only cover C waits; give a deductible."
    if terms.defence is Defence.OUTSIDE and cover is not Cover.A:
        yield f"{where} has defence “{terms.defence}”", "Only cover A pays the cost of disputes."
    if terms.items and cover is not Cover.B:
        yield f"{where} has items", "Only cover B is made of items."
    if terms.territory is not Territory.WORLDWIDE and cover not in HOSTS:
        yield f"{where} has a territory", "An option has that of the covers it extends: leave it out."


def _item(tables: Tables, where: str, name: str, item: ItemTerms, terms: CoverTerms) -> Iterator[Problem]:
    if name not in tables.items:
        yield f"{where} is no item of the {tables.market} table", f"Items: {', '.join(tables.items)}."
    if item.limit is not None and not 0 <= item.limit <= terms.limit:
        yield (
            f"{where}: the sub-limit {item.limit} is not within the limit {terms.limit}",
            "Lower the sub-limit.",
        )
    if not 0 <= item.coinsurance < 1:
        yield f"{where} has coinsurance {item.coinsurance}", "Give the insured's share, 0 to below 1."


def _shared(application: Application, where: str, shared: SharedLimit) -> Iterator[Problem]:
    names = [cover.value for cover in shared.covers]
    missing = [
        cover.value for cover in shared.covers if cover not in application.covers or cover not in HOSTS
    ]
    if missing or len(set(names)) < 2:
        yield (
            f"{where} names {', '.join(names) or 'no cover'}",
            "Name two or more of the covers A, B, C asked for.",
        )
        return
    if shared.limit is None and shared.aggregate is None:
        yield f"{where} limits nothing", "Give limit (per claim), aggregate (per year), or both."
    if any(amount is not None and amount <= 0 for amount in (shared.limit, shared.aggregate)):
        yield f"{where} has a limit of 0 or less", "Give an amount above 0."
    if shared.limit and shared.aggregate and shared.aggregate < shared.limit:
        yield (
            f"{where}: the aggregate is below the limit of one claim",
            "Lower the limit or raise the aggregate.",
        )
    own = [cover.value for cover in shared.covers if application.covers[cover].aggregate is not None]
    if own and shared.aggregate is not None:
        yield f"{where} and covers.{own[0]} both have an aggregate", "Share it or keep it separate, not both."


def _abroad(application: Application) -> Iterator[Problem]:
    overseas, us_canada = application.overseas_revenue_share, application.us_canada_revenue_share
    for name, value in (("overseas_revenue_share", overseas), ("us_canada_revenue_share", us_canada)):
        if value is not None and not 0 <= value <= 1:
            yield f"{name} is {value}", "Give a share of the revenue, 0 to 1."
    if us_canada and us_canada > (overseas or 0.0):
        yield (
            "us_canada_revenue_share is above overseas_revenue_share",
            "It is a part of it: correct one of them.",
        )
