"""Digests of purged assessments; the ledger lets go of a domain that is being purged, and of nothing else."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SQLITE = """
CREATE TRIGGER finding_events_no_DELETE BEFORE DELETE ON finding_events
WHEN NOT EXISTS (SELECT 1 FROM purging WHERE purging.domain = OLD.domain)
BEGIN SELECT RAISE(ABORT, 'finding_events is append-only'); END
"""
_SQLITE_BEFORE = """
CREATE TRIGGER finding_events_no_DELETE BEFORE DELETE ON finding_events
BEGIN SELECT RAISE(ABORT, 'finding_events is append-only'); END
"""
_FUNCTION = """
CREATE FUNCTION finding_events_purge_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM purging WHERE purging.domain = OLD.domain) THEN
    RAISE EXCEPTION 'finding_events is append-only';
  END IF;
  RETURN OLD;
END $$
"""
_POSTGRESQL = (
    "DROP TRIGGER finding_events_append_only ON finding_events",
    """
    CREATE TRIGGER finding_events_append_only BEFORE UPDATE OR TRUNCATE ON finding_events
    FOR EACH STATEMENT EXECUTE FUNCTION finding_events_append_only()
    """,
    _FUNCTION,
    """
    CREATE TRIGGER finding_events_purge_only BEFORE DELETE ON finding_events
    FOR EACH ROW EXECUTE FUNCTION finding_events_purge_only()
    """,
)
_POSTGRESQL_BEFORE = (
    "DROP TRIGGER finding_events_purge_only ON finding_events",
    "DROP FUNCTION finding_events_purge_only()",
    "DROP TRIGGER finding_events_append_only ON finding_events",
    """
    CREATE TRIGGER finding_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON finding_events
    FOR EACH STATEMENT EXECUTE FUNCTION finding_events_append_only()
    """,
)


def upgrade() -> None:
    """Create both tables and replace the trigger that guards deletion."""
    time = sa.DateTime(timezone=True)
    op.create_table(
        "purged",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("finished_at", time, nullable=False),
        sa.Column("retain_until", sa.Date, nullable=False),
        sa.Column("purged_at", time, nullable=False),
        *(
            sa.Column(name, sa.String(64), nullable=False)
            for name in ("document", "consent", "tables", "model", "events")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_purged"),
    )
    op.create_table(
        "purging",
        sa.Column("domain", sa.String(253), nullable=False),
        sa.PrimaryKeyConstraint("domain", name="pk_purging"),
    )
    _guard(("DROP TRIGGER finding_events_no_DELETE", _SQLITE), _POSTGRESQL)


def downgrade() -> None:
    """Put the former trigger back and drop both tables."""
    _guard(("DROP TRIGGER finding_events_no_DELETE", _SQLITE_BEFORE), _POSTGRESQL_BEFORE)
    op.drop_table("purging")
    op.drop_table("purged")


def _guard(sqlite: tuple[str, ...], postgresql: tuple[str, ...]) -> None:
    for statement in sqlite if op.get_bind().dialect.name == "sqlite" else postgresql:
        op.execute(statement)
