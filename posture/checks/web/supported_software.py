"""`web/supported_software`: the software that answers here is still mended by its maker."""

from collections.abc import Iterator

from posture.checks.http import hops, host, is_https
from posture.checks.lifecycle import judge_texts
from posture.core.facts.web_response import WebResponse
from posture.core.findings import Verdict, not_applicable


def judge(fact: WebResponse) -> Iterator[Verdict]:
    """Reads the headers of every answer of the host that was asked."""
    own = [hop for hop in hops(fact) if host(hop.url) == host(fact.asked)]
    texts = [f"{name}: {value}" for hop in own for name, value in hop.headers]
    verdicts = list(judge_texts(texts, "web", path="headers"))
    led_on = is_https(fact.url) and not is_https(fact.asked)
    if led_on and all(verdict.message == "not_stated" for verdict in verdicts):
        yield not_applicable("web_elsewhere", url=fact.url)
    else:
        yield from verdicts
