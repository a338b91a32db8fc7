"""One request for an icon; loaded when there is one to ask for."""

from dataclasses import replace

from posture.core.consent import Technique
from posture.core.facts.web_response import Icon, WebResponse
from posture.core.observations import Gap, Observation, Seen, Unseen
from scanners.context import Context
from scanners.observe import observe
from scanners.web.chain import visit
from scanners.web.exchange import MOST_BODY
from scanners.web.icons import digests
from scanners.web.place import Place


async def illustrated(
    context: Context, found: Observation[WebResponse], there: Place
) -> Observation[WebResponse]:
    """`found` with the icon that `there` answers; that it could not be had is a gap, and no failure."""
    seen = found.result
    if isinstance(seen, Unseen):
        return found
    brought = await observe(context, found.kind, found.target, _ask(context, there))
    if isinstance(brought.result, Unseen):
        unseen = Gap(path="icon.status", reason=brought.result.reason)
        icon, evidence, gaps = Icon(url=there.url), "", (*seen.gaps, unseen)
    else:
        (icon, evidence), gaps = brought.result.value, seen.gaps
    result = Seen(value=replace(seen.value, icon=icon), gaps=gaps)
    return replace(found, result=result, evidence=(*found.evidence, *([evidence] if evidence else [])))


async def _ask(context: Context, there: Place) -> Seen[tuple[Icon, str]]:
    """Digests are those of a whole answer: of a piece, or of an error page, they would say nothing."""
    session = context.gateway.session(Technique.WEB)
    try:
        answer = await visit(context, session, there)
    finally:
        session.close()
    icon = Icon(url=there.url, status=answer.status)
    whole = answer.status == 200 and not answer.broken and len(answer.body) < MOST_BODY
    return Seen(value=(digests(icon, answer.body) if whole else icon, answer.evidence))
