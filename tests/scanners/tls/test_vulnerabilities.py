"""Every vulnerability is found on a server that has it, and on no other."""

import asyncio
from asyncio import StreamReader, StreamWriter
from pathlib import Path
from typing import Any

import pytest

from posture.core.consent import Technique
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.observations import Observation, Reason
from posture.core.targets import Target
from scanners.tls import oracles
from scanners.tls.exchange import known_primes
from scanners.tls.line import Line
from scanners.tls.verdicts import Verdict
from scanners.tls.wire import vector
from tests.support.tls_broken import Broken, Conversation, Refuse
from tests.support.tls_servers import (
    NAME,
    alert,
    canned,
    context,
    fact,
    gaps,
    issue,
    message,
    observe,
    openssl,
    rsa_key,
    scripted,
)

LEAF = issue(NAME, names=[NAME], key=rsa_key())
#: What follows from AES-128-CBC under TLS 1.2 alone.
ALWAYS = {"lucky13"}


def scan(handler: Any, folder: Path, *, seconds: float = 0.5, **options: Any) -> Observation[TlsEndpoint]:
    async def run() -> Observation[TlsEndpoint]:
        async with canned(handler) as server:
            return await observe(server, context(folder=folder, timeout=seconds), **options)

    return asyncio.run(run())


def vulnerable(seen: TlsEndpoint) -> set[str]:
    assert set(seen.vulnerabilities) == NAMES
    return {name for name, state in seen.vulnerabilities.items() if state == "vulnerable"}


def unknown(seen: TlsEndpoint) -> set[str]:
    return {name for name, state in seen.vulnerabilities.items() if state == "unknown"}


NAMES = {
    *("heartbleed", "ccs_injection", "ticketbleed", "robot", "drown", "freak", "logjam", "poodle_ssl"),
    *("poodle_tls", "goldendoodle", "zombie_poodle", "crime", "sweet32", "rc4", "beast", "lucky13"),
    "starttls_injection",
}


@pytest.mark.parametrize(
    ("flaw", "name"),
    [
        ("heartbleed", "heartbleed"),
        ("ccs", "ccs_injection"),
        ("ticketbleed", "ticketbleed"),
        ("robot", "robot"),
        ("poodle", "poodle_tls"),
        ("zombie", "zombie_poodle"),
        ("goldendoodle", "goldendoodle"),
        ("compression", "crime"),
    ],
)
def test_a_flaw_is_found_by_its_name(tmp_path: Path, flaw: str, name: str) -> None:
    observation = scan(Broken(LEAF, flaw), tmp_path, seconds=10.0)
    seen = fact(observation)
    assert vulnerable(seen) == {name, *ALWAYS}
    assert unknown(seen) == set()


@pytest.mark.parametrize("version", [0x0301, 0x0302, 0x0303])
def test_a_sound_server_has_none(tmp_path: Path, version: int) -> None:
    seen = fact(scan(Broken(LEAF, version=version), tmp_path, seconds=10.0))
    assert vulnerable(seen) == ({"beast"} if version == 0x0301 else set()) | ALWAYS
    assert unknown(seen) == set()
    assert seen.behaviour["secure_renegotiation"] is True
    assert seen.behaviour["client_renegotiation"] is False
    assert seen.behaviour["compression"] is False


def test_a_sound_heartbeat_is_answered_and_fine(tmp_path: Path) -> None:
    seen = fact(scan(Broken(LEAF, "heartbeat"), tmp_path))
    assert seen.behaviour["heartbeat"] is True
    assert seen.vulnerabilities["heartbleed"] == "not_vulnerable"


def test_ticketbleed_is_never_provoked(tmp_path: Path) -> None:
    """A session id that leaves room would be filled up from the memory of a flawed server (docs/adr/0010)."""
    flawed, sound = Broken(LEAF, "ticketbleed"), Broken(LEAF, "tickets")
    scan(flawed, tmp_path)
    observation = scan(sound, tmp_path)
    assert [len(each) for each in (*flawed.taken, *sound.taken)] == [32, 32]
    seen = fact(observation)
    assert seen.behaviour["session_resumption"] is True
    # A right echo alone proves nothing, and this server has nothing newer than the flawed kind.
    assert seen.vulnerabilities["ticketbleed"] == "unknown"
    assert gaps(observation)["vulnerabilities.ticketbleed"] == "not-permitted"


@pytest.mark.parametrize("newer", [("-tls1_2",), ("-tls1_2", "-cipher", "AES128-SHA"), ()])
def test_what_is_newer_than_ticketbleed_does_not_have_it(tmp_path: Path, newer: tuple[str, ...]) -> None:
    with openssl(LEAF, *newer) as server:
        seen = fact(asyncio.run(observe(server, context(folder=tmp_path))))
    assert seen.behaviour["session_resumption"] is True
    assert seen.vulnerabilities["ticketbleed"] == "not_vulnerable"


@pytest.mark.parametrize(("settings", "kept"), [((), True), (("-no_cache",), False)])
def test_without_tickets_sessions_are_taken_up_by_their_id(
    tmp_path: Path, settings: tuple[str, ...], *, kept: bool
) -> None:
    with openssl(LEAF, "-tls1_2", "-no_ticket", *settings) as server:
        seen = fact(asyncio.run(observe(server, context(folder=tmp_path))))
    assert seen.behaviour["session_tickets"] is False
    assert (seen.behaviour["session_ids"], seen.behaviour["session_resumption"]) == (kept, kept)


def test_renegotiation_by_the_client_is_seen(tmp_path: Path) -> None:
    assert fact(scan(Broken(LEAF, "renegotiation"), tmp_path)).behaviour["client_renegotiation"] is True


@pytest.mark.parametrize(
    ("suites", "names"),
    [
        ({0x0300: [0x002F]}, {"poodle_ssl", "beast", "lucky13"}),
        ({0x0300: [0x0005]}, {"rc4"}),
        ({0x0301: [0x0003]}, {"freak", "rc4"}),
        ({0x0301: [0x000A]}, {"sweet32", "beast", "lucky13"}),
        ({0x0303: [0xC02F]}, set()),
        ({0x0303: [0x009D, 0xC027]}, {"lucky13"}),
    ],
)
def test_what_follows_from_suites(tmp_path: Path, suites: dict[int, list[int]], names: set[str]) -> None:
    assert vulnerable(fact(scan(scripted(suites, LEAF.der), tmp_path))) == names


def test_ssl_2_is_drown(tmp_path: Path) -> None:
    handler = scripted({0x0303: [0xC02F]}, LEAF.der, kinds=[0x010080])
    assert vulnerable(fact(scan(handler, tmp_path))) == {"drown"}


def dhe(prime: int) -> bytes:
    """A ServerKeyExchange with this prime."""
    raw = prime.to_bytes((prime.bit_length() + 7) // 8, "big")
    return message(12, vector(2, raw) + vector(2, b"\2") + vector(2, raw[:-1] + b"\1") + vector(2, bytes(64)))


SHARED_1024 = next(prime for prime, name in known_primes().items() if name == "MODP-1024")


@pytest.mark.parametrize(
    ("prime", "name", "state"),
    [
        (2**511 + 111, None, "vulnerable"),
        (2**1023 + 1155, None, "not_vulnerable"),
        (SHARED_1024, "MODP-1024", "vulnerable"),
        (2**2047 + 1, None, "not_vulnerable"),
    ],
)
def test_logjam_by_the_prime(tmp_path: Path, prime: int, name: str | None, state: str) -> None:
    handler = scripted({0x0303: [0x009E]}, LEAF.der, more=dhe(prime))
    seen = fact(scan(handler, tmp_path))
    assert (seen.dh_bits, seen.dh_prime) == (prime.bit_length(), name)
    assert seen.vulnerabilities["logjam"] == state


def test_the_parameters_of_a_real_server(tmp_path: Path) -> None:
    prime = str(Path(__file__).with_name("dh1024.pem"))
    with openssl(LEAF, "-tls1_2", "-cipher", "DHE:@SECLEVEL=0", "-dhparam", prime) as server:
        seen = fact(asyncio.run(observe(server, context(folder=tmp_path))))
    assert (seen.dh_bits, seen.dh_prime, seen.vulnerabilities["logjam"]) == (1024, None, "not_vulnerable")
    assert vulnerable(seen) == {"lucky13"}


class Mail:
    """STARTTLS in front of the broken server; what came behind STARTTLS in the clear is passed on."""

    def __init__(self, *flaws: str) -> None:
        self.server = Broken(LEAF, *flaws)
        self.heard = b""

    async def __call__(self, reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        await reader.readline()
        writer.write(b"250-mail\r\n250 STARTTLS\r\n")
        behind = (await reader.read(4096)).partition(b"\r\n")[2]
        self.heard += behind
        writer.write(b"220 go on\r\n")
        await self.server.serve(reader, writer, behind)


@pytest.mark.parametrize(("flaws", "state"), [((), "not_vulnerable"), (("injection",), "vulnerable")])
def test_commands_slipped_in_before_tls(tmp_path: Path, flaws: tuple[str, ...], state: str) -> None:
    mail = Mail(*flaws)
    seen = fact(scan(mail, tmp_path, starttls="smtp"))
    assert seen.vulnerabilities["starttls_injection"] == state
    assert mail.heard == b"NOOP\r\n"


def test_an_oracle_that_is_silent_is_unknown(tmp_path: Path) -> None:
    """A server that never answers a Finished shows nothing, and nothing is not a clean bill."""

    class Mute(Broken):
        async def serve(self, reader: StreamReader, writer: StreamWriter, behind: bytes) -> None:
            from tests.support.tls_broken import Conversation, Refuse

            conversation = Conversation(self, reader, writer, behind)
            try:
                await conversation.hello()
            except Refuse:
                await super_refuse(writer)
                return
            await asyncio.sleep(30)

    async def super_refuse(writer: StreamWriter) -> None:
        from tests.support.tls_servers import alert

        writer.write(alert(40))
        await writer.drain()

    observation = scan(Mute(LEAF), tmp_path)
    seen = fact(observation)
    silent = {"ccs_injection", "robot", "poodle_tls", "zombie_poodle", "goldendoodle", "ticketbleed"}
    assert silent <= unknown(seen)
    assert {gaps(observation)[f"vulnerabilities.{name}"] for name in silent} == {"timeout"}


class _Mute(Broken):
    """Refuses nothing to the callers with these numbers: it only stays silent where it would."""

    def __init__(self, *numbers: int) -> None:
        super().__init__(LEAF)
        self.numbers = numbers
        self.calls = 0

    async def serve(self, reader: StreamReader, writer: StreamWriter, behind: bytes) -> None:
        number, self.calls = self.calls, self.calls + 1
        try:
            await Conversation(self, reader, writer, behind).run()
        except Refuse as refusal:
            if number in self.numbers:
                await asyncio.Event().wait()
            writer.write(alert(refusal.description, self.version))
            await writer.drain()
        except asyncio.IncompleteReadError:
            return


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        ((2, 3, 4), ("not_vulnerable", None)),  # the crowd of the first round alone
        ((2, 3, 4, 7, 8, 9), ("vulnerable", None)),  # the same paddings, also one after the other
        ((2, 3, 4, 8, 9), ("unknown", Reason.NO_DATA)),
        (tuple(range(5)), ("unknown", Reason.TIMEOUT)),
    ],
    ids=str,
)
def test_silence_is_an_oracle_only_where_nobody_crowds_the_server(
    tmp_path: Path, numbers: tuple[int, ...], verdict: tuple[str, Reason | None]
) -> None:
    mute = _Mute(*numbers)

    async def run() -> Verdict:
        async with canned(mute) as server:
            gateway = context(folder=tmp_path, timeout=1.0).gateway
            line = Line(
                gateway=gateway,
                permit=gateway.permit(Target(address=server.address, port=server.port), Technique.TLS),
                starttls=None,
                timeout=1.0,
                deadline=asyncio.get_running_loop().time() + 60,
                greeting=1.0,
            )
            return await oracles.robot(oracles.Ground(line=line, server_name=NAME))

    assert asyncio.run(run()) == verdict
