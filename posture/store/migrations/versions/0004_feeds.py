"""What the vulnerability feeds say."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLES = ("feed_releases", "feed_flaws", "feed_likelihoods", "feed_exploited", "feeds")


def upgrade() -> None:
    """Create the table of documents and those of their rows."""
    op.create_table(
        "feeds",
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("part", sa.String(128), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published", sa.Date, nullable=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("etag", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", "part", name="pk_feeds"),
    )
    op.create_table(
        "feed_exploited",
        sa.Column("cve", sa.String(24), nullable=False),
        sa.Column("vendor", sa.Text, nullable=False),
        sa.Column("product", sa.Text, nullable=False),
        sa.Column("added", sa.Date, nullable=False),
        sa.Column("due", sa.Date, nullable=False),
        sa.Column("ransomware", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("cve", name="pk_feed_exploited"),
    )
    op.create_table(
        "feed_likelihoods",
        sa.Column("cve", sa.String(24), nullable=False),
        sa.Column("epss", sa.Float, nullable=False),
        sa.Column("percentile", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("cve", name="pk_feed_likelihoods"),
    )
    op.create_table(
        "feed_flaws",
        sa.Column("product", sa.String(128), nullable=False),
        sa.Column("cve", sa.String(24), nullable=False),
        sa.Column("published", sa.Date, nullable=False),
        sa.Column("severity", sa.String(16), nullable=True),
        sa.Column("score", sa.Float, nullable=True),
        sa.Column("spans", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("product", "cve", name="pk_feed_flaws"),
    )
    op.create_table(
        "feed_releases",
        sa.Column("product", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("ended", sa.Date, nullable=True),
        sa.PrimaryKeyConstraint("product", "name", name="pk_feed_releases"),
    )


def downgrade() -> None:
    """Drop them all."""
    for table in _TABLES:
        op.drop_table(table)
