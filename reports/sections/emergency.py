"""The emergency card: in outline before binding, in full for policyholders."""

from reports.blocks import Block, Entry, Fact, Facts, Items, Notice, Paragraph, Section
from reports.branding import Branding
from reports.say import Say


def section(say: Say, branding: Branding) -> Section:
    """The response-support services of the policy; for a policyholder whom to call and what to do first."""
    services = tuple(Entry(text=text) for text in say.words.under("services").values())
    full = branding.policyholder and bool(branding.emergency)
    blocks: list[Block] = [*_full(say, branding)] if full else [Paragraph(text=say("emergency.outline"))]
    blocks += [Items(entries=services), Paragraph(text=say("emergency.fees"), tone="muted")]
    return Section(anchor="emergency", title=say("sections.emergency"), blocks=tuple(blocks))


def _full(say: Say, branding: Branding) -> tuple[Block, ...]:
    """The desk, who leads, and the first steps in order."""
    who = ((key, getattr(branding, key)) for key in ("insurer", "desk", "coordinator"))
    rows = tuple(Fact(term=say(f"emergency.{key}"), text=text) for key, text in who if text)
    steps = tuple(Entry(text=text) for text in say.words.under("first_steps").values())
    return (
        Notice(title=say("emergency.call"), text=branding.emergency),
        Facts(rows=rows),
        Paragraph(text=say("emergency.first"), tone="accent"),
        Items(entries=steps, ordered=True),
        Paragraph(text=say("emergency.support"), tone="accent"),
    )
