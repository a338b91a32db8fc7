"""Lines for the reader's own shell: what a host is called never becomes a command or an option."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.checks.registry import catalogue
from posture.core.targets import Target
from reports.verify import command

CARDS = catalogue().cards
WWW = Target(name="www.example.co.jp", address="203.0.113.10", port=443)


@pytest.mark.parametrize(
    ("check", "target", "line"),
    [
        ("dns/caa", Target(name="example.co.jp"), "dig +short example.co.jp CAA"),
        ("mail/dmarc", Target(name="example.co.jp"), "dig +short _dmarc.example.co.jp TXT"),
        (
            "tls/hostname_matches",
            WWW,
            "openssl s_client -connect www.example.co.jp:443 -verify_hostname www.example.co.jp </dev/null",
        ),
        (
            "web/hsts",
            Target(url="https://www.example.co.jp/?a=b&c"),
            "curl -sSIL 'https://www.example.co.jp/?a=b&c'",
        ),
        ("ports/remote_desktop", Target(address="203.0.113.10", port=3389), "nc -vz 203.0.113.10 3389"),
        (
            "ports/few_services",
            Target(name="www.example.co.jp", address="203.0.113.10"),
            "nmap -Pn 203.0.113.10",
        ),
    ],
)
def test_the_line_names_the_target(check: str, target: Target, line: str) -> None:
    assert command(CARDS[check], target) == line


HOSTILE = ["$(reboot)", "`reboot`", "a;reboot", "a|b", "a&&b", "-oX", "a\nreboot", "a'b", "{port}"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_one_word(name: str) -> None:
    """Every check's line has the same words and operators as for an ordinary name."""
    for card in CARDS.values():
        hostile, plain = (
            words(command(card, Target(name=host, url=host))) for host in (name, "example.co.jp")
        )
        assert len(hostile) == len(plain)
        assert [word for word in plain if "example" not in word] == [
            mine for mine, other in zip(hostile, plain, strict=True) if "example" not in other
        ]


@given(st.text(min_size=1))
def test_no_name_starts_an_option(name: str) -> None:
    line = command(CARDS["dns/caa"], Target(name=name))
    assert not shlex.split(line)[2].startswith("-")


def words(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    return list(lexer)
