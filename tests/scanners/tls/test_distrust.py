"""Authorities that were thrown out: by name, by the root itself, and from which day of issue on."""

import re
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from scanners.tls import distrust, trust
from scanners.tls.distrust import Outcast, distrusted, outcasts
from tests.support.tls_servers import NAME, NOW, Paper, issue

TABLE = tomllib.loads(Path(distrust.__file__).with_name("distrusted.toml").read_text(encoding="utf-8"))
ROOT = issue("A Root", authority=True, organisation="Lab")
PRINT = ROOT.certificate.fingerprint(hashes.SHA256()).hex()
DAY = NOW.date()

#: A public root, as the distribution's store has it: Entrust Root Certification Authority - EC1.
ENTRUST = x509.load_pem_x509_certificate(b"""-----BEGIN CERTIFICATE-----
MIIC+TCCAoCgAwIBAgINAKaLeSkAAAAAUNCR+TAKBggqhkjOPQQDAzCBvzELMAkG
A1UEBhMCVVMxFjAUBgNVBAoTDUVudHJ1c3QsIEluYy4xKDAmBgNVBAsTH1NlZSB3
d3cuZW50cnVzdC5uZXQvbGVnYWwtdGVybXMxOTA3BgNVBAsTMChjKSAyMDEyIEVu
dHJ1c3QsIEluYy4gLSBmb3IgYXV0aG9yaXplZCB1c2Ugb25seTEzMDEGA1UEAxMq
RW50cnVzdCBSb290IENlcnRpZmljYXRpb24gQXV0aG9yaXR5IC0gRUMxMB4XDTEy
MTIxODE1MjUzNloXDTM3MTIxODE1NTUzNlowgb8xCzAJBgNVBAYTAlVTMRYwFAYD
VQQKEw1FbnRydXN0LCBJbmMuMSgwJgYDVQQLEx9TZWUgd3d3LmVudHJ1c3QubmV0
L2xlZ2FsLXRlcm1zMTkwNwYDVQQLEzAoYykgMjAxMiBFbnRydXN0LCBJbmMuIC0g
Zm9yIGF1dGhvcml6ZWQgdXNlIG9ubHkxMzAxBgNVBAMTKkVudHJ1c3QgUm9vdCBD
ZXJ0aWZpY2F0aW9uIEF1dGhvcml0eSAtIEVDMTB2MBAGByqGSM49AgEGBSuBBAAi
A2IABIQTydC6bUF74mzQ61VfZgIaJPRbiWlH47jCffHyAsWfoPZb1YsGGYZPUxBt
ByQnoaD41UcZYUx9ypMn6nQM72+WCf5j7HBdNq1nd67JnXxVRDqiY1Ef9eNi1KlH
Bz7MIKNCMEAwDgYDVR0PAQH/BAQDAgEGMA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0O
BBYEFLdj5xrdjekIplWDpOBqUEFlEUJJMAoGCCqGSM49BAMDA2cAMGQCMGF52OVC
R98crlOZF7ZvHH3hvxGU0QOIdeSNiaSKd0bebWHvAvX7td/M/k7//qnmpwIwW5nX
hTcGtXsI/esni0qU+eH6p44mCOh8kmhtc9hvJqwhAriZtyZBWyVgrtBIGu4G
-----END CERTIFICATE-----
""")


def leaf(began: date) -> Paper:
    """A leaf under `ROOT` whose validity began at noon of that day."""
    noon = datetime(began.year, began.month, began.day, 12, tzinfo=UTC)
    return issue(NAME, ROOT, names=[NAME], starts=noon - NOW, ends=timedelta(days=80))


def refused(began: date, *rows: Outcast, at: datetime = NOW) -> bool:
    return distrusted(leaf(began).certificate, [ROOT.certificate], at, rows)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (Outcast(since=DAY, names=frozenset({"Lab"})), True),
        (Outcast(since=DAY, names=frozenset({"A Root"})), True),
        (Outcast(since=DAY, names=frozenset({"Another"})), False),
        (Outcast(since=DAY, roots=frozenset({PRINT})), True),
        (Outcast(since=DAY, roots=frozenset({"0" * 64})), False),
        (Outcast(since=DAY + timedelta(days=1), roots=frozenset({PRINT})), False),
        (Outcast(since=DAY, roots=frozenset({PRINT}), issued_after=DAY - timedelta(days=6)), True),
        (Outcast(since=DAY, roots=frozenset({PRINT}), issued_after=DAY - timedelta(days=5)), False),
    ],
)
def test_by_name_by_root_and_by_day_of_issue(row: Outcast, *, expected: bool) -> None:
    assert refused(DAY - timedelta(days=5), row) is expected


@pytest.mark.parametrize(
    ("began", "at", "expected"),
    [
        (date(2024, 11, 11), datetime(2025, 6, 1, tzinfo=UTC), False),
        (date(2024, 11, 12), datetime(2025, 6, 1, tzinfo=UTC), True),
        (date(2024, 11, 12), datetime(2024, 11, 11, tzinfo=UTC), False),  # nobody refused it yet
    ],
)
def test_a_root_that_may_not_issue_any_more(began: date, at: datetime, *, expected: bool) -> None:
    assert distrusted(leaf(began).certificate, [ENTRUST], at) is expected


def test_a_trusted_root_of_the_table_makes_its_new_certificates_distrusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, last = DAY - timedelta(days=30), DAY - timedelta(days=9)
    row = Outcast(since=began, roots=frozenset({PRINT}), issued_after=last)
    monkeypatch.setattr(distrust, "outcasts", lambda: (row,))
    store = tmp_path / "store.pem"
    store.write_bytes(ROOT.pem)
    for age, reason in ((5, "distrusted"), (20, "ok")):
        found = trust.judge([leaf(DAY - timedelta(days=age)).certificate], trust.load(store), NOW)
        assert (found.reason, found.trusted) == (reason, reason == "ok")


def test_every_row_says_whom_since_when_and_by_whose_word() -> None:
    assert len(outcasts()) == len(TABLE["authority"]) == 12
    prints = [root for row in outcasts() for root in row.roots]
    assert len(prints) == len(set(prints)) == 35
    for row in TABLE["authority"]:
        assert set(row) <= {"names", "roots", "since", "issued_after", "source"}
        assert bool(row.get("names")) is not bool(row.get("roots"))
        assert row["source"].startswith("https://")
        assert row["since"] <= TABLE["as_of"]
        assert all(re.fullmatch(r"[0-9a-f]{64}", root) for root in row.get("roots", ()))
