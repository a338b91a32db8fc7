"""The history of the underwriter's desk, which only grows; a case goes only when its assessment is purged."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_SQLITE = (
    """
    CREATE TRIGGER desk_events_no_UPDATE BEFORE UPDATE ON desk_events
    BEGIN SELECT RAISE(ABORT, 'desk_events is append-only'); END
    """,
    """
    CREATE TRIGGER desk_events_no_DELETE BEFORE DELETE ON desk_events
    WHEN NOT EXISTS (SELECT 1 FROM purging WHERE purging.domain = OLD."case")
    BEGIN SELECT RAISE(ABORT, 'desk_events is append-only'); END
    """,
)
_POSTGRESQL = (
    """
    CREATE FUNCTION desk_events_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'desk_events is append-only'; END $$
    """,
    """
    CREATE TRIGGER desk_events_append_only BEFORE UPDATE OR TRUNCATE ON desk_events
    FOR EACH STATEMENT EXECUTE FUNCTION desk_events_append_only()
    """,
    """
    CREATE FUNCTION desk_events_purge_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
      IF NOT EXISTS (SELECT 1 FROM purging WHERE purging.domain = OLD."case") THEN
        RAISE EXCEPTION 'desk_events is append-only';
      END IF;
      RETURN OLD;
    END $$
    """,
    """
    CREATE TRIGGER desk_events_purge_only BEFORE DELETE ON desk_events
    FOR EACH ROW EXECUTE FUNCTION desk_events_purge_only()
    """,
)


def upgrade() -> None:
    """Create the table and the triggers that keep its lines as they are."""
    op.create_table(
        "desk_events",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("case", sa.String(128), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("previous", sa.String(16), nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_desk_events"),
        sa.UniqueConstraint("case", "number", name="uq_desk_events_case"),
    )
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Drop the table; its triggers go with it."""
    op.drop_table("desk_events")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION desk_events_append_only()")
        op.execute("DROP FUNCTION desk_events_purge_only()")
