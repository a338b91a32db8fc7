"""The prior table: pinned, sourced, and applied once."""

from pathlib import Path

import pytest

from models import artefact, priors, reading
from models.perils import Group, Peril
from posture.checks.registry import all_checks

PINNED = {
    "rdp_exposed": 1.49,
    "vpn_class_a": 1.91,
    "vpn_class_b": 1.35,
    "onprem_exchange": 1.35,
    "eol_software": 1.37,
    "critical_vulnerability": 1.18,
    "kev_exposed": 1.35,
    "patching_poor": 1.35,
    "smb_exposed": 1.30,
    "telnet_exposed": 1.18,
    "ftp_exposed": 1.10,
    "database_exposed": 1.22,
    "admin_interface_exposed": 1.16,
    "certificate_invalid": 1.12,
    "tls_weak": 1.08,
    "web_hardening_missing": 1.02,
    "many_open_ports": 1.06,
    "large_footprint": 1.12,
    "credentials_leaked": 1.27,
    "botnet_infection": 1.33,
    "dmarc_not_enforced": 1.08,
    "spf_missing": 1.03,
}


def test_every_row_is_pinned() -> None:
    assert set(priors.table().rows) == set(PINNED)


@pytest.mark.parametrize(("name", "relativity"), PINNED.items())
def test_the_shipped_relativity_is_the_published_one_shrunk_once(name: str, relativity: float) -> None:
    table = priors.table()
    row = table.rows[name]
    assert 2.718281828459045 ** row.coefficient(table.kappa) == pytest.approx(relativity, abs=0.005)


def test_the_artefact_holds_the_same_relativities() -> None:
    model = artefact.shipped()
    assert {feature.name: round(feature.relativity, 2) for feature in model.features} == {
        row.name: PINNED[row.name] for row in priors.table().active()
    }


def test_the_tilt_is_applied_once_in_the_artefact() -> None:
    (rdp,) = [feature for feature in artefact.shipped().features if feature.name == "rdp_exposed"]
    assert rdp.cells[Peril.INTRUSION].found == pytest.approx(rdp.relativity**1.5, rel=1e-11)
    assert rdp.cells[Peril.EMAIL].found == pytest.approx(rdp.relativity**0.3, rel=1e-11)
    assert rdp.cells[Peril.DATA].found == pytest.approx(rdp.relativity, rel=1e-11)


def test_dmarc_bears_on_the_mail_peril() -> None:
    """Field evidence asks for 1.10 to 1.15 there, and about 1.02 on intrusion."""
    (dmarc,) = [feature for feature in artefact.shipped().features if feature.name == "dmarc_not_enforced"]
    assert 1.10 <= dmarc.cells[Peril.EMAIL].found <= 1.15
    assert dmarc.cells[Peril.INTRUSION].found == pytest.approx(1.02, abs=0.005)


def test_every_row_says_where_it_comes_from() -> None:
    for row in priors.table().rows.values():
        assert row.grade in "BCD", row.name
        assert row.read in {"source", "secondary", "none"}, row.name
        assert len(row.source) > 10, row.name
        assert 0 < row.shares.found < 1, row.name
        assert row.read != "none" or row.grade == "D", row.name


def test_every_check_and_message_a_feature_names_exists() -> None:
    cards = {check.card.check: check.card for check in all_checks()}
    missing = [
        f"{row.name}: {source.check} {message}"
        for row in priors.table().rows.values()
        for source in row.sources
        for message in (source.messages_named() or {""})
        if source.check not in cards or (message and message not in cards[source.check].severities)
    ]
    assert missing == []


def test_the_overlap_order_is_from_strong_to_weak() -> None:
    """The fit counts the first one found in full; scoring the strongest: they must be the same."""
    table = priors.table()
    strengths = [table.rows[name].coefficient(table.kappa) for name in table.overlap_order]
    assert strengths == sorted(strengths, reverse=True)
    assert all(table.rows[name].group is Group.VULNERABILITY for name in table.overlap_order)


def test_a_row_without_a_number_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (reading.DATA / "priors.toml").read_text(encoding="utf-8").replace("tau = 0.50", 'tau = "half"')
    path = tmp_path / "priors.toml"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(priors, "_PRIORS", path)
    with pytest.raises(Exception, match=r"priors.toml: \[vpn_class_a\] tau is 'half', not a number"):
        priors.table.__wrapped__()
