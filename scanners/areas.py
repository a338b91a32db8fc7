"""One area of a scan under its technique's permit: whatever happens, each of its kinds is answered for."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from posture.core.consent import Technique
from posture.core.observations import Observation, Reason, Unseen
from posture.core.scope import Permit
from posture.core.targets import Target
from scanners.context import Context
from scanners.observe import answered, unseen

Observations = list[Observation[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Areas:
    """Runs areas of one subject. Nothing here loads a scanner: a probe of one area loads that one alone."""

    context: Context
    subject: Target

    async def run(
        self, technique: Technique, kinds: Iterable[str], attempt: Callable[[], Awaitable[Observations]]
    ) -> Observations:
        """The area's observations; where it is not granted, each kind is unseen for that reason."""
        subject = self.subject
        scope = self.context.gateway.scope
        permit = scope.permit(subject, technique, self.context.clock())
        if not isinstance(permit, Permit):
            why = Unseen(reason=Reason.NOT_PERMITTED, detail=permit.detail)
            return [unseen(self.context, kind, subject, why) for kind in kinds]
        found = await answered(self.context, kinds, subject, attempt())
        self.context.progress(technique.value)
        return found
