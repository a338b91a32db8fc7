"""The whole job for one applicant: read, scan, decide, store, report."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import models
import reports
from models import whatif
from posture.app.assess import assess
from posture.app.clock import utc_now
from posture.app.files import read_application, read_consent
from posture.app.options import RawOptions, build_options
from posture.app.request import Request, open_context
from posture.app.settings import Settings, load_settings
from posture.app.whatif import case_of
from posture.checks.registry import catalogue
from posture.core.application import Application
from posture.core.assessment import Assessment
from posture.core.consent import Consent
from posture.core.errors import PostureError
from posture.core.targets import host_name
from posture.core.whatif import WhatIf
from scanners.context import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """A checked request: nothing of it can fail for a reason the operator could have been told first."""

    domain: str
    consent: Consent
    application: Application | None
    options: Options
    settings: Settings
    out: Path
    database: str | None
    policy_id: str | None = None

    @classmethod
    def read(cls, *, domain: str, raw: Mapping[str, Any]) -> Self:
        """Read the files a command line names. Raises PostureError."""
        settings = load_settings()
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
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run left behind."""

    assessment: Assessment
    previous: Assessment | None
    files: tuple[Path, ...]
    faults: tuple[str, ...]


async def run(request: RunRequest, progress: Callable[[str], None]) -> Outcome:
    """Assess, store, then report against the last complete assessment. Raises PostureError.

    What a full disk takes is not all: reports are written even if the store cannot keep the assessment, and
    the other way round; the error says which is left.
    """
    from posture.store import assessments
    from posture.store.database import open_database

    question = _question(request, progress)
    context = open_context(question)
    check_application(request)
    database = open_database(request.database)
    try:
        previous = assessments.last_complete(database, request.domain)
        assessment = await assess(question, context)
        lost = _keep(lambda: assessments.save(database, assessment, policy_id=request.policy_id))
    finally:
        database.close()
    files = _report(request, assessment, previous, stored=lost is None)
    if lost is not None:
        raise PostureError(
            f"{lost.message} The assessment is not stored; its reports are in {request.out}.",
            remedy=lost.remedy,
            code=lost.code,
        )
    return Outcome(assessment=assessment, previous=previous, files=files, faults=assessment.faults)


def _question(request: RunRequest, progress: Callable[[str], None]) -> Request:
    return Request(
        domain=request.domain,
        consent=request.consent,
        application=request.application,
        options=request.options,
        settings=request.settings,
        progress=progress,
    )


def _keep(save: Callable[[], None]) -> PostureError | None:
    try:
        save()
    except PostureError as error:
        return error
    return None


def _report(
    request: RunRequest, assessment: Assessment, previous: Assessment | None, *, stored: bool
) -> tuple[Path, ...]:
    try:
        return write_reports(assessment, previous, request.out, request.settings)
    except PostureError as error:
        if not stored:
            raise
        raise PostureError(
            f"{error.message} The assessment itself is stored.",
            remedy=f"Write the reports elsewhere: posture assessments show {assessment.id} --out FOLDER",
            code=error.code,
        ) from error


def write_reports(
    assessment: Assessment, previous: Assessment | None, out: Path, settings: Settings
) -> tuple[Path, ...]:
    """Everything that is written for an assessment, today or from the store later. Raises PostureError."""
    return reports.write(
        assessment,
        catalogue(),
        out,
        previous=previous,
        whatif=study(assessment),
        branding=branding(settings),
    )


def study(assessment: Assessment) -> WhatIf | None:
    """What each fix would be worth; nothing without an application to price."""
    if assessment.application is None:
        return None
    return whatif.study(case_of(assessment))


def branding(settings: Settings) -> reports.Branding:
    """The reports' letterhead from the settings."""
    return reports.Branding(
        insurer=settings.insurer.name,
        desk=settings.insurer.desk,
        document_number=settings.insurer.document_number,
        disputes=settings.insurer.disputes,
        emergency=settings.insurer.emergency,
    )


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
    if request.application is not None:
        models.assess((), request.application, on=utc_now().date())
