"""`tls/implementation_sound`: the TLS library has none of the flaws that became famous."""

from collections.abc import Iterator
from dataclasses import replace

from posture.checks.handshake import speaks_tls, without
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown

#: Each with the number it is known by, worst first.
_FLAWS = {
    "heartbleed": "CVE-2014-0160",
    "ccs_injection": "CVE-2014-0224",
    "robot": "CVE-2017-13099",
    "ticketbleed": "CVE-2016-9244",
    "poodle_tls": "CVE-2014-8730",
    "goldendoodle": "CVE-2019-6593",
    "zombie_poodle": "CVE-2019-6485",
    "starttls_injection": "CVE-2011-0411",
}


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """One verdict for each flaw that is there or could not be told, else one for all."""
    if not speaks_tls(fact) or fact.depth == "contact":
        yield without(fact, "vulnerabilities")
        return
    if fact.depth == "wellformed":
        yield not_applicable("withheld")
        return
    states = {name: fact.vulnerabilities.get(name, "unknown") for name in _FLAWS}
    found = [name for name, state in states.items() if state == "vulnerable"]
    open_ends = [name for name, state in states.items() if state == "unknown"]
    yield from (replace(_found(name), discriminator=name) for name in found)
    yield from (replace(_open(name), discriminator=name) for name in open_ends)
    if not found and not open_ends:
        yield passed("sound", count=len(_FLAWS))


def _found(name: str) -> Verdict:
    if name == "heartbleed":
        return failed("heartbleed")
    if name == "starttls_injection":
        return failed("injection", number=_FLAWS[name])
    return failed("flawed", flaw=name, number=_FLAWS[name])


def _open(name: str) -> Verdict:
    if name == "starttls_injection":
        return not_applicable("not_told", flaw=name)
    return unknown("not_told", path=f"vulnerabilities.{name}", flaw=name)
