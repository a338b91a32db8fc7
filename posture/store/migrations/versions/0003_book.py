"""The score of every assessment as a column, and whom its applicant depends on."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SCORE = {
    "sqlite": "json_extract(document, '$.score.value')",
    "postgresql": "(document #>> '{score,value}')::double precision",
}


def upgrade() -> None:
    """Fill the scores from the documents; suppliers are known from the next assessment on."""
    op.add_column("assessments", sa.Column("score", sa.Float, nullable=True))
    op.execute(f"UPDATE assessments SET score = {_SCORE[op.get_bind().dialect.name]}")  # noqa: S608  fixed text
    op.create_table(
        "suppliers",
        sa.Column("assessment", sa.String(128), nullable=False),
        sa.Column("service", sa.String(16), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("assessment", "service", "name", name="pk_suppliers"),
        sa.ForeignKeyConstraint(
            ["assessment"], ["assessments.id"], name="fk_suppliers_assessment_assessments"
        ),
    )
    op.create_index("ix_suppliers_service_name", "suppliers", ["service", "name"])


def downgrade() -> None:
    """Drop both."""
    op.drop_index("ix_suppliers_service_name", "suppliers")
    op.drop_table("suppliers")
    with op.batch_alter_table("assessments") as batch:
        batch.drop_column("score")
