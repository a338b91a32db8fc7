"""`footprint.host`: a host an assessment came upon, whose it seems to be, and why; made after the scan."""

from dataclasses import dataclass
from typing import ClassVar

from posture.core.findings import Owner

#: What speaks for or against a host being the applicant's, the strongest first. `what` and `via` of a sign:
#: named: a name that leads here, and the domain of the consent that it is or lies under
#: alias: a consented name that leads here by way of another name, and that name (CNAME)
#: from-application, from-certificate, from-list: how a name came to be asked for at all (`dns.names`)
#: network: the network of the consent that holds the address
#: certificate: consented names in a trusted certificate shown here, and the certificate's SHA-256
#: certificate-unproved: the same of a certificate that nobody trusted vouches for
#: reverse: the address's reverse name, which is consented and leads back here
#: exchanger: the name by which it takes mail, and for which domain (MX)
#: sender: the term of an SPF record that names it, and of which domain
#: name-server: the name by which it answers for a zone, and the zone
#: redirect: where it was pointed to, and by which address of the web
#: certificate-of-others: names in the certificate shown here, none of them consented, and its SHA-256
SIGNS = (
    "named",
    "alias",
    "from-application",
    "from-certificate",
    "from-list",
    "network",
    "certificate",
    "certificate-unproved",
    "reverse",
    "exchanger",
    "sender",
    "name-server",
    "redirect",
    "certificate-of-others",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One piece of evidence; `how` is one of `SIGNS`."""

    how: str
    what: str
    via: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FootprintHost:
    """An address with the names seen for it; `address` is null for a name that was only pointed to.

    `owner` is who runs it (DESIGN §6), `why` and `detail` what decided that: in-networks, provider-list (the
    provider's name), consented-name, not-consented. `asked` are the techniques by which it was looked at,
    `excluded` whether the consent takes it out: then nothing was sent to it.
    """

    KIND: ClassVar[str] = "footprint.host"

    address: str | None
    names: tuple[str, ...]
    owner: Owner
    why: str
    detail: str
    signs: tuple[Sign, ...]
    asked: tuple[str, ...]
    excluded: bool
