"""An assessment: everything from consent to decision, with the versions that make it replayable."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from posture.core.application import Application
from posture.core.consent import Consent
from posture.core.decisions import Coverage, Decision, RiskScore
from posture.core.features import FeatureVector
from posture.core.findings import Finding
from posture.core.observations import Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Everything sent to one address by one technique: the ledger's line.

    `ports` are the ports actually contacted, `connections` TCP connections, UDP datagrams sent,
    or (technique ports) probed ports; `why` is the permit's reason.
    """

    address: str
    ports: tuple[int, ...]
    technique: str
    first: datetime
    last: datetime
    connections: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanner:
    """Who asked: shown to the applicant so that its logs can be read."""

    version: str
    source_addresses: tuple[str, ...]
    user_agent: str
    contact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """SHA-256 (hex) of everything the decision rests on besides observations and application."""

    tables: str
    model: str
    catalogue: str
    feeds: Mapping[str, str]
    #: The appetite profile; empty in assessments older than this field.
    appetite: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedBy:
    """The model that priced: `fitted` to the insurer's own claims, valued up to `valued_on`, or the prior."""

    name: str
    fitted: bool
    valued_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """Replayable: the same observations, application and tables give the same findings and decision.

    `complete` is False when a fault of our own (reason bug) left a question unanswered.
    `faults` says which, for us. `application` is None when none was given; then there is no premium.
    """

    id: str
    domain: str
    started_at: datetime
    finished_at: datetime
    versions: Mapping[str, str]
    consent: Consent
    application: Application | None
    observations: tuple[Observation[Any], ...]
    findings: tuple[Finding, ...]
    features: FeatureVector
    coverage: Coverage
    score: RiskScore
    decision: Decision
    scanner: Scanner
    contacted: tuple[Contact, ...]
    digests: Digests
    complete: bool
    faults: tuple[str, ...] = ()
    #: None in assessments older than this field.
    priced_by: PricedBy | None = None
