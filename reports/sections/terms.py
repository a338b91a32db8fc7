"""The terms asked for that price beyond limit and deductible: a year's limits, territory, items of B."""

from posture.core.application import Application, CoverTerms, ItemTerms, SharedLimit
from posture.core.decisions import Cover
from reports import convention
from reports.blocks import Block, Cell, Table
from reports.say import Say
from reports.sections.parts import heads


def blocks(declared: Application, say: Say) -> tuple[Block, ...]:
    """Every cover with its terms, then cost items of cover B and shared limits where any are given."""
    found = [_covers(declared, say)]
    cover_b = declared.covers.get(Cover.B)
    if cover_b is not None and cover_b.items:
        found.append(_items(cover_b, declared.currency, say))
    if declared.shared:
        found.append(_shared(declared, say))
    return tuple(found)


def _covers(declared: Application, say: Say) -> Table:
    columns = heads(
        say,
        ("cover", "left", 5),
        ("limit_claim", "right", 4),
        ("limit_year", "right", 4),
        ("deductible", "right", 3),
        ("defence", "left", 4),
        ("territory", "left", 5),
    )
    wanted = [cover for cover in Cover if cover in declared.covers]
    rows = tuple(_cover(cover, declared.covers[cover], declared.currency, say) for cover in wanted)
    return Table(caption=say("captions.terms"), columns=columns, rows=rows)


def _cover(cover: Cover, terms: CoverTerms, currency: str, say: Say) -> tuple[Cell, ...]:
    defence = say(f"defence.{terms.defence.value}") if cover is Cover.A else "–"
    return (
        Cell(text=say(f"covers.{cover.value}")),
        Cell(text=say.money(terms.limit, currency)),
        Cell(text=_limit(terms.aggregate, currency, say)),
        Cell(text=deductible(terms, currency, say)),
        Cell(text=defence),
        Cell(text=say(f"territory.{terms.territory.value.replace('-', '_')}")),
    )


def deductible(terms: CoverTerms, currency: str, say: Say) -> str:
    """What the insured bears of each claim: an amount, or a waiting time."""
    waiting = terms.waiting_hours
    return (
        say.money(terms.deductible, currency) if waiting is None else say("captions.waiting", hours=waiting)
    )


def _limit(amount: int | None, currency: str, say: Say) -> str:
    return say("given.unlimited") if amount is None else say.money(amount, currency)


def _items(terms: CoverTerms, currency: str, say: Say) -> Table:
    columns = heads(say, ("cost_item", "left", 6), ("sublimit", "right", 5), ("coinsurance", "right", 4))
    rows = tuple(_item(name, item, currency, say) for name, item in terms.items.items())
    return Table(caption=say("captions.terms_items"), columns=columns, rows=rows)


def _item(name: str, item: ItemTerms, currency: str, say: Say) -> tuple[Cell, ...]:
    limit = say("given.whole") if item.limit is None else say.money(item.limit, currency)
    return (
        Cell(text=say.open_word("cost_items", name)),
        Cell(text=limit),
        Cell(text=convention.percent(item.coinsurance)),
    )


def _shared(declared: Application, say: Say) -> Table:
    columns = heads(say, ("shared_by", "left", 6), ("limit_claim", "right", 5), ("limit_year", "right", 5))
    rows = tuple(_together(limit, declared.currency, say) for limit in declared.shared)
    return Table(caption=say("captions.terms_shared"), columns=columns, rows=rows)


def _together(limit: SharedLimit, currency: str, say: Say) -> tuple[Cell, ...]:
    return (
        Cell(text=say.several(say(f"cover_names.{cover.value}") for cover in limit.covers)),
        Cell(text=_limit(limit.limit, currency, say)),
        Cell(text=_limit(limit.aggregate, currency, say)),
    )
