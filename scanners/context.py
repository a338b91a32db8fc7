"""What every scanner is given."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from scanners.net.routes import Routes

if TYPE_CHECKING:
    from posture.core.facts.web_response import WebResponse
    from scanners.dns.resolver import Resolver
    from scanners.net.gateway import Gateway


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The operator's settings of one scan.

    `resolvers` are (address, port); empty means the system's. `address` replaces the resolution of the
    target's own name. Times are seconds; `budget` bounds one host of one technique.
    `greeting` is the wait for a mail server's first word: greet delays against spammers last ten seconds.
    `ehlo_name` is what mail servers are told; empty means our address as a literal. `full` asks mail servers
    for every cipher suite.
    Rates are per second and host: `host_rate` new connections, `sweep_rate` a port sweep's probes.
    `network_addresses`: the largest network of the consent that is asked as one.
    `known_names` are hosts the application names, as A-labels; some may lie outside the domain.
    """

    resolvers: tuple[tuple[str, int], ...] = ()
    address: str | None = None
    routes: Routes = field(default_factory=Routes)
    trust_store: Path | None = None
    trust_anchor: Path | None = None
    dkim_selectors: tuple[str, ...] = ()
    starttls: str | None = None
    ports: str | None = None
    nmap: str | None = None
    user_agent: str = "posture-underwriting"
    contact: str = ""
    ehlo_name: str = ""
    full: bool = False
    timeout: float = 5.0
    greeting: float = 12.0
    budget: float = 60.0
    host_connections: int = 8
    host_rate: float = 60.0
    sweep_rate: float = 1000.0
    network_addresses: int = 256
    known_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One scan: its door, its resolver (with the only cache), its clock, and a place for our own faults.

    `known` says whether a page's product is recognised already: nothing more is asked to learn it then.
    `progress` is told the name of each finished area, and on the way how many hosts are swept (“ports 3/12”).
    """

    gateway: "Gateway"
    resolver: "Resolver"
    options: Options
    clock: Callable[[], datetime]
    faults: list[str] = field(default_factory=list)
    known: "Callable[[WebResponse], bool]" = lambda _page: False
    progress: Callable[[str], None] = lambda _step: None
