"""How to mend a finding on the product that was recognised where it was seen; data in `fixes.toml`."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from posture.core.catalogue import Language
from posture.core.facts.dns_zone import DnsZone
from posture.core.facts.mail_exchangers import MailExchangers
from posture.core.facts.service_product import ServiceProduct
from posture.core.facts.web_response import WebResponse
from posture.core.findings import Finding
from posture.core.observations import Observation, Seen
from posture.core.targets import Target

_FILE = Path(__file__).with_name("fixes.toml")
#: The host that examples of the check cards are written for.
EXAMPLE = "example.co.jp"
#: What may be put into a line to copy: a host's name or address, nothing that a shell could read otherwise.
_PLAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What to do on a recognised product. `code` is to copy, `verify` a line for the reader's shell."""

    product: str
    text: str
    code: str
    verify: str


@dataclass(frozen=True, slots=True)
class _Sign:
    """Something seen, and the key under which products name it."""

    key: str
    text: str


def advice(
    finding: Finding, observations: Iterable[Observation[Any]], domain: str, language: Language
) -> Advice | None:
    """The advice for the first product seen at the finding's place that there is any for."""
    table = _table()
    entries: Mapping[str, Mapping[str, str]] = table["fixes"].get(finding.check, {})
    if not entries:
        return None
    seen = list(_signs(finding, observations))
    for name, product in table["products"].items():
        if name in entries and _shown(product, seen):
            return _advice(product["label"], entries[name], finding.target, domain, language)
    return None


def for_domain(text: str, domain: str) -> str:
    """A line of an example with the applicant's domain in it, where that is a plain name."""
    return text.replace(EXAMPLE, domain) if _PLAIN.match(domain) else text


def _advice(label: str, entry: Mapping[str, str], target: Target, domain: str, language: Language) -> Advice:
    def filled(text: str) -> str:
        names = {
            "name": target.name or target.address or "",
            "domain": domain,
            "port": str(target.port or 443),
        }
        for key, value in names.items():
            text = text.replace(f"{{{key}}}", value if _PLAIN.match(value) else EXAMPLE)
        return text.strip("\n")

    return Advice(
        product=label,
        text=filled(entry[language.value]),
        code=filled(entry.get("code", "")),
        verify=filled(entry.get("verify", "")),
    )


def _shown(product: Mapping[str, str], seen: Iterable[_Sign]) -> bool:
    return any(_fits(sign, product[sign.key]) for sign in seen if sign.key in product)


def _fits(sign: _Sign, wanted: str) -> bool:
    """Whether a sign is the product's: the version a name server states begins so, all else contains it."""
    said = sign.text.casefold()
    return said.startswith(wanted) if sign.key == "nameserver" else wanted.casefold() in said


def _signs(finding: Finding, observations: Iterable[Observation[Any]]) -> Iterator[_Sign]:
    """What was seen at the finding's place; mail and names are the domain's as a whole."""
    product = finding.arguments.get("product")
    if isinstance(product, str):
        yield _Sign("product", product)
    area = finding.check.partition("/")[0]
    for observation in observations:
        if isinstance(observation.result, Seen):
            yield from _of(observation.result.value, observation.target, finding.target, area)


def _of(fact: object, observed: Target, judged: Target, area: str) -> Iterator[_Sign]:
    match fact:
        case WebResponse() if area in {"web", "tls"} and _same_place(observed, judged):
            yield from (_Sign("server", value) for name, value in fact.headers if name.lower() == "server")
        case ServiceProduct() if _same_place(observed, judged):
            yield _Sign("service", " ".join(filter(None, (fact.vendor, fact.product, fact.banner))))
        case MailExchangers() if area == "mail":
            yield from (_Sign("exchanger", host.name) for host in fact.hosts)
        case DnsZone() if area == "dns":
            yield from (_Sign("nameserver", server.version or "") for server in fact.nameservers)


def _same_place(observed: Target, judged: Target) -> bool:
    same = observed.name == judged.name if judged.name else observed.address == judged.address
    return same and (judged.port or 443) == (observed.port or 443)


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))
