"""`check_host()` (RFC 7208 §4): whether an address may send mail in a name."""

import asyncio
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import dns.name
import dns.reversename
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.PTR import PTR
from dns.rdtypes.ANY.TXT import TXT

from posture.core.targets import Address
from scanners.dns.resolver import Answer, Resolver, text
from scanners.mail.spf_macro import Identity, expand, identity, letters_in, target_name
from scanners.mail.spf_record import (
    Mechanism,
    SpfRecord,
    SpfSyntaxError,
    is_explanation,
    is_spf,
    read_spf,
)
from scanners.mail.txt import joined
from scanners.net.failure import NetFailure

#: §4.6.4.
MAX_LOOKUPS = 10
MAX_VOID = 2
MAX_NAMES = 10


class Result(StrEnum):
    """§2.6."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 - a result, no password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


_BY_QUALIFIER = {"+": Result.PASS, "-": Result.FAIL, "~": Result.SOFTFAIL, "?": Result.NEUTRAL}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfResult:
    """The result, the term that decided it, the lookups it took, and the domain's explanation of a fail."""

    result: Result
    term: str | None = None
    lookups: int = 0
    void_lookups: int = 0
    problem: str | None = None
    explanation: str | None = None


class _StopError(Exception):
    """Evaluation ends here with temperror or permerror."""

    def __init__(self, result: Result, problem: str) -> None:
        super().__init__(problem)
        self.result = result
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    result: Result
    term: str | None = None
    record: SpfRecord | None = None
    domain: str = ""


async def check_host(
    resolver: Resolver, *, ip: Address, domain: str, sender: str = "", helo: str = "", at: datetime
) -> SpfResult:
    """Evaluate the SPF policy of `domain` for a client at `ip`. Never raises NetFailure: that is temperror.

    `sender` is the MAIL FROM address (empty: postmaster at the domain), `helo` the client's greeting, `at`
    the time an explanation may name.
    """
    evaluation = _Evaluation(resolver, identity(ip, domain, sender, helo, at))
    outcome = _Outcome(result=Result.NONE)
    problem = explanation = None
    try:
        name = target_name(domain)
        if name is not None and len(name) > 2:
            outcome = await evaluation.domain(name, domain)
        if outcome.result is Result.FAIL:
            explanation = await evaluation.explanation(outcome)
    except _StopError as stop:
        outcome, problem = _Outcome(result=stop.result), stop.problem
    return SpfResult(
        result=outcome.result,
        term=outcome.term,
        lookups=evaluation.lookups,
        void_lookups=evaluation.void_lookups,
        problem=problem,
        explanation=explanation,
    )


class _Evaluation:
    """One call of check_host with its counters."""

    def __init__(self, resolver: Resolver, who: Identity) -> None:
        self._resolver = resolver
        self._who = who
        self.lookups = 0
        self.void_lookups = 0

    async def domain(self, name: dns.name.Name, domain: str) -> _Outcome:
        """Fetch and evaluate one domain's record; Result.NONE where it has none (§4.4, §4.5)."""
        answer = await self._ask(name, "TXT")
        records = [found for record in answer.of(TXT) if is_spf(found := joined(record))]
        if len(records) > 1:
            raise _StopError(Result.PERMERROR, f"several-records:{domain}")
        if not records:
            return _Outcome(result=Result.NONE)
        try:
            record = read_spf(records[0])
        except SpfSyntaxError as error:
            raise _StopError(Result.PERMERROR, f"syntax:{error.term}") from None
        return await self._record(record, domain)

    async def _record(self, record: SpfRecord, domain: str) -> _Outcome:
        for mechanism in record.reached:
            if await self._matches(mechanism, domain):
                result = _BY_QUALIFIER[mechanism.qualifier]
                return _Outcome(result=result, term=mechanism.text, record=record, domain=domain)
        if record.redirect is None:
            return _Outcome(result=Result.NEUTRAL)
        self._count()
        target = await self._target(record.redirect, domain)
        outcome = await self.domain(target, text(target)) if target else _Outcome(result=Result.NONE)
        if outcome.result is Result.NONE:
            raise _StopError(Result.PERMERROR, f"redirect-without-record:{record.redirect}")
        return outcome

    async def _matches(self, mechanism: Mechanism, domain: str) -> bool:
        if mechanism.kind == "all":
            return True
        if mechanism.network is not None:
            return self._who.ip.version == mechanism.network.version and self._who.ip in mechanism.network
        self._count()
        name = await self._target(mechanism.domain or "%{d}", domain)
        if mechanism.kind == "include":
            return await self._include(name, mechanism)
        if name is None:
            return False
        if mechanism.kind == "a":
            return await self._has_address(name, mechanism)
        if mechanism.kind == "mx":
            return await self._mx(name, mechanism)
        if mechanism.kind == "ptr":
            return any(found.is_subdomain(name) for found in await self._validated_names())
        return bool((await self._counted(name, "A")).records)

    async def _include(self, name: dns.name.Name | None, mechanism: Mechanism) -> bool:
        """§5.2: a pass matches; none and permerror are permerror, temperror is temperror."""
        outcome = await self.domain(name, text(name)) if name else _Outcome(result=Result.NONE)
        if outcome.result is Result.NONE:
            raise _StopError(Result.PERMERROR, f"include-without-record:{mechanism.domain}")
        return outcome.result is Result.PASS

    async def _has_address(self, name: dns.name.Name, mechanism: Mechanism, *, counted: bool = True) -> bool:
        kind = "A" if self._who.ip.version == 4 else "AAAA"
        answer = await (self._counted(name, kind) if counted else self._ask(name, kind))
        bits = mechanism.ipv4 if self._who.ip.version == 4 else mechanism.ipv6
        return any(
            self._who.ip in ipaddress.ip_network(f"{record.to_text()}/{bits}", strict=False)
            for record in answer.records
        )

    async def _mx(self, name: dns.name.Name, mechanism: Mechanism) -> bool:
        answer = await self._counted(name, "MX")
        exchanges = [record.exchange for record in sorted(answer.of(MX), key=lambda mx: mx.preference)]
        if len(exchanges) > MAX_NAMES:
            raise _StopError(Result.PERMERROR, f"too-many-mx:{text(name)}")
        for exchange in exchanges:
            if len(exchange) > 1 and await self._has_address(exchange, mechanism, counted=False):
                return True
        return False

    async def _validated_names(self) -> Sequence[dns.name.Name]:
        """Names of the client's address that resolve back to it (§5.5); lookup errors validate nothing."""
        reverse = dns.reversename.from_address(str(self._who.ip))
        try:
            answer = await self._counted(reverse, "PTR")
        except _StopError as stop:
            if stop.result is Result.TEMPERROR:
                return ()
            raise
        names = [record.target for record in answer.of(PTR)][:MAX_NAMES]
        valid = await asyncio.gather(*(self._resolves_back(name) for name in names))
        return [name for name, good in zip(names, valid, strict=True) if good]

    async def _resolves_back(self, name: dns.name.Name) -> bool:
        kind = "A" if self._who.ip.version == 4 else "AAAA"
        answer = await self._resolver.attempt(name, kind)
        if isinstance(answer, NetFailure):
            return False
        return any(ipaddress.ip_address(record.to_text()) == self._who.ip for record in answer.records)

    async def _letters(self, text_: str, domain: str) -> dict[str, str]:
        letters = self._who.letters(domain)
        if "p" in letters_in(text_):
            letters["p"] = await self._name_of_client(domain)
        return letters

    async def _name_of_client(self, domain: str) -> str:
        """§7.3: the domain itself, else a subdomain of it, else any validated name, else “unknown”."""
        names = await self._validated_names()
        own = target_name(domain)
        preferred = [name for name in names if name == own]
        preferred += [name for name in names if own is not None and name.is_subdomain(own)]
        return text([*preferred, *names][0]) if names else "unknown"

    async def _target(self, spec: str, domain: str) -> dns.name.Name | None:
        return target_name(expand(spec, await self._letters(spec, domain)))

    async def explanation(self, outcome: _Outcome) -> str | None:
        """The domain's own words on a fail (§6.2); None when there are none or they cannot be used."""
        if outcome.record is None or outcome.record.exp is None:
            return None
        try:
            name = await self._target(outcome.record.exp, outcome.domain)
            found = [joined(r) for r in (await self._ask(name, "TXT")).of(TXT)] if name is not None else []
            if len(found) != 1 or not is_explanation(found[0]):
                return None
            return expand(found[0], await self._letters(found[0], outcome.domain))
        except _StopError:
            return None

    def _count(self) -> None:
        self.lookups += 1
        if self.lookups > MAX_LOOKUPS:
            raise _StopError(Result.PERMERROR, "too-many-lookups")

    async def _counted(self, name: dns.name.Name, kind: str) -> Answer:
        """The lookup of a term: without an answer it is void, and only two may be (§4.6.4)."""
        answer = await self._ask(name, kind)
        if not answer.records:
            self.void_lookups += 1
            if self.void_lookups > MAX_VOID:
                raise _StopError(Result.PERMERROR, "too-many-void-lookups")
        return answer

    async def _ask(self, name: dns.name.Name, kind: str) -> Answer:
        try:
            return await self._resolver.query(name, kind)
        except NetFailure as failure:
            raise _StopError(Result.TEMPERROR, f"{failure.reason.value}:{text(name)}") from None
