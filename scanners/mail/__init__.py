"""Mail: where a domain's mail goes, and who may send in its name."""

import asyncio
from collections.abc import Sequence
from typing import Any

from posture.core.facts.mail_bimi import MailBimi
from posture.core.facts.mail_dkim import MailDkim
from posture.core.facts.mail_dmarc import MailDmarc
from posture.core.facts.mail_exchangers import MailExchangers
from posture.core.facts.mail_mta_sts import MailMtaSts
from posture.core.facts.mail_spf import MailSpf
from posture.core.facts.mail_starttls import MailStarttls
from posture.core.facts.mail_tls_rpt import MailTlsRpt
from posture.core.facts.mail_tlsa import MailTlsa
from posture.core.observations import Observation
from posture.core.targets import Target
from scanners.context import Context

KINDS: tuple[str, ...] = (
    MailExchangers.KIND,
    MailSpf.KIND,
    MailDmarc.KIND,
    MailDkim.KIND,
    MailMtaSts.KIND,
    MailTlsRpt.KIND,
    MailTlsa.KIND,
    MailBimi.KIND,
    MailStarttls.KIND,
)


async def probe(context: Context, domain: str) -> list[Observation[Any]]:
    """The area alone: as `scan`, with one ordinary handshake at every exchanger."""
    from scanners.mail import starttls

    # The handshakes take longest: what they need is asked first.
    contacts, found = await asyncio.gather(starttls.contact(context, domain), scan(context, domain))
    return concluded([*found, *contacts])


def concluded(observations: Sequence[Observation[Any]]) -> list[Observation[Any]]:
    """What follows from DNS and the handshakes at the exchangers together: STARTTLS, and DANE kept or not."""
    from scanners.mail import starttls, tlsa

    return tlsa.compare(starttls.conclude(observations))


async def scan(context: Context, domain: str) -> list[Observation[Any]]:
    """Exchangers, SPF, DMARC, DKIM, MTA-STS, TLS-RPT, DANE and BIMI of a domain: all that DNS tells."""
    from scanners.dns.evidence import evident  # dnspython is loaded when it is needed
    from scanners.mail import bimi, dkim, dmarc, exchangers, mta_sts, spf, tls_rpt, tlsa

    target = Target(name=domain)
    return list(
        await asyncio.gather(
            evident(context, MailExchangers.KIND, target, exchangers.look(context, domain)),
            evident(context, MailSpf.KIND, target, spf.look(context, domain)),
            evident(context, MailDmarc.KIND, target, dmarc.look(context, domain)),
            evident(context, MailDkim.KIND, target, dkim.look(context, domain)),
            evident(context, MailMtaSts.KIND, target, mta_sts.look(context, domain)),
            evident(context, MailTlsRpt.KIND, target, tls_rpt.look(context, domain)),
            evident(context, MailTlsa.KIND, target, tlsa.look(context, domain)),
            evident(context, MailBimi.KIND, target, bimi.look(context, domain)),
        )
    )
