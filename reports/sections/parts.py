"""Small parts that every section is made of: columns, anchors of findings, references to them."""

from collections.abc import Iterable

from reports.blocks import Column, Link
from reports.say import Say
from reports.view import View


def heads(say: Say, *columns: tuple[str, str, int]) -> tuple[Column, ...]:
    """Columns from (word id, alignment, share of the width)."""
    return tuple(
        Column(title=say(f"columns.{key}"), align=align, share=share) for key, align, share in columns
    )


def anchor(finding_id: str) -> str:
    """The anchor of a finding's card."""
    return f"f-{finding_id}"


def links_to(finding_ids: Iterable[str], view: View, say: Say) -> tuple[Link, ...]:
    """References to the cards of those findings that are open."""
    wanted = set(finding_ids)
    return tuple(
        Link(text=say("labels.finding_short", number=issue.number), anchor=anchor(issue.finding.id))
        for issue in view.issues
        if any(finding.id in wanted for finding in issue.findings)
    )
