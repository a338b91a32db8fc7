"""Commands slipped in before TLS: whether a server answers them inside it (CVE-2011-0411)."""

from collections.abc import Callable
from functools import partial

from posture.core.observations import Reason
from scanners.net.failure import NetFailure
from scanners.tls.answers import Accepted, Failed, Refused
from scanners.tls.client import choice
from scanners.tls.handshake import Started, complete, converse
from scanners.tls.hello import ClientHello
from scanners.tls.line import Line
from scanners.tls.records import APPLICATION_DATA
from scanners.tls.session import Alerted
from scanners.tls.starttls import INJECTIONS, Injection
from scanners.tls.verdicts import FINE, REFUSED, Verdict
from scanners.tls.weaknesses import UNKNOWN, VULNERABLE

#: Makes a fresh hello of everything that we can speak.
Asking = Callable[[], ClientHello]


async def starttls_injection(line: Line, hello: Asking) -> Verdict:
    """CVE-2011-0411: whether a command that came in the clear is answered inside TLS."""
    if line.starttls is None:
        return FINE
    way = INJECTIONS.get(line.starttls)
    if way is None:
        return UNKNOWN, Reason.NO_DATA
    answer = await converse(line, hello(), partial(_slipped, way=way), slipped=way.slipped)
    return await _broken_off(line, hello, answer) if isinstance(answer, Refused | Failed) else answer


#: How a server ends a conversation in which it takes the slipped command for TLS, or for bad manners.
_ENDS = frozenset({Reason.RESET, Reason.PROTOCOL_GARBAGE})


async def _broken_off(line: Line, hello: Asking, answer: Refused | Failed) -> Verdict:
    """No TLS behind the slipped command, so nothing came over: sound if there is TLS without it (control)."""
    if isinstance(answer, Failed) and answer.reason not in _ENDS:
        return UNKNOWN, answer.reason
    control = await choice(line, hello())
    if isinstance(control, Accepted):
        return FINE
    return REFUSED if isinstance(answer, Refused) else (UNKNOWN, answer.reason)


async def _slipped(started: Started, way: Injection) -> Verdict:
    connected = await complete(started)
    session = connected.started.session
    await session.send(APPLICATION_DATA, way.farewell, started.version)
    said = b""
    try:
        while len(said) < _ENOUGH_SAID:
            record = await session.record()
            said += record.body if record.kind == APPLICATION_DATA else b""
    except (Alerted, NetFailure):
        if not said:
            return UNKNOWN, Reason.NO_DATA
    return (VULNERABLE, None) if way.answered(said) else FINE


_ENOUGH_SAID = 4096
