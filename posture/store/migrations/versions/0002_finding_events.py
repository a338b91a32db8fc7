"""The ledger of findings, which only grows."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SQLITE = """
CREATE TRIGGER finding_events_no_{verb} BEFORE {verb} ON finding_events
BEGIN SELECT RAISE(ABORT, 'finding_events is append-only'); END
"""
_FUNCTION = """
CREATE FUNCTION finding_events_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'finding_events is append-only'; END $$
"""
_POSTGRESQL = """
CREATE TRIGGER finding_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON finding_events
FOR EACH STATEMENT EXECUTE FUNCTION finding_events_append_only()
"""


def upgrade() -> None:
    """Create the table and the triggers that keep its lines as they are."""
    time = sa.DateTime(timezone=True)
    op.create_table(
        "finding_events",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("domain", sa.String(253), nullable=False),
        sa.Column("finding", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("assessment", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", time, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("until", time, nullable=True),
        sa.Column("evidence", sa.String(64), nullable=False),
        sa.Column("reply_to", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_finding_events"),
        sa.UniqueConstraint("domain", "finding", "number", name="uq_finding_events_domain"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(_SQLITE.format(verb=verb))
    else:
        op.execute(_FUNCTION)
        op.execute(_POSTGRESQL)


def downgrade() -> None:
    """Drop the table; its triggers go with it."""
    op.drop_table("finding_events")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION finding_events_append_only()")
