"""The emergency card: in outline before binding, in full for policyholders."""

from reports.blocks import Block, Entry, Items, Notice, Paragraph, Section
from reports.branding import Branding
from reports.say import Say


def section(say: Say, branding: Branding) -> Section:
    """The response-support services of the policy, and for a policyholder whom to call."""
    services = tuple(Entry(text=text) for text in say.words.under("services").values())
    blocks: list[Block] = []
    if branding.policyholder and branding.emergency:
        blocks.append(Notice(title=say("emergency.call"), text=branding.emergency))
    else:
        blocks.append(Paragraph(text=say("emergency.outline")))
    blocks += [Items(entries=services), Paragraph(text=say("emergency.fees"), tone="muted")]
    return Section(anchor="emergency", title=say("sections.emergency"), blocks=tuple(blocks))
