"""`mail.mta_sts` against a real nginx: what RFC 8461 §3.3 wants of the host, and each way to fall short."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from posture.core.facts.mail_mta_sts import MailMtaSts
from posture.core.observations import Observation
from posture.core.targets import Target
from scanners.mail import mta_sts
from scanners.mail.mta_sts import MAX_POLICY
from scanners.observe import observe
from tests.support.dns_lab import ask, gaps, lab_context, reason, seen
from tests.support.dns_server import DnsServer
from tests.support.tls_servers import Paper, issue, nginx

HOST = "mta-sts.example.jp"
POLICY = "version: STSv1\nmode: enforce\nmx: mx.example.jp\nmax_age: 604800\n"
ZONE = '@ MX 10 mx\nmx A 127.0.0.25\nmta-sts A 127.0.0.1\n_mta-sts TXT "v=STSv1\\; id=1"\n'
VALID = MailMtaSts(status="valid", mode="enforce", max_age=604800, mx=("mx.example.jp",), problems=())
PLAIN = "default_type text/plain;"


@pytest.fixture(scope="module")
def authority() -> Paper:
    return issue("Test authority", authority=True)


@pytest.fixture(scope="module")
def papers(authority: Paper) -> dict[str, Paper]:
    def leaf(name: str, starts: int = -10, ends: int = 80) -> Paper:
        days = timedelta(days=1)
        return issue(name, authority, names=[name], starts=starts * days, ends=ends * days)

    return {
        "good": leaf(HOST),
        "wildcard": issue("*.example.jp", authority, names=["*.example.jp"]),
        "expired": leaf(HOST, -90, -1),
        "early": leaf(HOST, 1, 90),
        "other": leaf("www.example.jp"),
        "self": issue(HOST, names=[HOST]),
    }


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that nginx's worker may read: pytest's own are for their owner alone."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def look(
    authority: Paper, leaf: Paper, said: str, *directives: str, body: str = POLICY, budget: float = 60.0
) -> Observation[MailMtaSts]:
    """What is seen of a host that serves `body` under the directives `said` of its location."""
    with folder() as place, DnsServer(recursive=True) as dns:
        dns.zone("example.jp", ZONE)
        (place / "policy").write_text(body, encoding="utf-8")
        (place / "authority.pem").write_bytes(authority.pem)
        location = f"location = /.well-known/mta-sts.txt {{ alias {place}/policy; {said} }}"
        with nginx(leaf, *directives, location, chain=[authority]) as server:
            context = lab_context(
                dns,
                routes=[f"{HOST}:443=127.0.0.1:{server.port}"],
                trust_store=place / "authority.pem",
                timeout=5.0,
                budget=budget,
            )
            target = Target(name="example.jp")
            return ask(context, lambda c: observe(c, "mail.mta_sts", target, mta_sts.look(c, "example.jp")))


@pytest.mark.parametrize(
    ("paper", "said", "directives"),
    [
        ("good", PLAIN, ()),
        ("wildcard", PLAIN, ()),
        ("good", "default_type 'text/plain; charset=us-ascii';", ()),
        ("good", PLAIN, ("ssl_protocols TLSv1.2;",)),
        ("good", PLAIN, ("ssl_protocols TLSv1.3;",)),
        ("good", PLAIN, ("gzip on; gzip_types text/plain; gzip_min_length 1;",)),
    ],
)
def test_a_policy_that_holds(
    authority: Paper, papers: dict[str, Paper], paper: str, said: str, directives: tuple[str, ...]
) -> None:
    observation = look(authority, papers[paper], said, *directives)
    assert (seen(observation), gaps(observation)) == (VALID, {})


@pytest.mark.parametrize("paper", ["expired", "early", "other", "self"])
def test_a_certificate_that_senders_refuse(authority: Paper, papers: dict[str, Paper], paper: str) -> None:
    """RFC 8461 §3.3: valid, for this very name, and from an authority that is trusted."""
    observation = look(authority, papers[paper], PLAIN)
    fact = seen(observation)
    assert (fact.status, fact.problems, fact.mode, fact.mx) == ("invalid", ("certificate",), None, ())
    assert gaps(observation) == {}


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("return 301 https://www.example.jp/.well-known/mta-sts.txt;", "http-status:301"),
        ("return 302 /elsewhere;", "http-status:302"),
        ("return 404;", "http-status:404"),
        ("return 500;", "http-status:500"),
        ("return 204;", "http-status:204"),
    ],
)
def test_anything_but_200_is_no_policy(
    authority: Paper, papers: dict[str, Paper], said: str, problem: str
) -> None:
    """Redirects are not followed, even to a place that has it (§3.3)."""
    fact = seen(look(authority, papers["good"], said))
    assert (fact.status, fact.problems) == ("invalid", (problem,))


@pytest.mark.parametrize("kind", ["text/html", "application/octet-stream"])
def test_another_media_type_is_noted(authority: Paper, papers: dict[str, Paper], kind: str) -> None:
    fact = seen(look(authority, papers["good"], f"default_type {kind};"))
    assert (fact.status, fact.problems) == ("valid", ("content-type",))


@pytest.mark.parametrize(("octets", "status"), [(MAX_POLICY, "valid"), (MAX_POLICY + 1, "invalid")])
def test_a_policy_that_is_too_long(
    authority: Paper, papers: dict[str, Paper], octets: int, status: str
) -> None:
    """Half a policy is none: what the rest would say is not known (§3.3 proposes the limit)."""
    filler = "more: " + "x" * 58 + "\n"
    body = POLICY + filler * ((octets - len(POLICY)) // len(filler))
    body += "y" * (octets - len(body) - 4) + ": y\n"
    assert len(body) == octets
    fact = seen(look(authority, papers["good"], PLAIN, body=body))
    assert (fact.status, fact.problems) == (status, () if status == "valid" else ("too-long",))


def test_a_policy_that_never_comes_to_its_end(authority: Paper, papers: dict[str, Paper]) -> None:
    """nginx sends one octet a second; the time set aside for a host is spent first."""
    observation = look(authority, papers["good"], f"{PLAIN} limit_rate 1;", budget=3.0)
    assert reason(observation) == "budget"


def test_tls_that_is_too_old_for_a_client_that_verifies(authority: Paper, papers: dict[str, Paper]) -> None:
    observation = look(authority, papers["good"], PLAIN, "ssl_protocols TLSv1; ssl_ciphers ALL:@SECLEVEL=0;")
    assert seen(observation).status == "temperror"
