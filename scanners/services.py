"""`service.product`: what software greets on an open port. Nothing is sent; what is not stated stays null."""

import asyncio
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from posture.core.consent import Technique
from posture.core.facts.service_product import ServiceProduct
from posture.core.observations import Gap, Observation, Reason, Seen
from posture.core.targets import Target
from scanners.context import Context
from scanners.net.failure import NetFailure
from scanners.net.gateway import Stream
from scanners.observe import observe

KINDS: Final = (ServiceProduct.KIND,)

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
#: line of POP3 or IMAP, an SSH identification, an RFB version.
_OVER = re.compile(
    rb"(?:(?:\d{3}-[^\n]*\n)*\d{3} [^\n]*\r\n|\+OK[^\n]*\r\n|\* (?:OK|PREAUTH|BYE)[^\n]*\r\n"
    rb"|RFB \d{3}\.\d{3}\n|(?:[^\n]*\n)*SSH-(?:1\.99|2\.0)-[^\n]*\r?\n)"
)
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


async def scan(context: Context, open_ports: Sequence[Target]) -> list[Observation[ServiceProduct]]:
    """One observation for each port on which a server may speak first; `open_ports` name address and port."""
    asked = [target for target in open_ports if target.port not in _CLIENT_FIRST]
    return await asyncio.gather(
        *(observe(context, ServiceProduct.KIND, target, _listen(context, target)) for target in asked)
    )


async def _listen(context: Context, target: Target) -> Seen[ServiceProduct]:
    permit = context.gateway.permit(target, Technique.SERVICES)
    async with await context.gateway.connect(permit) as stream:
        raw = await _greeting(stream)
    if not raw:
        return Seen(value=_silent(), gaps=(Gap(path="product", reason=Reason.TIMEOUT),))
    return Seen(value=recognise(raw, target.port or 0))


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
        if not chunk or _OVER.fullmatch(raw):
            break
    return raw


def recognise(raw: bytes, port: int) -> ServiceProduct:
    """What a greeting states. The port's number only decides between FTP and SMTP, which begin alike."""
    greeting = _protocol(raw, port)
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
    data = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return tuple(_Product(**{**entry, "pattern": re.compile(entry["pattern"])}) for entry in data["product"])
