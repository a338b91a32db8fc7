"""UDP ports, each asked one harmless question of its protocol by a client of our own.

nmap is never asked to: what it sends to UDP ports holds the community string “public”, a directory search and
file requests, which nobody may send under our consent. A port without a question here is not asked. Silence
says nothing with UDP; only an answer, or the host's own refusal (ICMP), is told.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from posture.core.consent import Technique
from posture.core.observations import Reason
from scanners.context import Context
from scanners.net.failure import NetFailure
from scanners.ports.plan import Spot
from scanners.ports.report import Key, PortReport

#: Seconds until a question is asked again, once, and until its silence is final.
_WAIT: Final = 1.0
_TRIES: Final = 2

#: SNMPv3 engine discovery (RFC 3414 §4): no user, no engine, reportable; there is no community in version 3.
_SNMP: Final = bytes.fromhex(
    "303a020103300f02024a69020300ffe30401040201030410300e0400020100020100040004000400301204000400a00c0202"
    "37f00201000201003000"
)
#: A control query, “read variables” of association 0 (RFC 9327 §3, opcode 2): answered to strangers it
#: amplifies.
_NTP: Final = bytes.fromhex("160200010000000000000000")
#: Presence ping of ASF (DSP0136 §3.2.4.3); IPMI answers it before any session.
_IPMI: Final = bytes.fromhex("0600ff06000011be80000000")
#: Status of the name “*” (RFC 1002 §4.2.17).
_NETBIOS: Final = b"po\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x20CK" + b"A" * 30 + b"\x00\x00\x21\x00\x01"
#: A call of procedure 0 of the port mapper (RFC 1833 §3.2, RFC 5531 §9): it takes and gives nothing.
_PORTMAP: Final = bytes.fromhex("706f73740000000000000002000186a00000000200000000") + bytes(16)
#: CLNT_UCAST_EX: the list of instances of one host ([MS-SQLR] 2.2.2).
_MSSQL: Final = b"\x03"
#: `version` in a UDP frame (memcached protocol.txt).
_MEMCACHED: Final = b"\x70\x6f\x00\x00\x00\x01\x00\x00version\r\n"
#: A search for root devices, answered by unicast (UPnP Device Architecture 1.1 §1.3.2).
_SSDP: Final = (
    b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\n'
    b"ST: upnp:rootdevice\r\n\r\n"
)
#: OPTIONS (RFC 3261 §11): asks for what the other side can do, and starts no call.
_SIP: Final = (
    b"OPTIONS sip:posture@invalid SIP/2.0\r\nVia: SIP/2.0/UDP invalid;branch=z9hG4bKposture;rport\r\n"
    b"Max-Forwards: 70\r\nTo: <sip:posture@invalid>\r\nFrom: <sip:posture@invalid>;tag=posture\r\n"
    b"Call-ID: posture@invalid\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)

#: Every question by its port: the whole vocabulary of this client.
QUESTIONS: Final[Mapping[int, tuple[str, bytes]]] = {
    111: ("rpcbind", _PORTMAP),
    123: ("ntp", _NTP),
    137: ("netbios-ns", _NETBIOS),
    161: ("snmp", _SNMP),
    623: ("asf-rmcp", _IPMI),
    1434: ("ms-sql-m", _MSSQL),
    1900: ("upnp", _SSDP),
    5060: ("sip", _SIP),
    11211: ("memcache", _MEMCACHED),
}


async def ask(context: Context, spots: Sequence[Spot]) -> dict[Key, PortReport]:
    """What each of the spots answered; those without a question, or in silence, are left out.

    Raises NetFailure(not-permitted) where the consent ends meanwhile.
    """
    asked = [spot for spot in spots if spot.target.port in QUESTIONS]
    answers = await asyncio.gather(*(_ask(context, spot) for spot in asked))
    return {spot.key: answer for spot, answer in zip(asked, answers, strict=True) if answer is not None}


async def _ask(context: Context, spot: Spot) -> PortReport | None:
    name, question = QUESTIONS[spot.target.port or 0]
    permit = context.gateway.permit(spot.target, Technique.PORTS)
    async with await context.gateway.udp(permit) as endpoint:
        for _ in range(_TRIES):
            try:
                await endpoint.send(question)
                await endpoint.receive(_WAIT)
            except NetFailure as failure:
                if failure.reason is Reason.REFUSED:
                    return PortReport(state="closed", reason="port-unreach", name=name)
                if failure.reason is Reason.NOT_PERMITTED:
                    raise
            else:
                return PortReport(state="open", reason="udp-response", name=name, confidence=10)
    return None
