"""Ids of everything the models say. The words for them live in `reports/text`, never here.

Each member's comment names the arguments its words may use.
"""

from enum import StrEnum


class ReasonId(StrEnum):
    """`Decision.reasons`: why the tier, the action and the price are what they are."""

    NO_APPLICATION = "no-application"  # (none)
    RAISES = "raises"  # feature, factor
    LOWERS = "lowers"  # feature, factor
    COVERAGE = "coverage-below-floor"  # peril, coverage, floor
    GROUP_UNSEEN = "group-unseen"  # group, reason
    WITHHELD = "withheld"  # features (tuple), reason: not-permitted or blocked
    TIER = "tier-refers"  # tier
    KNOCK_OUT = "knock-out-refers"  # count
    GROSS_PROFIT = "gross-profit-missing"  # (none): cover C cannot be priced without it
    IT_OPTION = "it-option-missing"  # sector: an IT business without the option `it`
    IT_REVENUE = "it-revenue-missing"  # (none): the option `it` cannot be priced without it
    SECTOR = "sector-refers"  # sector
    LIMIT = "limit-above-authority"  # cover, limit, authority, currency
    REVENUE = "revenue-outside-table"  # revenue, low, high, currency
    RECORDS = "records-above-authority"  # records, authority
    INCIDENTS = "incidents-declared"  # count, years
    DIFFERS = "declared-differs"  # control, check (tuple): put neutrally, it is a question
    DECLARATION = "declaration-refers"  # declaration: an answer that the appetite wants looked at
    OUTSIDE = "outside-appetite"  # tier or count of knock-outs: on what was observed alone
    NOT_SURE = "decline-needs-observation"  # tier, observed: the tier that what was observed alone gives
    CAPPED = "loading-capped"  # cover, technical, charged
    FLOORED = "unseen-earns-no-discount"  # groups (tuple)
    MINIMUM = "minimum-premium"  # amount, currency
    INDICATION = "indication-only"  # country: no filed table, so nothing here can be bound


class KnockOutId(StrEnum):
    """`Decision.knock_outs`: findings that refer whatever the score says. Argument: check."""

    REMOTE_DESKTOP = "remote-desktop-exposed"
    FILE_SHARING = "file-sharing-exposed"
    TELNET = "telnet-exposed"
    DATABASE = "database-exposed"
    NO_LOGIN = "no-login-service-exposed"
    INDUSTRIAL = "industrial-control-exposed"
    SERVICE = "red-service-exposed"


class Rule(StrEnum):
    """`Contribution.feature` of contributions whose state is `rule`."""

    OVERLAP = "overlap"
    OFF_BALANCE = "off_balance"
    CAP_REMOTE_ACCESS = "cap_remote_access"
    CAP_MAIL = "cap_mail"
    CAP_TLS = "cap_tls"
    CAP_WEB_DNS = "cap_web_dns"


class StepName(StrEnum):
    """`Decision.steps`: the fourteen steps of the calculation, in this order."""

    SHRINKAGE = "shrinkage"
    TILT = "tilt"
    OVERLAP = "overlap"
    CAPS = "group_caps"
    OFF_BALANCE = "off_balance"
    BLEND = "blend"
    RELATIVITY = "relativity"
    CLIP = "clip"
    CONTROLS = "controls"
    CHARGED = "floor_and_cap"
    SCHEDULE = "schedule"
    EXPENSES = "expenses"
    MINIMUM = "minimum"
    ROUNDING = "rounding"


#: Every id that needs words under [statements.<id>].
STATEMENTS: tuple[str, ...] = tuple(member.value for kind in (ReasonId, KnockOutId) for member in kind)
