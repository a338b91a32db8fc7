"""Policies and assessments."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables."""
    time = sa.DateTime(timezone=True)
    op.create_table(
        "policies",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("applicant", sa.Text, nullable=False),
        sa.Column("domain", sa.String(253), nullable=False),
        sa.Column("renewal_date", sa.Date, nullable=False),
        sa.Column("consent", sa.Text, nullable=False),
        sa.Column("application", sa.Text, nullable=False),
        sa.Column("added_at", time, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_policies"),
    )
    op.create_index("ix_policies_renewal_date", "policies", ["renewal_date"])
    op.create_table(
        "assessments",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("domain", sa.String(253), nullable=False),
        sa.Column("applicant", sa.Text, nullable=False),
        sa.Column("policy_id", sa.String(64), nullable=True),
        sa.Column("finished_at", time, nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("tier", sa.String(2), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("premium_total", sa.BigInteger, nullable=True),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_assessments"),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"], name="fk_assessments_policy_id_policies"),
    )
    op.create_index("ix_assessments_domain_finished_at", "assessments", ["domain", "finished_at"])


def downgrade() -> None:
    """Drop both tables."""
    op.drop_table("assessments")
    op.drop_table("policies")
