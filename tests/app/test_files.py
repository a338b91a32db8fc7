import re
from pathlib import Path

import pytest

from posture.app.files import parse_application, parse_consent, read_consent
from posture.core.application import (
    Application,
    CoverTerms,
    Defence,
    ItemTerms,
    SharedLimit,
    Territory,
)
from posture.core.decisions import Cover
from posture.core.errors import PostureError
from tests.support.papers import APPLICATION, consent_text


def test_a_consent_is_read_whole() -> None:
    item = parse_consent(consent_text(exclude='["Old.Example.co.jp", "203.0.113.9/32"]'), "c")
    assert item.applicant == "株式会社例"
    assert item.excluded_names == ("old.example.co.jp",)
    assert [str(net) for net in item.excluded_networks] == ["203.0.113.9/32"]


def test_names_follow_idna_2008_and_not_pythons_codec() -> None:
    item = parse_consent(consent_text(domains='["straße.de", "例え.jp"]'), "c")
    assert item.domains == ("xn--strae-oqa.de", "xn--r8jz45g.jp")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("exclude =", "exlude =", "exclude"),
        ("+00:00", "", "valid_from"),
        ('"dns"', '"dnss"', "techniques.0"),
        ("127.0.0.0/8", "127.0.0.1/8", "networks.0"),
        ('ports = "default"', 'ports = "22,x"', "ports"),
        ('ports = "default"', 'ports = "0"', "ports"),
        ('"example.co.jp"', '"exa mple"', "domains.0"),
        ('"example.co.jp"', '"-oN.example"', "domains.0"),
        ('"example.co.jp"', '"127.0.0.1"', "domains.0"),
        ('"example.co.jp"', '"co.jp"', "domains.0"),
        ('"example.co.jp"', '"github.io"', "domains.0"),
        ('domains = ["example.co.jp"]', "domains = []", "domains"),
        ("taro@example.co.jp", "taro", "granted_by.email"),
        ("a" * 64, "a" * 63, "document.sha256"),
        ('method = "document"', 'method = "trust me"', "proof.method"),
        ("posture.consent/1", "posture.consent/9", "schema"),
    ],
)
def test_a_malformed_consent_names_file_field_and_remedy(old: str, new: str, field: str) -> None:
    text = consent_text()
    assert old in text
    with pytest.raises(PostureError) as caught:
        parse_consent(text.replace(old, new), "my-consent.toml")
    assert caught.value.message.startswith(f"my-consent.toml, field “{field}”: ")
    assert caught.value.remedy
    assert caught.value.code == "bad-consent"
    assert caught.value.exit_code == 1


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    text = consent_text()
    start = next(line for line in text.splitlines() if line.startswith("valid_from")).split(" = ")[1]
    ended = "\n".join(
        f"valid_until = {start}" if x.startswith("valid_until") else x for x in text.splitlines()
    )
    with pytest.raises(PostureError, match="valid_until is not after valid_from"):
        parse_consent(ended, "c")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x = ", b"", b"\x00" * 10, b"a = 1\n" * 300_000])
def test_garbage_instead_of_a_consent_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "consent.toml"
    path.write_bytes(content)
    with pytest.raises(PostureError) as caught:
        read_consent(path)
    assert str(path) in caught.value.message
    assert "\n" not in caught.value.message


def test_a_consent_nested_without_end_is_one_sentence() -> None:
    with pytest.raises(PostureError, match="nested too deeply"):
        parse_consent("x = " + "[" * 100_000, "c")


def test_an_absent_consent_and_a_folder_are_one_sentence(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.toml", tmp_path):
        with pytest.raises(PostureError, match="cannot be read"):
            read_consent(path)


def test_the_digest_covers_every_field_but_the_proof() -> None:
    first = parse_consent(text := consent_text(), "c").digest
    assert parse_consent(text.replace('method = "document"', 'method = "dns-txt"'), "c").digest == first
    for old, new in (
        ("株式会社例", "株式会社別"),
        ("default", "22"),
        ("127.0.0.0/8", "127.0.0.0/9"),
        ('"mail", ', ""),
    ):
        assert parse_consent(text.replace(old, new, 1), "c").digest != first


def test_an_application_is_read_whole_and_keeps_further_fields() -> None:
    item = parse_application(
        APPLICATION + "paper_records = 500\npolicy_period = { from = 2027-04-01 }\n", "a"
    )
    assert item.covers[Cover.A].limit == 100_000_000
    assert item.further == {"paper_records": 500, "policy_period": {"from": "2027-04-01"}}


def test_money_is_kept_in_minor_units_of_its_currency() -> None:
    text = APPLICATION.replace('"JPY"', '"USD"').replace('"JP"', '"US"')
    assert parse_application(text, "a").revenue == 50_000_000_000


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("500_000_000", "-1", "revenue"),
        ('"JPY"', '"XXX"', "currency"),
        ("covers.A", "covers.Z", "covers.Z"),
        ("limit = 100_000_000", "limit = 0", "covers.A.limit"),
        ("limit = 100_000_000", 'limit = "much"', "covers.A.limit"),
        ("= true", '= "yes"', "controls.mfa_remote_access"),
        ('sector = "manufacturing"\n', "", "sector"),
    ],
)
def test_a_malformed_application_names_file_and_field(old: str, new: str, field: str) -> None:
    with pytest.raises(PostureError) as caught:
        parse_application(APPLICATION.replace(old, new), "app.toml")
    assert caught.value.message.startswith(f"app.toml, field “{field}”: ")
    assert caught.value.code == "bad-application"


TERMS = """
shared = [{ covers = ["A", "B"], limit = 120_000_000, aggregate = 200_000_000 }]
overseas_revenue_share = 0.2
us_canada_revenue_share = 0.05
policy_from = 2027-04-01
policy_until = 2028-04-01
retroactive_date = 2026-04-01
subsidiaries = ["例物流株式会社"]
online_revenue_share = 0.3
paper_records = 500
card_data = false
own_content = true
system_changes = 4
critical_cloud_services = ["Example Cloud"]
other_insurance = false
past_declines = false
[covers.B]
limit = 30_000_000
aggregate = 60_000_000
items.condolence = { limit = 3_000_000 }
items.recurrence_prevention = { limit = 5_000_000, coinsurance = 0.1 }
[covers.A]
limit = 100_000_000
defence = "outside"
territory = "worldwide-except-us-canada"
"""


def with_terms(old: str = "", new: str = "") -> Application:
    head = "".join(line + "\n" for line in APPLICATION.splitlines() if not line.startswith("covers."))
    return parse_application((head + TERMS).replace(old, new), "app.toml")


def test_hosts_are_read_in_one_spelling_and_others_refused() -> None:
    hosts = 'hosts = ["VPN.Example.co.jp.", "例え.example.co.jp"]\n'
    read = parse_application(APPLICATION + hosts, "app.toml")
    assert read.hosts == ("vpn.example.co.jp", "xn--r8jz45g.example.co.jp")
    with pytest.raises(PostureError) as bad:
        parse_application(APPLICATION + 'hosts = ["https://vpn.example.co.jp/"]\n', "app.toml")
    assert bad.value.code == "bad-application"
    assert "hosts" in bad.value.message


def test_the_terms_of_the_covers_are_read() -> None:
    read = with_terms('"JPY"', '"USD"')
    assert read.covers == {
        Cover.B: CoverTerms(
            limit=3_000_000_000,
            aggregate=6_000_000_000,
            items={
                "condolence": ItemTerms(limit=300_000_000),
                "recurrence_prevention": ItemTerms(limit=500_000_000, coinsurance=0.1),
            },
        ),
        Cover.A: CoverTerms(limit=10_000_000_000, defence=Defence.OUTSIDE, territory=Territory.NO_US_CANADA),
    }
    assert read.shared == (
        SharedLimit(covers=(Cover.A, Cover.B), limit=12_000_000_000, aggregate=20_000_000_000),
    )
    assert (read.overseas_revenue_share, read.us_canada_revenue_share) == (0.2, 0.05)


def test_what_no_calculation_reads_is_kept_as_declared() -> None:
    further = with_terms().further
    assert further["policy_from"] == "2027-04-01"
    assert further["subsidiaries"] == ["例物流株式会社"]
    assert (further["card_data"], further["system_changes"], further["paper_records"]) == (False, 4, 500)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("coinsurance = 0.1", "coinsurance = 1.5", "covers.B.items.recurrence_prevention.coinsurance"),
        ('defence = "outside"', 'defence = "nowhere"', "covers.A.defence"),
        ("overseas_revenue_share = 0.2", "overseas_revenue_share = 20", "overseas_revenue_share"),
        ("online_revenue_share = 0.3", "online_revenue_share = -1", "online_revenue_share"),
        ("card_data = false", 'card_data = "no"', "card_data"),
        ("policy_until = 2028-04-01", "policy_until = 2026-04-01", "period"),
        ("aggregate = 60_000_000", "agregate = 60_000_000", "covers.B.agregate"),
    ],
)
def test_malformed_terms_name_their_field(old: str, new: str, field: str) -> None:
    with pytest.raises(PostureError, match=re.escape(f"app.toml, field “{field}”")):
        with_terms(old, new)
