"""The whole job for one applicant: read, scan, decide, store, report."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Self

import models
from posture.app import papers
from posture.app.assess import assess
from posture.app.clock import utc_now
from posture.app.feeds import rows_of
from posture.app.files import read_application, read_consent
from posture.app.letterhead import branding
from posture.app.options import RawOptions, build_options
from posture.app.papers import Surroundings, Wanted
from posture.app.pricing import Models
from posture.app.request import FeedSource, Request, open_context
from posture.app.settings import Settings, load_settings
from posture.app.suppliers import suppliers
from posture.core.application import Application
from posture.core.assessment import Assessment
from posture.core.consent import Consent
from posture.core.dossier import Past
from posture.core.errors import PostureError
from posture.core.targets import host_name
from posture.store import assessments
from posture.store.database import Database, open_database
from scanners.context import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """A checked request: nothing of it can fail for a reason the operator could have been told first.

    `feeds` stands in for the stored feeds.
    """

    domain: str
    consent: Consent
    application: Application | None
    options: Options
    settings: Settings
    out: Path
    database: str | None
    policy_id: str | None = None
    wanted: Wanted = field(default_factory=Wanted)
    models: Models = field(default_factory=Models)
    feeds: FeedSource | None = None

    @classmethod
    def read(cls, *, domain: str, raw: Mapping[str, Any]) -> Self:
        """Read the files a command line names. Raises PostureError."""
        settings = load_settings()
        branding(settings)
        name = host_name(domain)
        application = raw.get("application_file")
        return cls(
            domain=name,
            consent=read_consent(raw["consent_file"]),
            application=read_application(application) if application else None,
            options=build_options(RawOptions.of(raw), settings),
            settings=settings,
            out=check_out(raw.get("out") or Path(f"posture-{name}")),
            database=raw.get("database") or settings.database,
            wanted=Wanted.of(raw),
            models=Models.read(raw.get("model_file"), settings),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run left behind. `past` are earlier complete assessments of the domain."""

    assessment: Assessment
    previous: Assessment | None
    past: tuple[Past, ...]
    files: tuple[Path, ...]
    faults: tuple[str, ...]


async def run(request: RunRequest, progress: Callable[[str], None]) -> Outcome:
    """Assess, store, then report against the last complete assessment. Raises PostureError.

    What a full disk takes is not all: reports are written even if the store cannot keep the assessment, and
    the other way round; the error says which is left.
    """
    question = _question(request, progress)
    context = open_context(question)
    check_application(request)
    database = open_database(request.database)
    try:
        feeds = request.feeds or partial(rows_of, database)
        assessment = await assess(replace(question, feeds=feeds), context)
        lost = _keep(database, request, assessment)
        round_it, blind = _round(database, assessment, question.clock())
    finally:
        database.close()
    files = _report(request, assessment, round_it, stored=lost is None)
    if lost is not None:
        raise _left(lost, f"The assessment is not stored; its reports are in {request.out}.")
    if blind is not None:
        raise _left(
            blind, f"The assessment is stored; its reports in {request.out} lack what was said of it."
        )
    return Outcome(
        assessment=assessment,
        previous=round_it.previous,
        past=round_it.dossier.past,
        files=files,
        faults=assessment.faults,
    )


def _question(request: RunRequest, progress: Callable[[str], None]) -> Request:
    return Request(
        domain=request.domain,
        consent=request.consent,
        application=request.application,
        options=request.options,
        settings=request.settings,
        progress=progress,
        model=request.models.first,
    )


def _keep(database: Database, request: RunRequest, assessment: Assessment) -> PostureError | None:
    try:
        found = suppliers(assessment)
        assessments.save(database, assessment, policy_id=request.policy_id, suppliers=found)
    except PostureError as error:
        return error
    return None


def _round(
    database: Database, assessment: Assessment, at: datetime
) -> tuple[Surroundings, PostureError | None]:
    try:
        return papers.surroundings(database, assessment, at), None
    except PostureError as error:
        return Surroundings(), error


def _left(error: PostureError, what_is_left: str) -> PostureError:
    return PostureError(f"{error.message} {what_is_left}", remedy=error.remedy, code=error.code)


def _report(
    request: RunRequest, assessment: Assessment, round_it: Surroundings, *, stored: bool
) -> tuple[Path, ...]:
    wanted = replace(request.wanted, policyholder=request.policy_id is not None)
    try:
        return papers.write(assessment, request.out, request.settings, round_it, wanted, request.models)
    except PostureError as error:
        if not stored:
            raise
        remedy = f"Write the reports elsewhere: posture assessments show {assessment.id} --out FOLDER"
        raise PostureError(
            f"{error.message} The assessment itself is stored.", remedy=remedy, code=error.code
        ) from error


def check_out(path: Path) -> Path:
    """A folder that can be written, found out before anything is scanned. Raises PostureError."""
    nearest = next(parent for parent in (path, *path.absolute().parents) if parent.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise PostureError(
            f"--out {path} is not a folder that can be written.",
            remedy="Name a folder you may write to.",
            code="bad-out",
        )
    return path


def check_application(request: RunRequest) -> None:
    """Price nothing yet, but find out now whether it could be priced. Raises PostureError."""
    models.assess((), request.application, on=utc_now().date(), model=request.models.first)
