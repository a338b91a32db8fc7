"""Reads the files people write: consent and application. Pydantic guards the door, core keeps the result."""

import json
import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar

import idna
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

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


def _as_value_error(parse: Callable[[str], object]) -> Callable[[str], str]:
    """Turn a core parser into a pydantic validator that keeps its remedy."""

    def check(value: str) -> str:
        try:
            parsed = parse(value)
        except PostureError as error:
            raise ValueError(f"{error.message} {error.remedy}") from None
        return str(parsed) if isinstance(parsed, str) else value

    return check


def _own_domain(value: str) -> str:
    """A name somebody can own: not a public suffix such as co.jp, below which everybody lives."""
    name = host_name(value)
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


def _known_currency(value: str) -> str:
    if value not in MINOR_DIGITS:
        raise ValueError(f"“{value}” is not one of {', '.join(MINOR_DIGITS)}.")
    return value


def _scope_item(value: str) -> str:
    if not value.strip():
        raise ValueError("an empty entry.")
    split_scope((value,))
    return value


def _ports(value: str) -> str:
    if value != DEFAULT_PORTS:
        port_ranges(value)
    return value


Text = Annotated[str, Field(min_length=1, max_length=200)]
Name = Annotated[str, AfterValidator(_as_value_error(_own_domain))]
Range = Annotated[str, AfterValidator(_as_value_error(network))]
ScopeItem = Annotated[str, AfterValidator(_as_value_error(_scope_item))]
Ports = Annotated[str, AfterValidator(_as_value_error(_ports))]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Money = Annotated[int, Field(ge=0, le=10**15)]
Share = Annotated[float, Field(ge=0, le=1)]
Currency = Annotated[str, AfterValidator(_known_currency)]


class _Strict(BaseModel):
    """A misspelt field is an error: in a consent it could be an exclusion."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class _Document(_Strict):
    sha256: Sha256


class _Granter(_Strict):
    name: Text
    title: str
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]


class _Proof(_Strict):
    method: Annotated[ProofMethod, Field(strict=False)]
    key: str = ""
    signature: str = ""


class _Authority(_Strict):
    covers: list[ScopeItem]
    basis: Annotated[Basis, Field(strict=False)]
    document: _Document | None = None


class _Consent(_Strict):
    schema_: Literal["posture.consent/1"] = Field(alias="schema")
    applicant: Text
    domains: Annotated[list[Name], Field(min_length=1)]
    networks: list[Range]
    exclude: list[ScopeItem]
    techniques: Annotated[list[Annotated[Technique, Field(strict=False)]], Field(min_length=1)]
    ports: Ports
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    granted_by: _Granter
    purpose: str = "underwriting"
    disclose_to: list[Literal["insurer", "agency", "reinsurer", "parent"]] = ["insurer"]
    retain_until: date | None = None
    document: _Document | None = None
    proof: _Proof | None = None
    authority: list[_Authority] = []

    @model_validator(mode="after")
    def _period(self) -> "_Consent":
        if self.valid_until <= self.valid_from:
            raise ValueError("valid_until is not after valid_from. Correct the period.")
        return self


class _Item(_Strict):
    limit: Money | None = None
    coinsurance: Annotated[float, Field(ge=0, lt=1)] = 0.0


class _Cover(_Strict):
    limit: Annotated[int, Field(gt=0, le=10**15)]
    deductible: Money = 0
    waiting_hours: Annotated[int, Field(ge=0, le=24 * 30)] | None = None
    aggregate: Money | None = None
    defence: Annotated[Defence, Field(strict=False)] = Defence.INSIDE
    territory: Annotated[Territory, Field(strict=False)] = Territory.WORLDWIDE
    items: dict[str, _Item] = {}


class _Shared(_Strict):
    covers: list[Annotated[Cover, Field(strict=False)]]
    limit: Money | None = None
    aggregate: Money | None = None


class _Incident(_Strict):
    date: date
    kind: Text
    loss: Money = 0


class _Asked(BaseModel):
    """What an application may also say: kept as declared, read by people and by no calculation."""

    policy_from: date | None = None
    policy_until: date | None = None
    retroactive_date: date | None = None
    subsidiaries: list[Text] | None = None
    online_revenue_share: Share | None = None
    paper_records: Annotated[int, Field(ge=0)] | None = None
    card_data: bool | None = None
    own_content: bool | None = None
    system_changes: Annotated[int, Field(ge=0)] | None = None
    critical_cloud_services: list[Text] | None = None
    other_insurance: bool | None = None
    past_declines: bool | None = None

    @model_validator(mode="after")
    def _period(self) -> Self:
        if self.policy_from and self.policy_until and self.policy_until <= self.policy_from:
            raise ValueError("policy_until is not after policy_from. Correct the period.")
        return self


class _Application(_Asked):
    """Further optional fields are kept as they are (underwriting practice adds many)."""

    model_config = ConfigDict(extra="allow", strict=True, defer_build=True)

    schema_: Literal["posture.application/1"] = Field(alias="schema")
    applicant: Text
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    currency: Currency
    sector: Text
    revenue: Annotated[int, Field(gt=0, le=10**15)]
    employees: Annotated[int, Field(ge=0)]
    records: Annotated[int, Field(ge=0)]
    covers: Annotated[dict[Annotated[Cover, Field(strict=False)], _Cover], Field(min_length=1)]
    shared: list[_Shared] = []
    controls: dict[str, bool] = {}
    daily_gross_profit: Money | None = None
    it_services_revenue: Money | None = None
    overseas_revenue_share: Share | None = None
    us_canada_revenue_share: Share | None = None
    incidents: list[_Incident] = []


def read_consent(path: Path) -> Consent:
    """Read a `posture.consent/1` file. Raises PostureError naming file, field and remedy."""
    return parse_consent(read_text(path, "consent"), str(path))


def parse_consent(text: str, where: str) -> Consent:
    """Like `read_consent`, from text; `where` names it in messages."""
    entry = _validate(_Consent, _toml(text, where, "consent"), where, "consent")
    names, networks = split_scope(tuple(entry.exclude))
    return Consent(
        applicant=entry.applicant,
        domains=tuple(entry.domains),
        networks=tuple(network(item) for item in entry.networks),
        excluded_names=names,
        excluded_networks=networks,
        techniques=frozenset(entry.techniques),
        ports=entry.ports,
        valid_from=entry.valid_from,
        valid_until=entry.valid_until,
        granted_by=Granter(**entry.granted_by.model_dump()),
        purpose=entry.purpose,
        disclose_to=tuple(entry.disclose_to),
        retain_until=entry.retain_until,
        document_sha256=entry.document.sha256 if entry.document else "",
        proof=Proof(**entry.proof.model_dump()) if entry.proof else None,
        authority=tuple(_authority(item) for item in entry.authority),
    )


def read_application(path: Path) -> Application:
    """Read a `posture.application/1` file. Raises PostureError naming file, field and remedy."""
    return parse_application(read_text(path, "application"), str(path))


def parse_application(text: str, where: str) -> Application:
    """Like `read_application`, from text. Money is converted to minor units of the currency."""
    entry = _validate(_Application, _toml(text, where, "application"), where, "application")
    unit = 10 ** MINOR_DIGITS[entry.currency]
    return Application(
        applicant=entry.applicant,
        country=entry.country,
        currency=entry.currency,
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
        further=_further(entry),
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
        covers=tuple(entry.covers), limit=_times(entry.limit, unit), aggregate=_times(entry.aggregate, unit)
    )


def _times(value: int | None, unit: int) -> int | None:
    return None if value is None else value * unit


def _further(entry: _Application) -> dict[str, Any]:
    """What was answered that no calculation reads, as plain JSON values: dates become text."""
    asked = {name: value for name in _Asked.model_fields if (value := getattr(entry, name)) is not None}
    plain: dict[str, Any] = json.loads(json.dumps(asked | (entry.model_extra or {}), default=str))
    return plain


def _authority(entry: _Authority) -> Authority:
    names, networks = split_scope(tuple(entry.covers))
    return Authority(
        domains=names,
        networks=networks,
        basis=entry.basis,
        document_sha256=entry.document.sha256 if entry.document else "",
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


M = TypeVar("M", bound=BaseModel)


def _validate(model: type[M], data: Mapping[str, Any], where: str, what: str) -> M:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first, *others = error.errors(include_url=False)
        field = ".".join(str(part) for part in first["loc"] if part != "[key]") or "period"
        more = f" ({len(others)} more problems follow)" if others else ""
        problem = first["msg"].removeprefix("Value error, ").rstrip(".")
        remedy = "Remove it or correct its spelling." if first["type"] == "extra_forbidden" else _REMEDY[what]
        raise _bad(what, where, field, f"{problem}{more}", remedy) from None


_REMEDY = {
    "consent": "See `posture consent new --help` for a complete example.",
    "application": "See the README for a complete example.",
}


def _bad(what: str, where: str, field: str, problem: str, remedy: str) -> PostureError:
    place = f"{where}, field “{field}”: " if field else f"{where} "
    return PostureError(f"{place}{problem}.", remedy=remedy, code=f"bad-{what}")
