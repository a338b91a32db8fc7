"""`service.product` and `ssh.endpoint`: what answers on an open port, by the protocol's own greeting.

Where the server speaks first nothing is sent; where it waits, one question of `questions.py`. What is not
stated stays null.
"""

import asyncio
import re
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from posture.core.consent import Technique
from posture.core.facts.service_product import ServiceProduct
from posture.core.facts.ssh_endpoint import SshEndpoint
from posture.core.observations import Gap, Observation, Reason, Seen
from posture.core.scope import Permit
from posture.core.targets import Target
from scanners.context import Context
from scanners.net.failure import NetFailure
from scanners.net.gateway import Stream
from scanners.observe import observe
from scanners.services import ssh
from scanners.services.claims import crossed, further
from scanners.services.questions import BY_PORT, Question, nats, spoken

KINDS: Final = (ServiceProduct.KIND, SshEndpoint.KIND)

#: Ports whose usual protocol waits for the client: DNS, HTTP, TLS from the first byte. Nobody greets there.
_CLIENT_FIRST: Final = frozenset(
    {53, 80, 443, 465, 563, 636, 853, 990, 992, 993, 994, 995, 3269, 5061, 5986, 6443, 8080, 8443, 8883, 9443}
)
#: Seconds for a whole greeting, and of silence after which it is over; bytes kept of it, characters shown.
_GREETING: Final = 3.0
_PAUSE: Final = 0.5
_MOST: Final = 4096
_SHOWN: Final = 512

_SSH = re.compile(rb"(?:^|\n)(SSH-(?:1\.99|2\.0)-([\x21-\x7e]+)[^\r\n]*)")
_RFB = re.compile(rb"RFB \d{3}\.\d{3}\n")
_TELNET = re.compile(rb"\xff[\xfb-\xfe]")
_MYSQL = re.compile(rb"...\x00\x0a([\x21-\x7e]{1,60})\x00", re.DOTALL)
_MYSQL_ERROR = re.compile(rb"...\x00\xff..[\x20-\x7e]+(?:MySQL|MariaDB)", re.DOTALL)
#: A greeting that says itself that it is over: the last line of a reply (RFC 959 §4.2, 5321 §4.2.1), a status
#: line of POP3 or IMAP, an RFB version; and answers to our questions that are one line or one word.
_OVER = re.compile(
    rb"(?:(?:\d{3}-[^\n]*\n)*\d{3} [^\n]*\r\n|\+OK[^\n]*\r\n|\* (?:OK|PREAUTH|BYE)[^\n]*\r\n"
    rb"|RFB \d{3}\.\d{3}\n|(?:\+PONG|-[A-Z]+ [^\n]*|VERSION [^\n]*)\r\n|[SN]|imok)"
)
#: A service of SMTP or FTP that is asked too much, or closes (RFC 5321 §3.8, RFC 959 §5.4).
_BUSY = re.compile(rb"421[ -]")
_SSH_LINE = re.compile(rb"(?:^|\n)SSH-(?:1\.99|2\.0)-[^\n]*\n")
#: What we answer an old and a modern VNC server's version with.
VNC_VERSIONS: Final = {False: b"RFB 003.003\n", True: b"RFB 003.008\n"}
#: Seconds for everything of an SSH server after its greeting; the methods of its log-in have ten of them.
_OFFER: Final = 20.0
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")

_SURE: Final = 10
_BY_NUMBER: Final = 3
_USUAL: Final = {21: "ftp", 25: "smtp", 587: "smtp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Greeting:
    """The protocol of a greeting, the text that a product's pattern is searched in, and how sure that is."""

    protocol: str
    stated: str
    confidence: int = _SURE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Product:
    protocol: str
    pattern: re.Pattern[str]
    vendor: str
    product: str


async def scan(context: Context, open_ports: Sequence[Target]) -> list[Observation[Any]]:
    """For each port on which a server may speak or can be asked, its product; of SSH its offer too.

    `open_ports` name address and port. Ports are told apart by their logical number.
    """
    asked = [target for target in open_ports if target.port not in _CLIENT_FIRST]
    found = await asyncio.gather(*(_look(context, target) for target in asked))
    return await crossed(context, [obs for one in found for obs in one])


@dataclass(slots=True)
class _Meeting:
    """What the first minute of a connection brought, for those who go on with it."""

    stream: Stream | None = None
    raw: bytes = b""


async def _look(context: Context, target: Target) -> list[Observation[Any]]:
    meeting = _Meeting()
    try:
        product = await observe(context, ServiceProduct.KIND, target, _meet(context, target, meeting))
        if meeting.stream is None or not _SSH.search(meeting.raw):
            return [product]
        offer = _offer(context, target, meeting.stream, meeting.raw)
        return [product, await observe(context, SshEndpoint.KIND, target, offer, seconds=_OFFER)]
    finally:
        if meeting.stream is not None:
            await meeting.stream.aclose()


async def _offer(context: Context, target: Target, stream: Stream, greeting: bytes) -> Seen[SshEndpoint]:
    """What an SSH server offers, and where the consent grants it the methods of its log-in."""
    seen = await ssh.examine(stream, greeting, software=context.options.user_agent)
    await stream.aclose()  # a server may take few at a time
    if Technique.AUTH_METHODS not in context.gateway.scope.consent.techniques:
        return replace(seen, gaps=(*seen.gaps, Gap(path="auth_methods", reason=Reason.NOT_PERMITTED)))
    from scanners.services import auth_methods  # with its cryptography

    return await auth_methods.added(context, target, seen)


async def _meet(context: Context, target: Target, meeting: _Meeting) -> Seen[ServiceProduct]:
    """Connect; ask where the protocol has a greeting of the client's, listen everywhere else."""
    permit, begun = context.gateway.permit(target, Technique.SERVICES), time.monotonic()
    stream = meeting.stream = await context.gateway.connect(permit)
    question = BY_PORT.get(target.port or 0)
    if question is not None:
        return await _asked(context, target, stream, question)
    meeting.raw = await _greeting(stream)
    if _BUSY.match(meeting.raw):
        context.gateway.ease(permit, begun)
        stream = await _rested(context, permit, meeting)
    if not meeting.raw:
        return Seen(value=_silent(), gaps=(Gap(path="product", reason=Reason.TIMEOUT),))
    fact = recognise(meeting.raw, target.port or 0)
    if fact.protocol == "vnc":
        return Seen(value=replace(fact, login=await _vnc(stream, meeting.raw)))
    return Seen(value=fact)


async def _rested(context: Context, permit: Permit, meeting: _Meeting) -> Stream:
    """A second meeting, at half the pace. Raises NetFailure(rate-limited) where patience is asked again."""
    if meeting.stream is not None:
        await meeting.stream.aclose()
    stream = meeting.stream = await context.gateway.connect(permit)
    meeting.raw = await _greeting(stream)
    if _BUSY.match(meeting.raw):
        raise NetFailure(Reason.RATE_LIMITED, "the service asks for patience (421)")
    return stream


async def _asked(
    context: Context, target: Target, stream: Stream, question: Question
) -> Seen[ServiceProduct]:
    """What the one question of a protocol brought."""
    await stream.write(spoken(question, target, context.options.user_agent))
    raw = await _greeting(stream)
    if not raw:
        return Seen(value=_silent(), gaps=(Gap(path="product", reason=Reason.TIMEOUT),))
    answer = question.read(raw)
    if answer is None:
        return Seen(value=recognise(raw, target.port or 0))
    stated = _Greeting(protocol=answer.protocol, stated=answer.stated)
    return Seen(value=replace(_product(raw, stated), how="question", login=answer.login))


async def _vnc(stream: Stream, raw: bytes) -> bool | None:
    """Whether a password is asked for: the security types, which follow our version (RFC 6143 §7.1).

    Type 1 is “none”. None of the types is chosen.
    """
    modern = raw[:12] >= b"RFB 003.007\n"
    try:
        await stream.write(VNC_VERSIONS[modern])
        if not modern:
            kind = int.from_bytes(await stream.readexactly(4), "big")
            return None if kind == 0 else kind != 1
        count = (await stream.readexactly(1))[0]
        return None if count == 0 else 1 not in await stream.readexactly(count)
    except NetFailure:
        return None


async def _greeting(stream: Stream) -> bytes:
    """What the server says of itself; empty when it waits for us.

    Raises NetFailure(reset) when it hangs up without a word: that is a refusal, not a greeting.
    """
    clock = asyncio.get_running_loop().time
    end = clock() + _GREETING
    raw = b""
    while len(raw) < _MOST and (left := end - clock()) > 0:
        try:
            chunk = await stream.read(_MOST - len(raw), timeout=min(left, _PAUSE) if raw else left)
        except NetFailure as failure:
            if raw or failure.reason is Reason.TIMEOUT:
                break
            raise
        if not chunk and not raw:
            raise NetFailure(Reason.RESET, "the server hung up without a greeting")
        raw += chunk
        if not chunk or _OVER.fullmatch(raw) or _SSH_LINE.search(raw):
            break
    return raw


def recognise(raw: bytes, port: int) -> ServiceProduct:
    """What a greeting states. The port's number only decides between FTP and SMTP, which begin alike."""
    if told := nats(raw):
        return replace(_product(raw, _Greeting(protocol="nats", stated=told.stated)), login=told.login)
    return _product(raw, _protocol(raw, port))


def _product(raw: bytes, greeting: _Greeting) -> ServiceProduct:
    match = vendor = product = None
    for one in _products():
        if one.protocol == greeting.protocol and (match := one.pattern.search(greeting.stated)):
            vendor, product = one.vendor, one.product
            break
    return ServiceProduct(
        protocol=greeting.protocol,
        banner=_shown(raw),
        vendor=vendor,
        product=product,
        version=match.groupdict().get("version") if match else None,
        cpe=None,
        how="banner",
        confidence=greeting.confidence,
        also=further(raw, greeting.protocol),
    )


def _protocol(raw: bytes, port: int) -> _Greeting:
    if ssh := _SSH.search(raw):
        return _Greeting(protocol="ssh", stated=ssh[2].decode("ascii"))
    if mysql := _MYSQL.match(raw):
        return _Greeting(protocol="mysql", stated=mysql[1].decode("ascii"))
    if _MYSQL_ERROR.match(raw):
        return _Greeting(protocol="mysql", stated="")
    if _RFB.match(raw):
        return _Greeting(protocol="vnc", stated="")
    if _TELNET.match(raw):
        return _Greeting(protocol="telnet", stated="")
    if raw.startswith((b"HTTP/1.0 ", b"HTTP/1.1 ")):
        return _Greeting(protocol="http", stated="")
    return _line(raw.decode("utf-8", "replace"), port)


def _line(text: str, port: int) -> _Greeting:
    """Protocols whose greeting is a line of text (RFC 959 §5.4, 5321 §4.2, 1939 §4, 9051 §7.1)."""
    first = text.partition("\n")[0].rstrip("\r")
    if re.match(r"220[ -]", first):
        if re.search(r"\bE?SMTP\b", first):
            return _Greeting(protocol="smtp", stated=first)
        if re.search(r"ftp|filezilla", first, re.IGNORECASE):
            return _Greeting(protocol="ftp", stated=first)
        if port in _USUAL:
            return _Greeting(protocol=_USUAL[port], stated=first, confidence=_BY_NUMBER)
    if first.startswith("+OK"):
        return _Greeting(protocol="pop3", stated=first)
    if re.match(r"\* (OK|PREAUTH|BYE)\b", first):
        return _Greeting(protocol="imap", stated=first)
    return _Greeting(protocol="unknown", stated="", confidence=0)


def _silent() -> ServiceProduct:
    return ServiceProduct(
        protocol="unknown",
        banner="",
        vendor=None,
        product=None,
        version=None,
        cpe=None,
        how="banner",
        confidence=0,
    )


def _shown(raw: bytes) -> str:
    """The greeting as printable ASCII on one line, cut: it goes to terminals and reports."""
    text = raw.decode("latin-1").strip()
    return _UNPRINTABLE.sub(lambda char: f"\\x{ord(char[0]):02x}", text[:_SHOWN])


@cache
def _products() -> tuple[_Product, ...]:
    data = tomllib.loads(Path(__file__).with_name("products.toml").read_text(encoding="utf-8"))
    return tuple(_Product(**{**entry, "pattern": re.compile(entry["pattern"])}) for entry in data["product"])
