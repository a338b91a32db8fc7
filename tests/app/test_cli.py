"""The command line from outside: exit codes, one JSON document, and what stays unloaded."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from posture.app.cli import COMMANDS, HELP, cli
from tests.support.papers import APPLICATION, consent_text

HEAVY = [
    "alembic",
    "cryptography",
    "dns",
    "jinja2",
    "matplotlib",
    "models",
    "msgspec",
    "nmap",
    "numpy",
    "reports",
    "requests",
    "rich",
    "scanners",
    "sklearn",
    "sqlalchemy",
    "typst",
    "urllib3",
]


def posture(*arguments: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "posture.app.cli", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **env},
        timeout=100,
        check=False,
    )


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    (tmp_path / "consent.toml").write_text(consent_text(), encoding="utf-8")
    (tmp_path / "application.toml").write_text(APPLICATION, encoding="utf-8")
    return tmp_path


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom posture.app.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as end:\n    assert end.code == 0\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr.strip() == "[]"


def test_every_command_is_listed_and_has_a_help_with_an_example() -> None:
    assert COMMANDS.keys() == HELP.keys()
    overview = posture("--help").stdout
    for command in COMMANDS:
        assert f"  {command} " in overview
        done = posture(command, "--help")
        assert done.returncode == 0
        assert "Example: posture" in done.stdout


def groups() -> list[str]:
    """The commands that have commands; any other would do its work, as `posture demo` does for a minute."""
    context = click.Context(cli)
    return [name for name in COMMANDS if isinstance(cli.get_command(context, name), click.Group)]


@pytest.mark.parametrize("words", [(), *((name,) for name in groups())], ids=" ".join)
def test_a_group_alone_prints_its_help_with_whole_sentences(words: tuple[str, ...]) -> None:
    done = posture(*words)
    assert "COMMAND [ARGS]..." in done.stderr
    assert done.returncode == 2
    assert done.stdout == ""
    listed = done.stderr.partition("\nCommands:\n")[2]
    assert len(listed.splitlines()) > 1
    assert "..." not in listed


def test_usage_errors_exit_2_and_are_one_document_with_json() -> None:
    for words in (
        ["nonsense"],
        ["assess"],
        ["assess", "example.co.jp"],
        ["probe", "dns", "example.co.jp", "--wrong"],
    ):
        done = posture(*words, "--json")
        assert done.returncode == 2
        document = json.loads(done.stdout)
        assert document["schema"] == "posture.error/1"
        assert document["exit"] == 2
        assert "Traceback" not in done.stderr


def test_an_absent_consent_exits_1_with_one_sentence(tmp_path: Path) -> None:
    done = posture("assess", "example.co.jp", "--consent", "nowhere.toml", "--json", cwd=tmp_path)
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert document["code"] == "bad-consent"
    assert "nowhere.toml" in document["message"]
    assert document["remedy"]
    assert done.stderr.strip() == f"{document['message']} {document['remedy']}"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('proof = { method = "document" }', "", "consent-unproved"),
        ('["example.co.jp"]', '["other.example"]', "not-consented"),
        ("exclude = []", 'exclude = ["example.co.jp"]', "excluded"),
    ],
)
def test_a_wellformed_consent_that_does_not_allow_it_exits_4(
    papers: Path, old: str, new: str, code: str
) -> None:
    path = papers / "consent.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    done = posture("assess", "example.co.jp", "--consent", "consent.toml", "--json", cwd=papers)
    assert done.returncode == 4, done.stderr
    assert json.loads(done.stdout)["code"] == code
    assert sorted(p.name for p in papers.iterdir()) == ["application.toml", "consent.toml"]


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [
        ("--resolver", "nowhere", "bad-resolver"),
        ("--address", "nowhere", "bad-address"),
        ("--ports", "22,x", "bad-ports"),
        ("--connect-to", "x", "bad-route"),
        ("--trust-store", "consent.toml", "bad-trust-store"),
        ("--trust-anchor", "nowhere", "bad-file"),
        ("--application", "nowhere", "bad-application"),
        ("--out", "consent.toml", "bad-out"),
        ("--model", "consent.toml", "bad-model"),
        ("--database", "mysql://x", "database"),
    ],
)
def test_bad_options_exit_1_before_anything_is_sent(papers: Path, option: str, value: str, code: str) -> None:
    done = posture(
        "assess", "example.co.jp", "--consent", "consent.toml", option, value, "--json", cwd=papers
    )
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["code"] == code


def test_a_bad_domain_exits_1(papers: Path) -> None:
    for domain in ("exa mple", "127.0.0.1", "localhost", "-oN.example", "a" * 300 + ".example"):
        done = posture("assess", "--consent", "consent.toml", "--json", "--", domain, cwd=papers)
        assert done.returncode == 1
        assert json.loads(done.stdout)["code"] == "bad-domain"


def test_nmap_missing_exits_1_before_anything_is_sent(papers: Path) -> None:
    settings = papers / "settings.toml"
    settings.write_text('nmap = "/nowhere/nmap"', encoding="utf-8")
    done = posture(
        *("assess", "example.co.jp", "--consent", "consent.toml", "--json"),
        cwd=papers,
        POSTURE_SETTINGS=str(settings),
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["code"] == "nmap-missing"


def test_a_consent_is_written_shown_and_never_overwritten(tmp_path: Path) -> None:
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(b"countersigned")
    words = (
        *(
            "consent",
            "new",
            "--applicant",
            '株式会社"例"',
            "--domain",
            "例え.jp",
            "--network",
            "203.0.113.0/28",
        ),
        *("--granter", "例 太郎", "--email", "taro@example.co.jp", "--document", str(paper)),
    )
    assert posture(*words, cwd=tmp_path).returncode == 0
    shown = json.loads(posture("consent", "show", "consent.toml", "--json", cwd=tmp_path).stdout)
    assert shown["applicant"] == '株式会社"例"'
    assert shown["domains"] == ["xn--r8jz45g.jp"]
    before = (tmp_path / "consent.toml").read_bytes()
    assert posture(*words, cwd=tmp_path).returncode == 1
    assert (tmp_path / "consent.toml").read_bytes() == before


def test_a_consent_that_allows_a_scan_now_is_said_to(papers: Path) -> None:
    done = posture("consent", "check", "consent.toml", "www.example.co.jp", "--json", cwd=papers)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["valid"] is True
    assert posture("consent", "check", "consent.toml", "other.example", cwd=papers).returncode == 4


def test_checks_are_listed_and_shown_in_both_languages() -> None:
    cards = json.loads(posture("checks", "list", "--json").stdout)["checks"]
    assert "dns/caa" in [card["check"] for card in cards]
    assert "CAA" in posture("checks", "show", "dns/caa").stdout
    assert "認証局" in posture("checks", "show", "dns/caa", "--lang", "ja").stdout
    assert posture("checks", "show", "dns/nonsense").returncode == 1


def test_the_doctor_names_what_is_missing(tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('nmap = "/nowhere/nmap"', encoding="utf-8")
    done = posture(
        *("doctor", "--json", "--resolver", "127.0.0.1", "--database", f"sqlite:///{tmp_path}/p.db"),
        cwd=tmp_path,
        POSTURE_SETTINGS=str(settings),
    )
    items = {item["name"]: item for item in json.loads(done.stdout)["checks"]}
    assert done.returncode == 1
    assert not items["nmap"]["ok"]
    assert items["nmap"]["remedy"]
    assert items["resolver"]["ok"]
    assert items["database"]["ok"]


def test_bad_settings_are_one_sentence(tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text("contct = 'x'", encoding="utf-8")
    done = posture("assess", "a.example", "--consent", "x", cwd=tmp_path, POSTURE_SETTINGS=str(settings))
    assert done.returncode == 1
    assert "contct" in done.stderr
    assert "Traceback" not in done.stderr


def test_ports_beyond_the_consent_are_refused_before_anything_is_sent(papers: Path) -> None:
    (papers / "consent.toml").write_text(consent_text(ports="22,80-90"), encoding="utf-8")
    for words in (
        ("assess", "example.co.jp", "--ports", "22,3389"),
        ("probe", "ports", "example.co.jp", "--ports", "3389"),
        ("probe", "ports", "example.co.jp:3389"),
    ):
        done = posture(*words, "--consent", "consent.toml", "--json", cwd=papers)
        assert done.returncode == 4, done.stderr
        assert "3389" in json.loads(done.stdout)["message"]


def test_a_refused_scan_leaves_no_database(papers: Path) -> None:
    (papers / "consent.toml").write_text(consent_text(domains='["other.example"]'), encoding="utf-8")
    url = f"sqlite:///{papers / 'new' / 'posture.db'}"
    done = posture("assess", "example.co.jp", "--consent", "consent.toml", "--database", url, cwd=papers)
    assert done.returncode == 4, done.stderr
    assert not (papers / "new").exists()


def test_what_papers_say_cannot_steer_a_terminal(papers: Path) -> None:
    text = consent_text().replace("株式会社例", "\\u001b]0;title\\u0007\\u202e")
    (papers / "consent.toml").write_text(text, encoding="utf-8")
    done = posture("consent", "show", "consent.toml", cwd=papers)
    assert "\\x1b]0;title" in done.stdout
    assert not {"\x1b", "\x07", "\u202e"} & set(done.stdout)
    assert "\x1b" not in posture("assess", "\x1b[31m", "--consent", "consent.toml", cwd=papers).stderr


def test_an_address_is_probed_as_an_address(papers: Path) -> None:
    done = posture("probe", "tls", "127.0.0.9:9", "--consent", "consent.toml", "--json", cwd=papers)
    assert done.returncode == 0, done.stderr
    (seen,) = json.loads(done.stdout)["observations"]
    assert seen["target"] == {"name": None, "address": "127.0.0.9", "port": 9, "url": None}
    assert (seen["seen"], seen["reason"]) == (False, "refused")


@pytest.mark.parametrize("host", ["127.0.0.9", "[::1]"])
def test_a_web_site_may_be_asked_by_its_address(host: str, tmp_path: Path) -> None:
    text = consent_text(networks='["127.0.0.0/8", "::1/128"]')
    (tmp_path / "consent.toml").write_text(text, encoding="utf-8")
    done = posture("probe", "web", f"http://{host}:9/", "--consent", "consent.toml", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)["observations"][0]
    place = {"name": None, "address": host.strip("[]"), "port": 9, "url": f"http://{host}:9/"}
    assert (seen["kind"], seen["target"], seen["reason"]) == ("web.response", place, "refused")


def test_a_reader_that_leaves_is_no_error() -> None:
    """As in `posture checks list | head -1`."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as output:
        done = subprocess.run(
            [sys.executable, "-m", "posture.app.cli", "checks", "list"],
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            timeout=100,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")
