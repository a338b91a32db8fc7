"""`web/software_not_disclosed`: responses do not name the exact version of the software behind them."""

import re
from collections.abc import Iterator

from posture.checks.http import hops, host, shown
from posture.core.facts.web_response import WebResponse, values_of
from posture.core.findings import Verdict, failed, passed

_HEADERS = ("Server", "X-Powered-By", "X-AspNet-Version", "X-AspNetMvc-Version", "X-Generator")
_VERSION = re.compile(r"\d+\.\d+|/\d+|\bv?\d{2,}\b")


def judge(fact: WebResponse) -> Iterator[Verdict]:
    """Looks at every response of the host that was asked, redirects and errors too."""
    own = [hop for hop in hops(fact) if host(hop.url) == host(fact.asked)]
    said = {value for hop in own for name in _HEADERS for value in values_of(hop.headers, name)}
    versions = tuple(sorted(shown(value) for value in said if _VERSION.search(value)))
    yield failed("disclosed", values=versions) if versions else passed("silent")
