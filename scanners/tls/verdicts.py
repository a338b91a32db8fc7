"""What a probe of a vulnerability comes to: a state, and why it is unknown where it is."""

from typing import Final

from posture.core.observations import Reason
from scanners.tls.weaknesses import NOT_VULNERABLE

Verdict = tuple[str, Reason | None]

FINE: Final[Verdict] = (NOT_VULNERABLE, None)
#: The server refused the hello: whether that is fine depends on what it offers otherwise (`oracles.settled`).
REFUSED: Final[Verdict] = ("refused", None)
