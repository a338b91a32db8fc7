"""Queries over policies: what is to be assessed again, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, insert, select, update

from posture.core.errors import PostureError
from posture.store.database import Database
from posture.store.schema import assessments, policies


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy under renewal; consent and application are kept as the files' text."""

    id: str
    applicant: str
    domain: str
    renewal_date: date
    consent: str
    application: str
    added_at: datetime


def add(database: Database, policy: Policy) -> None:
    """Keep a policy. Raises PostureError when its number is taken."""
    row = {name: getattr(policy, name) for name in Policy.__dataclass_fields__}
    taken = select(policies.c.id).where(policies.c.id == policy.id)
    with database.transaction() as connection:
        if connection.execute(taken).first() is not None:
            raise PostureError(
                f"Policy “{policy.id}” exists already.",
                remedy="Use another number, or remove it with: posture renewals remove.",
                code="policy-exists",
            )
        connection.execute(insert(policies).values(row))


def due(database: Database, *, until: date) -> Sequence[Policy]:
    """Policies whose renewal date is not after `until`, the earliest first."""
    query = select(policies).where(policies.c.renewal_date <= until)
    with database.transaction() as connection:
        rows = connection.execute(query.order_by(policies.c.renewal_date, policies.c.id)).mappings()
        return [Policy(**row) for row in rows]


def remove(database: Database, policy_id: str) -> None:
    """Forget a policy; its assessments stay. Raises PostureError when there is none."""
    with database.transaction() as connection:
        connection.execute(
            update(assessments).where(assessments.c.policy_id == policy_id).values(policy_id=None)
        )
        gone = connection.execute(
            delete(policies).where(policies.c.id == policy_id).returning(policies.c.id)
        ).first()
    if gone is None:
        raise PostureError(
            f"There is no policy “{policy_id}”.", remedy="See: posture renewals due", code="no-policy"
        )


def assessed_since(database: Database, policy_id: str, since: datetime) -> bool:
    """Whether the policy was completely assessed at or after `since`."""
    query = select(assessments.c.id).where(
        assessments.c.policy_id == policy_id, assessments.c.complete, assessments.c.finished_at >= since
    )
    with database.transaction() as connection:
        return connection.execute(query.limit(1)).first() is not None


def renew(database: Database, policy_id: str, renewal_date: date) -> None:
    """Set the next renewal date once the renewal is done."""
    with database.transaction() as connection:
        connection.execute(
            update(policies).where(policies.c.id == policy_id).values(renewal_date=renewal_date)
        )
