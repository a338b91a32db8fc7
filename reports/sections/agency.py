"""For an agent or broker: where the case stands and what is missing; no finding the consent does not open."""

from posture.core.decisions import Statement
from reports.blocks import Block, Entry, Items, Paragraph, Section, Tile, Tiles
from reports.branding import Branding
from reports.say import Say
from reports.sections import applicant, decision, ledger, shared
from reports.view import View

#: The name of an agency in a consent's `disclose_to`.
RECIPIENT = "agency"
#: Reasons that an answer from the applicant settles.
_MISSING = ("gross-profit-missing", "it-revenue-missing", "it-option-missing", "no-application")


def sections(view: View, say: Say, branding: Branding) -> tuple[Section, ...]:
    """Standing, conditions, open questions; the plan only where the consent names agencies."""
    allowed = _allowed(view)
    findings = applicant.plan(view, say, linked=False) if allowed else _closed(say)
    return standing(view, say), findings, applicant.about(say, branding)


def _allowed(view: View) -> bool:
    """Whether the consent opens findings to agencies."""
    return RECIPIENT in view.assessment.consent.disclose_to


def standing(view: View, say: Say) -> Section:
    """Tier, subjectivities and missing answers; what was observed against an answer only where it is open."""
    taken = view.assessment.decision
    tier = taken.tier.value
    tile = Tile(label=say("tiles.tier"), value=tier, note=say(f"tiers.{tier}"))
    missing = tuple(reason for reason in taken.reasons if reason.id in _MISSING)
    blocks: list[Block] = [
        Tiles(tiles=(tile,)),
        *shared.incomplete(view, say),
        *ledger.stamp(view, say, named=_allowed(view)),
    ]
    blocks += _listed("subjectivities", taken.subjectivities, say)
    differing = taken.facts_known if _allowed(view) else ()
    blocks += _listed("missing", (*missing, *differing), say)
    if taken.facts_known and not differing:
        blocks.append(Paragraph(text=say("text.differences_closed", count=len(taken.facts_known))))
    return Section(anchor="standing", title=say("sections.standing"), blocks=tuple(blocks))


def _listed(key: str, found: tuple[Statement, ...], say: Say) -> tuple[Block, ...]:
    title = Paragraph(text=say(f"sections.{key}"), tone="accent")
    if not found:
        return title, Paragraph(text=say("labels.none"), tone="muted")
    return title, Items(entries=tuple(Entry(text=decision.sentence(item, say)) for item in found))


def _closed(say: Say) -> Section:
    return Section(
        anchor="plan", title=say("sections.plan"), blocks=(Paragraph(text=say("text.findings_closed")),)
    )
