"""Which methods an SSH server lets a user log in by: one `none` request, where the consent grants it.

The request carries no credential (RFC 4252 §5.2): a server refuses it with the list of methods that may go
on. It is sent once, on a connection of its own, under the technique `auth-methods`; without that nothing here
opens a connection, and the methods stay null.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from posture.core.consent import Technique
from posture.core.facts.ssh_endpoint import SshEndpoint
from posture.core.observations import Gap, Reason, Seen
from posture.core.targets import Target
from scanners.context import Context
from scanners.net.failure import NetFailure
from scanners.net.gateway import Stream
from scanners.services import ssh, ssh_session
from scanners.services.ssh import fields, garbage, string

#: The user the request names: nobody's account, and who we are in the server's log. RFC 6761 §6.4 keeps the
#: name `invalid` out of every directory, so no domain can hold a user of it, and Unix has no account with an
#: at sign in its portable names (POSIX.1-2017 §3.437). A name such as `root` would be a log-in of somebody.
NOBODY: Final = "posture@invalid"

SERVICE_REQUEST, SERVICE_ACCEPT = 5, 6
AUTH_REQUEST, AUTH_FAILURE, AUTH_SUCCESS = 50, 51, 52
_DISCONNECT: Final = 1
_PASSED_OVER: Final = frozenset({2, 3, 4, 7, 53})  # ignore, unimplemented, debug, ext-info, banner
#: Seconds for all of it; packets that are passed over; methods and characters of one that are believed.
_PATIENCE: Final = 10.0
_MOST_PACKETS: Final = 8
_MOST_METHODS: Final = 16
_LONGEST: Final = 64
#: Lines of talk before the identification, and the bytes of one.
_MOST_LINES: Final = 32
_LONGEST_LINE: Final = 1024
#: Packets of ours before keys: the lists, the request, the new keys.
_SENT: Final = 3
_BYE: Final = bytes([_DISCONNECT]) + (11).to_bytes(4, "big") + string(b"") + string(b"")


async def added(context: Context, target: Target, seen: Seen[SshEndpoint]) -> Seen[SshEndpoint]:
    """The fact with the methods, or with the reason why they are not known."""
    try:
        async with asyncio.timeout(_PATIENCE):
            methods = await ask(context, target)
    except NetFailure as failure:
        return _gap(seen, failure.reason)
    except TimeoutError:
        return _gap(seen, Reason.BUDGET)
    return replace(seen, value=replace(seen.value, auth_methods=methods))


def _gap(seen: Seen[SshEndpoint], reason: Reason) -> Seen[SshEndpoint]:
    return replace(seen, gaps=(*seen.gaps, Gap(path="auth_methods", reason=reason)))


async def ask(context: Context, target: Target) -> tuple[str, ...]:
    """The methods that may go on, in the server's order; `none` alone where it let us in without any.

    Raises NetFailure; no-data for a server that shares no exchange or cipher with us.
    """
    permit = context.gateway.permit(target, Technique.AUTH_METHODS)
    async with await context.gateway.connect(permit) as stream:
        session = await _open(stream, context.options.user_agent)
        await session.say(bytes([SERVICE_REQUEST]) + string(b"ssh-userauth"))
        await session.hear(SERVICE_ACCEPT)
        words = (NOBODY.encode("ascii"), b"ssh-connection", b"none")
        await session.say(bytes([AUTH_REQUEST]) + b"".join(map(string, words)))
        answer = await session.hear(AUTH_FAILURE, AUTH_SUCCESS)
        await session.say(_BYE)
    return ("none",) if answer[0] == AUTH_SUCCESS else _methods(answer)


def _methods(answer: bytes) -> tuple[str, ...]:
    """The name list of a failure (RFC 4252 §5.1)."""
    try:
        text = next(fields(answer[1:], 1)).decode("ascii")
    except UnicodeDecodeError:
        raise garbage("a list of methods that is not ASCII") from None
    names = tuple(filter(None, text.split(",")))
    if len(names) > _MOST_METHODS or any(len(n) > _LONGEST or not n.isprintable() for n in names):
        raise garbage("a list of methods that is none")
    return names


class _Session:
    """Protected messages, both ways."""

    def __init__(self, stream: Stream, ours: ssh_session.Direction, theirs: ssh_session.Direction) -> None:
        self._stream, self._ours, self._theirs = stream, ours, theirs

    async def say(self, payload: bytes) -> None:
        await self._stream.write(self._ours.seal(payload))

    async def hear(self, *wanted: int) -> bytes:
        """The next message of one of the kinds. Raises NetFailure."""
        for _ in range(_MOST_PACKETS):
            payload = await self._theirs.open(self._stream.readexactly)
            if payload[0] in wanted:
                return payload
            if payload[0] == _DISCONNECT:
                raise NetFailure(Reason.REFUSED, "the SSH server ended the connection")
            if payload[0] not in _PASSED_OVER:
                break
        raise garbage(f"message {wanted[0]} did not come")


async def _open(stream: Stream, software: str) -> _Session:
    """Identifications, lists, exchange, keys (RFC 4253 §4.2, §7)."""
    theirs, ours = await _identified(stream, software)
    reader = ssh.Packets(stream, b"")
    lists = await reader.payload(ssh.KEXINIT)
    choice = ssh_session.choose(ssh.read_offer(lists))
    if choice is None:
        raise NetFailure(Reason.NO_DATA, "the SSH server offers no exchange or cipher that we know")
    proposal, secret = ssh_session.proposal(choice), ssh_session.secret(choice.exchange)
    request = bytes([ssh.KEX_REQUEST]) + string(secret.public)
    await stream.write(ssh.packet(proposal) + ssh.packet(request))
    host_key, public, _ = fields((await reader.payload(ssh.KEX_REPLY))[1:], 3)
    said = (ours, theirs, proposal, lists, host_key, secret.public, public)
    agreed = _agreed(said, secret, public)
    await reader.payload(ssh_session.NEWKEYS)
    await stream.write(ssh.packet(bytes([ssh_session.NEWKEYS])))
    to_us = ssh_session.direction(choice, agreed, "BDF", reader.taken)
    return _Session(stream, ssh_session.direction(choice, agreed, "ACE", _SENT), to_us)


async def _identified(stream: Stream, software: str) -> tuple[bytes, bytes]:
    """The server's identification line and ours, as the exchange's hash wants them: without their ends."""
    for _ in range(_MOST_LINES):
        line = await stream.readuntil(b"\n", _LONGEST_LINE)
        if line.startswith((b"SSH-2.0-", b"SSH-1.99-")):
            own = ssh.identify(software)
            await stream.write(own)
            return line.rstrip(b"\r\n"), own.rstrip(b"\r\n")
    raise garbage("no identification")


def _agreed(said: Sequence[bytes], secret: ssh_session.Secret, public: bytes) -> ssh_session.Agreed:
    try:
        return ssh_session.agree(said, secret.shared(public))
    except ValueError:
        raise garbage("a public value that is none") from None
