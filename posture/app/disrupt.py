"""Rates the stored book on two tables."""

from pathlib import Path

from models import tables
from models.disrupt import Disruption, Risk, disrupt
from posture.app.pricing import Models
from posture.app.settings import load_settings
from posture.store.database import open_database
from posture.store.feeds import newest_by_domain


def of_book(old: str, new: str, database: str | None, model: Path | None = None) -> Disruption:
    """The newest assessment of every domain on both tables. Raises PostureError.

    The model is that of the file, of the settings, or the shipped one.
    """
    settings = load_settings()
    used = Models.read(model, settings).first
    before, after = tables.named(old), tables.named(new)
    store = open_database(database or settings.database)
    try:
        book = (
            Risk(
                name=item.id,
                findings=item.findings,
                application=item.application,
                on=item.started_at.date(),
            )
            for item in newest_by_domain(store)
        )
        return disrupt(book, before, after, used)
    finally:
        store.close()
