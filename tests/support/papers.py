"""Consents and applications as people write them, for tests."""

from datetime import UTC, datetime, timedelta

from posture.app.files import parse_consent
from posture.core.consent import Consent
from posture.core.scope import Scope

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


def consent_text(
    *,
    domains: str = '["example.co.jp"]',
    networks: str = '["127.0.0.0/8"]',
    techniques: str = '["dns", "mail", "tls", "web", "ports", "services"]',
    exclude: str = "[]",
    ports: str = "default",
    since: datetime | None = None,
    until: datetime | None = None,
    proof: str = 'document = { sha256 = "' + "a" * 64 + '" }\nproof = { method = "document" }',
) -> str:
    """A `posture.consent/1` text; valid around the real present unless told otherwise."""
    start = since or datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    end = until or start + timedelta(days=365)
    return f"""\
schema = "posture.consent/1"
applicant = "株式会社例"
domains = {domains}
networks = {networks}
exclude = {exclude}
techniques = {techniques}
ports = "{ports}"
valid_from = {start.isoformat()}
valid_until = {end.isoformat()}
granted_by = {{ name = "例 太郎", title = "代表取締役", email = "taro@example.co.jp" }}
{proof}
"""


def consent(**parts: str) -> Consent:
    """A consent from `consent_text`."""
    return parse_consent(consent_text(**parts), "consent.toml")  # type: ignore[arg-type]  # texts only, by name


def scope(**parts: str) -> Scope:
    """The scope of such a consent."""
    return Scope(consent=consent(**parts))


APPLICATION = """\
schema = "posture.application/1"
applicant = "株式会社例"
country = "JP"
currency = "JPY"
sector = "manufacturing"
revenue = 500_000_000
employees = 80
records = 12_000
covers.A = { limit = 100_000_000, deductible = 100_000 }
covers.B = { limit = 30_000_000, deductible = 100_000 }
controls = { mfa_remote_access = true }
incidents = [{ date = 2024-05-10, kind = "ransomware", loss = 3_000_000 }]
"""
