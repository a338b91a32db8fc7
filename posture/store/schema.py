"""Tables. A change here needs a migration in `migrations/versions`; a test compares the two."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time; SQLite forgets offsets, so UTC is stored and put back."""

    impl = DateTime(timezone=True)  # type: ignore[mutable-override]  # as SQLAlchemy documents it
    cache_ok = True  # type: ignore[mutable-override]  # idem

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Convert to UTC; a naive time is a bug."""
        if value is not None and value.tzinfo is None:
            raise ValueError("times in the store are aware")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Give back an aware UTC time."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


policies = Table(
    "policies",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("applicant", Text, nullable=False),
    Column("domain", String(253), nullable=False),
    Column("renewal_date", Date, nullable=False),
    Column("consent", Text, nullable=False),
    Column("application", Text, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
)

assessments = Table(
    "assessments",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("domain", String(253), nullable=False),
    Column("applicant", Text, nullable=False),
    Column("policy_id", String(64), ForeignKey("policies.id"), nullable=True),
    Column("finished_at", UtcDateTime, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("tier", String(2), nullable=False),
    Column("action", String(16), nullable=False),
    Column("premium_total", BigInteger, nullable=True),
    Column("currency", String(3), nullable=False),
    Column("score", Float, nullable=True),
    # Plain JSON, not JSONB: a stored document is evidence and keeps the order it was written in.
    Column("document", JSON, nullable=False),
)

# Whom an assessment's applicant depends on: counted across the book for accumulations.
suppliers = Table(
    "suppliers",
    metadata,
    Column("assessment", String(128), ForeignKey("assessments.id"), primary_key=True),
    Column("service", String(16), primary_key=True),
    Column("name", String(255), primary_key=True),
)

# Append-only: triggers of migrations 0002 and 0005 refuse to change or remove a line, but in a purge.
# `number` counts the lines of a finding from 0; that it is unique keeps two writers from both answering
# the same state.
finding_events = Table(
    "finding_events",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("domain", String(253), nullable=False),
    Column("finding", String(16), nullable=False),
    Column("number", Integer, nullable=False),
    Column("assessment", String(128), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("until", UtcDateTime, nullable=True),
    Column("evidence", String(64), nullable=False),
    Column("reply_to", String(16), nullable=False),
    UniqueConstraint("domain", "finding", "number", name="uq_finding_events_domain"),
)

# Digests of what a consent no longer let us keep.
purged = Table(
    "purged",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("finished_at", UtcDateTime, nullable=False),
    Column("retain_until", Date, nullable=False),
    Column("purged_at", UtcDateTime, nullable=False),
    Column("document", String(64), nullable=False),
    Column("consent", String(64), nullable=False),
    Column("tables", String(64), nullable=False),
    Column("model", String(64), nullable=False),
    Column("events", String(64), nullable=False),
)

# Domains whose ledger, and cases whose history, may go in this very transaction; empty at all other times.
purging = Table("purging", metadata, Column("domain", String(253), primary_key=True))

# Append-only: triggers of migration 0006 refuse to change or remove a line. `number` counts the lines of a
# case (an assessment) from 0; `previous` links each line to the one before it.
desk_events = Table(
    "desk_events",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("case", String(128), nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("previous", String(16), nullable=False),
    Column("body", JSON, nullable=False),
    UniqueConstraint("case", "number", name="uq_desk_events_case"),
)

Index("ix_assessments_domain_finished_at", assessments.c.domain, assessments.c.finished_at)
Index("ix_suppliers_service_name", suppliers.c.service, suppliers.c.name)
Index("ix_policies_renewal_date", policies.c.renewal_date)

# What the vulnerability feeds said when last read. A document replaces the one before it, whole; what an
# assessment was judged by stands in the assessment. `part` is `vendor:product` where a feed comes in parts.
feeds = Table(
    "feeds",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("part", String(128), primary_key=True),
    Column("url", Text, nullable=False),
    Column("fetched_at", UtcDateTime, nullable=False),
    Column("published", Date, nullable=True),
    Column("sha256", String(64), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("etag", Text, nullable=False),
)

feed_exploited = Table(
    "feed_exploited",
    metadata,
    Column("cve", String(24), primary_key=True),
    Column("vendor", Text, nullable=False),
    Column("product", Text, nullable=False),
    Column("added", Date, nullable=False),
    Column("due", Date, nullable=False),
    Column("ransomware", Boolean, nullable=False),
)

feed_likelihoods = Table(
    "feed_likelihoods",
    metadata,
    Column("cve", String(24), primary_key=True),
    Column("epss", Float, nullable=False),
    Column("percentile", Float, nullable=False),
)

feed_flaws = Table(
    "feed_flaws",
    metadata,
    Column("product", String(128), primary_key=True),
    Column("cve", String(24), primary_key=True),
    Column("published", Date, nullable=False),
    Column("severity", String(16), nullable=True),
    Column("score", Float, nullable=True),
    Column("spans", JSON, nullable=False),
)

feed_releases = Table(
    "feed_releases",
    metadata,
    Column("product", String(64), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("ended", Date, nullable=True),
)
