"""The applicants' papers: a consent made for now, and the application."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from importlib import resources

from posture.core.consent import (
    DEFAULT_PORTS,
    Authority,
    Basis,
    Consent,
    Granter,
    Proof,
    ProofMethod,
    Technique,
)
from posture.core.targets import network
from posture.demo.cast import Company

#: Where the root and `example` are served. A consent names it, for private addresses are refused otherwise.
REGISTRY_NETWORK = "127.0.100.0/29"

_TECHNIQUES = (
    Technique.DNS,
    Technique.MAIL,
    Technique.TLS,
    Technique.WEB,
    Technique.PORTS,
    Technique.SERVICES,
)
_BEFORE = timedelta(days=1)
_FOR = timedelta(days=365)


def application(company: Company) -> str:
    """The application as TOML."""
    return (
        resources.files("posture.demo")
        .joinpath("applications", f"{company.key}.toml")
        .read_text(encoding="utf-8")
    )


def consent(company: Company, now: datetime) -> Consent:
    """The company's consent, proved by a DNS record."""
    since = now.replace(microsecond=0) - _BEFORE
    own = tuple(network(text) for text in company.networks)
    return Consent(
        applicant=company.name,
        domains=(company.domain,),
        networks=(*own, network(REGISTRY_NETWORK)),
        excluded_names=(),
        excluded_networks=(),
        techniques=frozenset(_TECHNIQUES),
        ports=DEFAULT_PORTS,
        valid_from=since,
        valid_until=since + _FOR,
        granted_by=Granter(name=company.granted_by, title="代表取締役", email=f"info@{company.domain}"),
        proof=Proof(method=ProofMethod.DNS_TXT),
        # Nobody speaks for the registry's addresses, so they are asked as name servers and never swept.
        authority=(Authority(domains=(company.domain,), networks=own, basis=Basis.OWN),),
    )


def proof_record(item: Consent) -> str:
    """The line of the zone file that proves a consent to whoever reads it."""
    return f'_posture-consent TXT "posture-consent={item.digest}"'


def consent_text(item: Consent) -> str:
    """The consent as `posture.consent/1` TOML."""
    (authority,) = item.authority
    granter = item.granted_by
    covers = [*authority.domains, *map(str, authority.networks)]
    return f"""\
schema = "posture.consent/1"
applicant = "{item.applicant}"
domains = {_list(item.domains)}
networks = {_list(map(str, item.networks))}
exclude = []
techniques = {_list(_TECHNIQUES)}
ports = "{item.ports}"
valid_from = {item.valid_from.isoformat()}
valid_until = {item.valid_until.isoformat()}
granted_by = {{ name = "{granter.name}", title = "{granter.title}", email = "{granter.email}" }}
purpose = "{item.purpose}"
disclose_to = {_list(item.disclose_to)}
proof = {{ method = "{ProofMethod.DNS_TXT.value}" }}
authority = [{{ covers = {_list(covers)}, basis = "{authority.basis.value}" }}]
"""


def _list(items: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{item}"' for item in items) + "]"
