"""From findings and application to the decision: the one way in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from models import appetite, artefact, declared, measure, rating, tables
from models import application as applications
from models.appetite import Appetite
from models.artefact import Artefact
from models.decide import Case, decide
from models.features import vector
from models.premium import Risk, pure_premiums, standard_risk
from posture.core.application import Application
from posture.core.assessment import PricedBy
from posture.core.decisions import Cover, Coverage, Decision, RiskScore
from posture.core.features import FeatureVector
from posture.core.findings import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the models say of one applicant, with the digests (SHA-256, hex) of what they said it from."""

    features: FeatureVector
    coverage: Coverage
    score: RiskScore
    decision: Decision
    tables_digest: str
    model_digest: str
    appetite_digest: str
    priced_by: PricedBy


def assess(
    findings: Sequence[Finding],
    application: Application | None,
    *,
    on: date,
    model: Artefact | None = None,
    schedule: float = 1.0,
    market: tables.Tables | None = None,
    profile: Appetite | None = None,
) -> Result:
    """Score and price on the tables in force at `on`, or on `market`, with `model` or the shipped one.

    `profile` is the appetite, today's unless given.

    Without an application there is a tier but no premium. Raises PostureError for an application
    that no table can price (unknown sector, country or date without table, limit below deductible).
    """
    used, taken = model or artefact.shipped(), profile or appetite.profile()
    used_tables = market_of(used, application, on, market)
    used.check_readings()
    features = vector(findings, used.readings())
    basis = _basis(used, used_tables, features, application, schedule)
    rated = rating.rate(basis)
    ends = measure.interval_ends(basis)
    case = Case(
        basis=basis,
        rated=rated,
        coverage=measure.coverage(basis, features),
        score=measure.score(basis, rated, features, ends),
        ends=ends,
        features=features,
        application=application,
        findings=findings,
        on=on,
        profile=taken,
    )
    return Result(
        features=features,
        coverage=case.coverage,
        score=case.score,
        decision=decide(case),
        tables_digest=used_tables.digest,
        model_digest=used.digest,
        appetite_digest=taken.digest,
        priced_by=used.said(),
    )


def market_of(
    model: Artefact, application: Application | None, on: date, market: tables.Tables | None = None
) -> tables.Tables:
    """The tables in force (or `market`), with the severities the model has learnt. Raises PostureError."""
    country = application.country if application else tables.DEFAULT_COUNTRY
    return tables.scaled(market or tables.load(country, on), model.severity)


def _basis(
    model: Artefact,
    market: tables.Tables,
    features: FeatureVector,
    application: Application | None,
    schedule: float,
) -> rating.Basis:
    risk, answers = _asked(market, application)
    return rating.Basis(
        model=model,
        tables=market,
        balance=model.balanced(market),
        values=features.values,
        pure=pure_premiums(market, risk),
        controls=declared.factor(answers, market.controls),
        schedule=schedule,
        open_questions=frozenset(features.open_questions()),
        unasked=frozenset(features.unasked),
    )


def _asked(market: tables.Tables, application: Application | None) -> tuple[Risk, dict[str, bool]]:
    """The risk and the declared controls; A and B on standard terms when nothing was asked."""
    if application is None:
        wanted = {cover: market.standard[cover] for cover in (Cover.A, Cover.B)}
        return standard_risk(market, wanted), {}
    applications.check(market, application)
    return applications.risk(market, application), dict(application.controls)
