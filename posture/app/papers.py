"""Writes the reports of an assessment with everything that stands round it: the one way to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import reports
from models import whatif
from posture.app.clock import utc_now
from posture.app.letterhead import branding
from posture.app.pricing import Models
from posture.app.settings import Settings, load_settings
from posture.app.suppliers import suppliers
from posture.app.whatif import case_of
from posture.checks.registry import catalogue
from posture.core import ledger
from posture.core.assessment import Assessment
from posture.core.dossier import Dossier
from posture.core.whatif import WhatIf
from posture.store import assessments, book, desk
from posture.store import ledger as kept
from posture.store.database import Database, open_database


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which files are written, and whether the applicant is a policyholder by now."""

    audiences: tuple[str, ...] = reports.AUDIENCES
    formats: tuple[str, ...] = reports.FORMATS
    policyholder: bool = False

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Self:
        """From a command line's options; none named means the usual files."""
        return cls(
            audiences=tuple(raw.get("audiences") or reports.AUDIENCES),
            formats=tuple(raw.get("formats") or reports.FORMATS),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The assessment to compare with, and the dossier; empty where the store could not be read."""

    previous: Assessment | None = None
    dossier: Dossier = field(default_factory=Dossier)


def surroundings(database: Database, item: Assessment, at: datetime) -> Surroundings:
    """What the store knows round an assessment; waivers stand as they do at the time given."""
    said = kept.of_domain(database, item.domain)
    mine = suppliers(item)
    return Surroundings(
        previous=assessments.last_complete(database, item.domain, before=item.finished_at),
        dossier=Dossier(
            at=at,
            ledger=ledger.by_finding(said),
            past=book.past(database, item.domain, item.finished_at),
            book=book.scores(database, without=item.domain),
            case=tuple(desk.of_case(database, item.id)),
            applicants=book.known(database, without=item.domain),
            shared=book.shared(database, mine, without=item.domain),
        ),
    )


def write(
    item: Assessment,
    out: Path,
    settings: Settings,
    round_it: Surroundings,
    wanted: Wanted | None = None,
    models: Models | None = None,
) -> tuple[Path, ...]:
    """Write the reports, without what-if where the model that priced it is not at hand.

    Raises PostureError when the folder cannot be written.
    """
    chosen = wanted or Wanted()
    return reports.write(
        item,
        catalogue(),
        out,
        audiences=chosen.audiences,
        formats=chosen.formats,
        previous=round_it.previous,
        dossier=round_it.dossier,
        whatif=study(item, models or Models()),
        branding=branding(settings, policyholder=chosen.policyholder),
    )


def rewrite(
    item: Assessment, out: Path, database: str | None, wanted: Wanted, models: Models
) -> tuple[Path, ...]:
    """Write the reports of a stored assessment as of now. Raises PostureError."""
    settings = load_settings()
    opened = open_database(database or settings.database)
    try:
        round_it = surroundings(opened, item, utc_now())
    finally:
        opened.close()
    return write(item, out, settings, round_it, wanted, models)


def study(item: Assessment, models: Models) -> WhatIf | None:
    """What each fix would be worth; nothing without an application to price and the model that priced it."""
    model = models.find(item.digests.model)
    return None if item.application is None or model is None else whatif.study(case_of(item, model))
