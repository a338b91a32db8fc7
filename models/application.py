"""What an application must hold before it can be priced, and what sends it to a person."""

from collections.abc import Iterator
from datetime import date

from models import terms
from models.perils import Peril
from models.premium import HOSTS, Risk
from models.statements import ReasonId
from models.tables import Tables
from posture.core.application import Application
from posture.core.decisions import Cover, Statement
from posture.core.errors import PostureError


def check(tables: Tables, application: Application) -> None:
    """Raise PostureError, naming the field, for an application no table can price."""
    if application.currency != tables.currency:
        raise _bad(
            f"currency is {application.currency}, but the {tables.market} table is in {tables.currency}",
            f"Give every amount in {tables.currency}; nothing is converted silently.",
        )
    if application.sector not in tables.sectors:
        raise _bad(
            f"sector “{application.sector}” is not in the {tables.market} table",
            f"Sectors: {', '.join(sorted(tables.sectors))}.",
        )
    for name in ("revenue", "employees"):
        if getattr(application, name) <= 0:
            raise _bad(f"{name} is {getattr(application, name)}", f"Give a {name} above 0.")
    if application.records < 0:
        raise _bad(f"records is {application.records}", "Give 0 or more.")
    if not application.covers:
        raise _bad("no cover is asked for", "Name at least one cover, such as covers.A.")
    for what, remedy in terms.problems(tables, application):
        raise _bad(what, remedy)
    _check_options(tables, application)


def risk(tables: Tables, application: Application) -> Risk:
    """What of the application the premium depends on; covers that cannot be priced are left out."""
    covers = {cover: asked for cover, asked in application.covers.items() if _priceable(application, cover)}
    return Risk(
        revenue=application.revenue,
        sector=tables.sectors[application.sector],
        employees=application.employees,
        it_revenue=application.it_services_revenue or 0,
        daily_gross_profit=application.daily_gross_profit or 0,
        covers=covers,
        shared=tuple(limit for limit in application.shared if covers.keys() >= set(limit.covers)),
        overseas=application.overseas_revenue_share or 0.0,
        us_canada=application.us_canada_revenue_share or 0.0,
    )


def referrals(tables: Tables, application: Application, on: date) -> Iterator[Statement]:
    """Whatever in the application itself needs a person, each with its numbers."""
    wanted = application.covers
    if Cover.C in wanted and not _priceable(application, Cover.C):
        yield Statement(id=ReasonId.GROSS_PROFIT.value, arguments={})
    if Cover.IT in wanted and not _priceable(application, Cover.IT):
        yield Statement(id=ReasonId.IT_REVENUE.value, arguments={})
    if application.sector in tables.sector_refers:
        yield Statement(id=ReasonId.SECTOR.value, arguments={"sector": application.sector})
    needed = tables.sector_needs.get(application.sector)
    if needed is not None and needed not in wanted:
        yield Statement(id=ReasonId.IT_OPTION.value, arguments={"sector": application.sector})
    yield from _above_authority(tables, application)
    yield from _incidents(tables, application, on)


def _above_authority(tables: Tables, application: Application) -> Iterator[Statement]:
    currency = tables.currency
    for cover, asked in application.covers.items():
        most = tables.authority.limit[cover]
        if asked.limit > most:
            arguments = {"cover": cover.value, "limit": asked.limit, "authority": most, "currency": currency}
            yield Statement(id=ReasonId.LIMIT.value, arguments=arguments)
    low, high = tables.revenue_range.low, tables.revenue_range.high
    if not low <= application.revenue <= high:
        arguments = {"revenue": application.revenue, "low": int(low), "high": int(high), "currency": currency}
        yield Statement(id=ReasonId.REVENUE.value, arguments=arguments)
    if application.records > tables.authority.records:
        held = {"records": application.records, "authority": tables.authority.records}
        yield Statement(id=ReasonId.RECORDS.value, arguments=held)


def _incidents(tables: Tables, application: Application, on: date) -> Iterator[Statement]:
    years = tables.authority.incident_years
    recent = [item for item in application.incidents if (on - item.date).days <= years * 366]
    if len(recent) > tables.authority.incidents:
        yield Statement(id=ReasonId.INCIDENTS.value, arguments={"count": len(recent), "years": years})


def _priceable(application: Application, cover: Cover) -> bool:
    if cover is Cover.C:
        return bool(application.daily_gross_profit)
    return cover is not Cover.IT or bool(application.it_services_revenue)


def _check_options(tables: Tables, application: Application) -> None:
    """An option extends covers: without any of them it has nothing to extend."""
    for option, peril in ((Cover.CRIME, Peril.CRIME), (Cover.IT, Peril.IT_SERVICES)):
        hosts = [cover for cover in HOSTS if cover in tables.triggers[peril]]
        if option in application.covers and not any(cover in application.covers for cover in hosts):
            raise _bad(
                f"covers.{option.value} extends {', '.join(hosts)}, and none of them is asked for",
                f"Add covers.{hosts[0].value}, or leave {option.value} out.",
            )


def _bad(what: str, remedy: str) -> PostureError:
    return PostureError(f"The application cannot be priced: {what}.", remedy=remedy, code="bad-application")
