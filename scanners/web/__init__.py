"""Web: what an ordinary visitor's request to the applicant's addresses brings."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from posture.core.facts.web_exposure import WebExposure
from posture.core.facts.web_response import WebResponse
from posture.core.observations import Observation, Seen, Unseen
from scanners.context import Context
from scanners.observe import observe, unseen
from scanners.web.place import Place, place

KINDS = (WebResponse.KIND, WebExposure.KIND)

_Answers = list[tuple[Place, Observation[Any]]]


async def scan(context: Context, urls: Sequence[str]) -> list[Observation[Any]]:
    """One `web.response` per URL and one `web.exposure` per host; of each host at most one icon.

    Raises PostureError for a text that is no URL of ours to ask.
    """
    places = [place(url) for url in urls]
    answers = await asyncio.gather(*(ask(context, one) for one in places))
    answers = await _illustrated(context, answers)
    hosts = _by_host(zip(places, answers, strict=True))
    exposures = await asyncio.gather(*(_expose(context, host) for host in hosts))
    return [*answers, *exposures]


async def pages(context: Context, urls: Sequence[str]) -> list[Observation[Any]]:
    """One `web.response` per URL, and nothing else asked of its host."""
    return [*await asyncio.gather(*(ask(context, place(url)) for url in urls))]


async def ask(context: Context, start: Place) -> Observation[Any]:
    """One `web.response`: the start page, and where it leads."""
    from scanners.web.chain import follow  # requests is loaded when there is something to ask

    evidence: list[str] = []

    async def attempt() -> Seen[WebResponse]:
        seen, digests = await follow(context, start)
        evidence.extend(digests)
        return seen

    found = await observe(context, WebResponse.KIND, start.target, attempt())
    return replace(found, evidence=tuple(evidence))


async def again(context: Context, start: Place) -> Observation[Any]:
    """One `web.response` as `scan` brings it: with the page's icon, where that may tell the product."""
    (found,) = await _illustrated(context, [await ask(context, start)])
    return found


async def _illustrated(
    context: Context, answers: Sequence[Observation[WebResponse]]
) -> list[Observation[WebResponse]]:
    """The answers, one of each host with its icon."""
    from scanners.web.icons import one_per_host
    from scanners.web.illustrate import illustrated

    chosen = [*one_per_host(context, answers).values()]
    shown = await asyncio.gather(*(illustrated(context, answer, there) for answer, there in chosen))
    pairs = [(old, new) for (old, _), new in zip(chosen, shown, strict=True)]
    return [next((new for old, new in pairs if old is answer), answer) for answer in answers]


def _by_host(answers: Iterable[tuple[Place, Observation[Any]]]) -> list[_Answers]:
    """The answers of each host, HTTPS first: where both answered, files are asked for there."""
    hosts: dict[str | None, _Answers] = {}
    for start, answer in answers:
        hosts.setdefault(start.target.name or start.target.address, []).append((start, answer))
    return [sorted(found, key=lambda pair: not pair[0].url.startswith("https:")) for found in hosts.values()]


async def _expose(context: Context, answers: _Answers) -> Observation[Any]:
    from scanners.web.exposure import look

    for start, answer in answers:
        if isinstance(answer.result, Seen):
            origin = place(start.url.partition("?")[0])
            page = place(answer.result.value.url)
            return await observe(context, WebExposure.KIND, origin.target, look(context, origin, page))
    start, silent = answers[0]
    why = silent.result if isinstance(silent.result, Unseen) else None
    if why is None:
        raise TypeError("an observation is either seen or unseen")
    return unseen(context, WebExposure.KIND, start.target, why)
