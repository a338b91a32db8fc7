"""Reads the files people write: consent and application. `forms` guards the door, core keeps the result."""

import json
import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import idna
from msgspec import Meta, Struct, field, structs

from posture.app.forms import Checked, Misfit, fit
from posture.core.application import (
    Application,
    CoverTerms,
    Defence,
    Incident,
    ItemTerms,
    SharedLimit,
    Territory,
)
from posture.core.consent import (
    DEFAULT_PORTS,
    Authority,
    Basis,
    Consent,
    Granter,
    Proof,
    ProofMethod,
    Technique,
    split_scope,
)
from posture.core.decisions import Cover
from posture.core.errors import PostureError
from posture.core.targets import host_name, network, port_ranges

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

#: Digits of the minor unit (ISO 4217) of every currency an application may be written in.
MINOR_DIGITS = {"JPY": 0, "USD": 2, "GBP": 2, "EUR": 2, "AUD": 2, "CAD": 2, "SGD": 2}

_MAX_BYTES = 1_000_000


def _own_domain(text: str) -> str:
    """A name somebody can own: not a public suffix such as co.jp, below which everybody lives."""
    name = host_name(text)
    if _suffixes(name.rpartition(".")[2]).is_public(name):
        raise PostureError(
            f"“{name}” is a public suffix: it belongs to nobody.",
            remedy="Name the applicant's own domain, such as example.co.jp.",
            code="public-suffix",
        )
    return name


def _suffixes(top: str) -> "PublicSuffixList":
    """The public suffixes below one top-level name: reading all of them takes most of a consent's time."""
    from publicsuffixlist import PSLFILE, PublicSuffixList

    endings = {top.encode(), idna.decode(top).encode() if top.startswith("xn--") else top.encode()}
    with Path(PSLFILE).open("rb") as lines:
        return PublicSuffixList([line for line in lines if line.strip().rpartition(b".")[2] in endings])


def _known_currency(text: str) -> str:
    if text not in MINOR_DIGITS:
        raise ValueError(f"“{text}” is not one of {', '.join(MINOR_DIGITS)}.")
    return text


class _Name(Checked):
    __slots__ = ()
    check = staticmethod(_own_domain)


class _Host(Checked):
    __slots__ = ()
    check = staticmethod(host_name)


class _Range(Checked):
    __slots__ = ()

    @staticmethod
    def check(text: str) -> str:
        network(text)
        return text


class _ScopeItem(Checked):
    __slots__ = ()

    @staticmethod
    def check(text: str) -> str:
        if not text.strip():
            raise ValueError("an empty entry.")
        split_scope((text,))
        return text


class _Ports(Checked):
    __slots__ = ()

    @staticmethod
    def check(text: str) -> str:
        if text != DEFAULT_PORTS:
            port_ranges(text)
        return text


class _Currency(Checked):
    __slots__ = ()
    check = staticmethod(_known_currency)


class _Country(Checked):
    __slots__ = ()

    @staticmethod
    def check(text: str) -> str:
        return _matching(r"[A-Z]{2}", text, "a country in two capital letters (ISO 3166-1), such as JP")


class _Email(Checked):
    __slots__ = ()

    @staticmethod
    def check(text: str) -> str:
        return _matching(r"[^@\s]+@[^@\s]+", text, "an e-mail address")


class _Sha256(Checked):
    __slots__ = ()

    @staticmethod
    def check(text: str) -> str:
        return _matching(r"[0-9a-f]{64}", text, "a SHA-256 in 64 digits 0-9 and a-f")


def _matching(pattern: str, text: str, what: str) -> str:
    if not re.fullmatch(pattern, text):
        raise ValueError(f"should be {what}")
    return text


Text = Annotated[str, Meta(min_length=1, max_length=200)]
Count = Annotated[int, Meta(ge=0)]
Money = Annotated[int, Meta(ge=0, le=10**15)]
MoneyAboveZero = Annotated[int, Meta(gt=0, le=10**15)]
Share = Annotated[float, Meta(ge=0, le=1)]
Moment = Annotated[datetime, Meta(tz=True)]


class _Document(Struct, frozen=True, kw_only=True):
    sha256: _Sha256


class _Granter(Struct, frozen=True, kw_only=True):
    name: Text
    title: str
    email: _Email


class _Proof(Struct, frozen=True, kw_only=True):
    method: ProofMethod
    key: str = ""
    signature: str = ""


class _Authority(Struct, frozen=True, kw_only=True):
    covers: tuple[_ScopeItem, ...]
    basis: Basis
    document: _Document | None = None


class _Consent(Struct, frozen=True, kw_only=True):
    schema_: Literal["posture.consent/1"] = field(name="schema")
    applicant: Text
    domains: Annotated[tuple[_Name, ...], Meta(min_length=1)]
    networks: tuple[_Range, ...]
    exclude: tuple[_ScopeItem, ...]
    techniques: Annotated[tuple[Technique, ...], Meta(min_length=1)]
    ports: _Ports
    valid_from: Moment
    valid_until: Moment
    granted_by: _Granter
    purpose: str = "underwriting"
    disclose_to: tuple[Literal["insurer", "agency", "reinsurer", "parent"], ...] = ("insurer",)
    retain_until: date | None = None
    document: _Document | None = None
    proof: _Proof | None = None
    authority: tuple[_Authority, ...] = ()

    def __post_init__(self) -> None:
        if self.valid_until <= self.valid_from:
            raise ValueError("valid_until is not after valid_from. Correct the period.")


class _Item(Struct, frozen=True, kw_only=True):
    limit: Money | None = None
    coinsurance: Annotated[float, Meta(ge=0, lt=1)] = 0.0


class _Cover(Struct, frozen=True, kw_only=True):
    limit: MoneyAboveZero
    deductible: Money = 0
    waiting_hours: Annotated[int, Meta(ge=0, le=24 * 30)] | None = None
    aggregate: Money | None = None
    defence: Defence = Defence.INSIDE
    territory: Territory = Territory.WORLDWIDE
    items: dict[str, _Item] = field(default_factory=dict)


class _Shared(Struct, frozen=True, kw_only=True):
    covers: tuple[Cover, ...]
    limit: Money | None = None
    aggregate: Money | None = None


class _Incident(Struct, frozen=True, kw_only=True):
    date: date
    kind: Text
    loss: Money = 0


class _Asked(Struct, frozen=True, kw_only=True):
    """What an application may also say: kept as declared, read by people and by no calculation."""

    policy_from: date | None = None
    policy_until: date | None = None
    retroactive_date: date | None = None
    subsidiaries: tuple[Text, ...] | None = None
    online_revenue_share: Share | None = None
    paper_records: Count | None = None
    card_data: bool | None = None
    own_content: bool | None = None
    system_changes: Count | None = None
    critical_cloud_services: tuple[Text, ...] | None = None
    other_insurance: bool | None = None
    past_declines: bool | None = None

    def __post_init__(self) -> None:
        if self.policy_from and self.policy_until and self.policy_until <= self.policy_from:
            raise ValueError("policy_until is not after policy_from. Correct the period.")


class _Application(_Asked, frozen=True, kw_only=True):
    """Further optional fields are kept as they are (underwriting practice adds many)."""

    schema_: Literal["posture.application/1"] = field(name="schema")
    applicant: Text
    country: _Country
    currency: _Currency
    sector: Text
    revenue: MoneyAboveZero
    employees: Count
    records: Count
    covers: Annotated[dict[Cover, _Cover], Meta(min_length=1)]
    shared: tuple[_Shared, ...] = ()
    controls: dict[str, bool] = field(default_factory=dict)
    daily_gross_profit: Money | None = None
    it_services_revenue: Money | None = None
    overseas_revenue_share: Share | None = None
    us_canada_revenue_share: Share | None = None
    incidents: tuple[_Incident, ...] = ()
    hosts: tuple[_Host, ...] = ()


def read_consent(path: Path) -> Consent:
    """Read a `posture.consent/1` file. Raises PostureError naming file, field and remedy."""
    return parse_consent(read_text(path, "consent"), str(path))


def parse_consent(text: str, where: str) -> Consent:
    """Like `read_consent`, from text; `where` names it in messages."""
    entry = _fit(_Consent, _toml(text, where, "consent"), where, "consent")
    names, networks = split_scope(entry.exclude)
    return Consent(
        applicant=entry.applicant,
        domains=tuple(map(str, entry.domains)),
        networks=tuple(network(item) for item in entry.networks),
        excluded_names=names,
        excluded_networks=networks,
        techniques=frozenset(entry.techniques),
        ports=str(entry.ports),
        valid_from=entry.valid_from,
        valid_until=entry.valid_until,
        granted_by=_granter(entry.granted_by),
        purpose=entry.purpose,
        disclose_to=entry.disclose_to,
        retain_until=entry.retain_until,
        document_sha256=_sha256(entry.document),
        proof=Proof(**structs.asdict(entry.proof)) if entry.proof else None,
        authority=tuple(_authority(item) for item in entry.authority),
    )


def read_application(path: Path) -> Application:
    """Read a `posture.application/1` file. Raises PostureError naming file, field and remedy."""
    return parse_application(read_text(path, "application"), str(path))


def parse_application(text: str, where: str) -> Application:
    """Like `read_application`, from text. Money is converted to minor units of the currency."""
    data = _toml(text, where, "application")
    entry = _fit(_Application, data, where, "application")
    unit = 10 ** MINOR_DIGITS[entry.currency]
    return Application(
        applicant=entry.applicant,
        country=str(entry.country),
        currency=str(entry.currency),
        sector=entry.sector,
        revenue=entry.revenue * unit,
        employees=entry.employees,
        records=entry.records,
        covers={cover: _terms(terms, unit) for cover, terms in entry.covers.items()},
        shared=tuple(_shared(item, unit) for item in entry.shared),
        controls=entry.controls,
        daily_gross_profit=_times(entry.daily_gross_profit, unit),
        it_services_revenue=_times(entry.it_services_revenue, unit),
        overseas_revenue_share=entry.overseas_revenue_share,
        us_canada_revenue_share=entry.us_canada_revenue_share,
        incidents=tuple(Incident(date=i.date, kind=i.kind, loss=i.loss * unit) for i in entry.incidents),
        hosts=tuple(map(str, entry.hosts)),
        further=_further(entry, data),
    )


def _terms(entry: _Cover, unit: int) -> CoverTerms:
    return CoverTerms(
        limit=entry.limit * unit,
        deductible=entry.deductible * unit,
        waiting_hours=entry.waiting_hours,
        aggregate=_times(entry.aggregate, unit),
        defence=entry.defence,
        territory=entry.territory,
        items={
            name: ItemTerms(limit=_times(item.limit, unit), coinsurance=item.coinsurance)
            for name, item in entry.items.items()
        },
    )


def _shared(entry: _Shared, unit: int) -> SharedLimit:
    return SharedLimit(
        covers=entry.covers, limit=_times(entry.limit, unit), aggregate=_times(entry.aggregate, unit)
    )


def _times(value: int | None, unit: int) -> int | None:
    return None if value is None else value * unit


def _further(entry: _Application, data: Mapping[str, Any]) -> dict[str, Any]:
    """What was answered that no calculation reads, as plain JSON values: dates become text."""
    asked = {name: value for name in _Asked.__struct_fields__ if (value := getattr(entry, name)) is not None}
    more = {name: value for name, value in data.items() if name not in entry.__struct_encode_fields__}
    plain: dict[str, Any] = json.loads(json.dumps(asked | more, default=str))
    return plain


def _granter(entry: _Granter) -> Granter:
    return Granter(name=entry.name, title=entry.title, email=str(entry.email))


def _sha256(entry: _Document | None) -> str:
    return str(entry.sha256) if entry else ""


def _authority(entry: _Authority) -> Authority:
    names, networks = split_scope(entry.covers)
    return Authority(
        domains=names,
        networks=networks,
        basis=entry.basis,
        document_sha256=_sha256(entry.document),
    )


def read_text(path: Path, what: str) -> str:
    """The text of a file a person wrote. Raises PostureError."""
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
        if len(raw) > _MAX_BYTES:
            raise _bad(what, str(path), "", "is larger than 1 MB", f"Give the {what} file itself.")
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _bad(what, str(path), "", "is not UTF-8", "Save the file as UTF-8.") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        remedy = (
            f"Check the path, or make one with: posture {what} new."
            if what == "consent"
            else "Check the path."
        )
        raise _bad(what, str(path), "", f"cannot be read ({reason})", remedy) from None


def _toml(text: str, where: str, what: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _bad(what, where, "", f"is not TOML: {error}", "Correct the line it names.") from None
    except RecursionError:
        raise _bad(what, where, "", "is nested too deeply", "Write it as the README shows.") from None


F = TypeVar("F", bound=Struct)


def _fit(form: type[F], data: Mapping[str, Any], where: str, what: str) -> F:
    try:
        return fit(form, data, further=form is _Application)
    except Misfit as error:
        remedy = "Remove it or correct its spelling." if error.unknown else _REMEDY[what]
        raise _bad(what, where, error.field or "period", error.problem, remedy) from None


_REMEDY = {
    "consent": "See `posture consent new --help` for a complete example.",
    "application": "See the README for a complete example.",
}


def _bad(what: str, where: str, field: str, problem: str, remedy: str) -> PostureError:
    place = f"{where}, field “{field}”: " if field else f"{where} "
    return PostureError(f"{place}{problem}.", remedy=remedy, code=f"bad-{what}")
