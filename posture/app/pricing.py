"""Which model prices: the one given or the shipped one for what is new, for what is stored its own.

What older releases shipped comes along by digest (models/past.py); a model of one's own has to be given.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from models import artefact, features, past
from models.artefact import Artefact
from posture.app.settings import Settings
from posture.core.errors import PostureError


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """The models at hand: the shipped one, and before it the one that command line or settings give."""

    given: Artefact | None = None

    @classmethod
    def read(cls, file: Path | None, settings: Settings) -> Self:
        """The file's model, or that of the settings. Raises PostureError for one this release cannot use.

        One fitted with an older release prices what it priced then (`of`), and nothing new (`first`).
        """
        named = settings.rating.model
        path = file or (Path(named).expanduser() if named else None)
        if path is None:
            return cls()
        model = artefact.load(path)
        if not past.knows(model.features_schema):
            model.check_schema(features.schema(features.names()))
        return cls(given=model)

    @property
    def first(self) -> Artefact:
        """What prices a new assessment. Raises PostureError for a model of an older release."""
        if self.given is None:
            return artefact.shipped()
        self.given.check_schema(features.schema(features.names()))
        return self.given

    def find(self, digest: str) -> Artefact | None:
        """The model of a digest; None where it is not at hand."""
        return self.given if self.given and self.given.digest == digest else past.model(digest)

    def of(self, digest: str) -> Artefact:
        """The model of a digest. Raises PostureError: nothing is ever priced by another in its place."""
        found = self.find(digest)
        if found is None:
            raise not_at_hand(digest)
        return found


def not_at_hand(digest: str) -> PostureError:
    """What to say where the model of something stored is missing."""
    return PostureError(
        f"This was priced by the model {digest}, which is neither given nor one that a release shipped.",
        remedy="Give its file: --model FILE, or [rating] model in the settings; or assess again.",
        code="no-model",
    )
