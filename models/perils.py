"""What can happen, and which covers pay for it (docs/method.md §1)."""

from enum import StrEnum


class Peril(StrEnum):
    """Causes of loss. Their numbers are data: tilts in data/perils.toml, frequencies by market."""

    INTRUSION = "intrusion"
    EMAIL = "email"
    DATA = "data"
    SUSPECTED = "suspected"
    SYSTEM_FAILURE = "system_failure"
    PAPER = "paper"
    CONTENT = "content"
    CRIME = "crime"
    IT_SERVICES = "it_services"


class Group(StrEnum):
    """Families of features: caps, and what an unseen one does, are decided by group."""

    REMOTE_ACCESS = "remote_access"
    EXPOSED_SERVICE = "exposed_service"
    VULNERABILITY = "vulnerability"
    COMPROMISE = "compromise"
    MAIL = "mail"
    TLS = "tls"
    WEB_DNS = "web_dns"
    FOOTPRINT = "footprint"


#: Perils whose claims an insurer reports by posture; the others follow one of them or ignore it.
LEARNT = (Peril.INTRUSION, Peril.EMAIL, Peril.DATA)
