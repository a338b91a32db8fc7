"""Facts of `tls.endpoint` as tests of judges need them: a good one, changed in one place."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from posture.core.facts.tls_endpoint import PROTOCOLS, Certificate, TlsEndpoint, Trust

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def certificate(**changes: Any) -> Certificate:
    plain = Certificate(
        sha256="00",
        der=b"",
        subject="CN=www.example.com",
        issuer="CN=Lab",
        not_before=NOW - timedelta(days=10),
        not_after=NOW + timedelta(days=80),
        names=("www.example.com",),
        key_type="EC",
        key_bits=256,
        signature_algorithm="ecdsa-with-SHA256",
    )
    return replace(plain, **changes)


def endpoint(**changes: Any) -> TlsEndpoint:
    plain = TlsEndpoint(
        host="www.example.com",
        address="192.0.2.1",
        port=443,
        starttls=None,
        server_name="www.example.com",
        at=NOW,
        protocols=dict.fromkeys(PROTOCOLS, False) | {"TLSv1.2": True, "TLSv1.3": True},
        cipher_suites={},
        server_preference={},
        groups=None,
        certificates=(certificate(),),
        trust=Trust(trusted=True, reason="ok"),
        hostname_matches=True,
        vulnerabilities={},
        connections=1,
    )
    return replace(plain, **changes)


MAIL: dict[str, Any] = {"starttls": "smtp", "port": 25}
