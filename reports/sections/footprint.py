"""Whose the hosts are: why each seems to be the applicant's, who runs it, and what the consent left out."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from posture.core.facts.footprint_host import FootprintHost, Sign
from posture.core.findings import Owner
from posture.core.observations import Seen
from reports.blocks import Block, Cell, Notice, Paragraph, Section, Table
from reports.convention import number
from reports.plain import visible
from reports.say import Say
from reports.sections.parts import heads
from reports.view import View

_OWN = (Owner.SELF, Owner.HOSTED)
#: Longest text of the network inside a cell.
_QUOTE = 200


def section(view: View, say: Say) -> Section:
    """The applicant's hosts, those of others it relies on, and the exclusions."""
    hosts = found(view)
    blocks: list[Block] = [Paragraph(text=_counted(hosts, say))]
    groups = (
        ("hosts_own", [host for host in hosts if host.owner in _OWN]),
        ("hosts_others", [host for host in hosts if host.owner not in _OWN]),
    )
    blocks += [_table(key, group, view, say) for key, group in groups if group]
    blocks += [*_excluded(view, say), Paragraph(text=say("text.footprint_contest"))]
    return Section(anchor="footprint", title=say("sections.footprint"), blocks=tuple(blocks))


def found(view: View) -> tuple[FootprintHost, ...]:
    """Every host of the assessment; none in assessments older than the fact."""
    results = (obs.result for obs in view.assessment.observations if obs.kind == FootprintHost.KIND)
    return tuple(result.value for result in results if isinstance(result, Seen))


def _counted(hosts: Sequence[FootprintHost], say: Say) -> str:
    if not hosts:
        return say("text.footprint_none")
    own = [host for host in hosts if host.owner in _OWN]
    return say(
        "text.footprint",
        own=number(len(own)),
        hosted=number(sum(host.owner is Owner.HOSTED for host in own)),
        others=number(len(hosts) - len(own)),
    )


def _table(key: str, hosts: Iterable[FootprintHost], view: View, say: Say) -> Table:
    columns = heads(
        say, ("host", "left", 4), ("signs", "left", 7), ("run_by", "left", 4), ("looked", "left", 3)
    )
    rows: dict[FootprintHost, list[str]] = {}
    for host in hosts:
        rows.setdefault(_alike(host), []).append(host.address or "")
    return Table(
        caption=say(f"captions.{key}"),
        columns=columns,
        rows=tuple(_row(host, places, view, say) for host, places in rows.items()),
    )


def _alike(host: FootprintHost) -> FootprintHost:
    """What addresses of one row have in common: everything but the address."""
    detail = "" if host.detail == host.address else host.detail
    return replace(host, address=None, detail=detail)


def _row(host: FootprintHost, places: Sequence[str], view: View, say: Say) -> tuple[Cell, ...]:
    sent = {*host.asked, *(one.technique for one in view.assessment.contacted if one.address in places)}
    where = say.several(filter(None, places))
    names = say.several(visible(name, limit=_QUOTE) for name in host.names)
    label = say("labels.with_note", text=names, note=where) if names and where else names or where
    return (
        Cell(text=label),
        Cell(text=_sentences(_signs(host.signs, say), say) or say("signs.none")),
        Cell(text=_owner(host, say)),
        _looked(sent, say, excluded=host.excluded),
    )


def _signs(signs: Sequence[Sign], say: Say) -> Iterable[str]:
    """A sentence for each kind of sign and what it goes by; names of one kind together."""
    together: dict[tuple[str, str], list[str]] = {}
    for sign in signs:
        together.setdefault((sign.how, _via(sign)), []).append(visible(sign.what, limit=_QUOTE))
    for (how, via), whats in together.items():
        yield say(f"signs.{how}", what=say.several(whats), via=via)


def _via(sign: Sign) -> str:
    """Digests are in the assessment; a reader gets the words."""
    return "" if sign.how.startswith("certificate") else visible(sign.via, limit=_QUOTE)


def _owner(host: FootprintHost, say: Say) -> str:
    owner = say(f"owners_short.{host.owner.value}")
    return say("labels.with_note", text=owner, note=_run_by(host, say))


def _run_by(host: FootprintHost, say: Say) -> str:
    declared = host.owner is Owner.HOSTED and host.why != "provider-list"
    return say(f"run_by.{'declared-hosted' if declared else host.why}", detail=visible(host.detail))


def _looked(techniques: Collection[str], say: Say, *, excluded: bool) -> Cell:
    """By what it was asked, as observations and the record of all contacts have it."""
    if techniques:
        return Cell(text=say.several(say(f"techniques.{name}") for name in sorted(techniques)))
    return Cell(text=say("looked.excluded" if excluded else "looked.not"), tone="unknown")


def _sentences(parts: Iterable[str], say: Say) -> str:
    return ("" if say.language == "ja" else " ").join(parts)


def _excluded(view: View, say: Say) -> tuple[Notice, ...]:
    """What the consent takes out, whether or not anything led there."""
    given = view.assessment.consent
    names = [*given.excluded_names, *map(str, given.excluded_networks)]
    if not names:
        return ()
    text = say("text.footprint_excluded", names=say.several(names))
    return (Notice(title=say("looked.excluded"), text=text, tone="unknown"),)
