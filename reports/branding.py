"""Who issues the report: everything about the insurer comes from settings, nothing is invented here."""

from dataclasses import dataclass, field

from reports.dress import Dress


@dataclass(frozen=True, slots=True, kw_only=True)
class Branding:
    """Words of the issuer, printed as they are given.

    `document_number` is the registered number of a solicitation paper (募集文書番号); without it the
    applicant's report carries a watermark, for it may not be handed out as one. `disputes` is where a
    finding can be disputed. `emergency` is the desk to call in an incident, `coordinator` who leads the
    response; both are printed for a `policyholder` only. `yen_approval` names the insurer's approval to show
    an applicant amounts of money; without it there are effect classes only. `japanese_era` writes years as
    令和8年 in Japanese. `dress` is the issuer's logo and colour.
    """

    insurer: str = ""
    desk: str = ""
    document_number: str = ""
    disputes: str = ""
    emergency: str = ""
    coordinator: str = ""
    yen_approval: str = ""
    policyholder: bool = False
    japanese_era: bool = False
    dress: Dress = field(default_factory=Dress)
