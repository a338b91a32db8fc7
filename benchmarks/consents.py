"""The consent under which a benchmark scans its own servers."""

from collections.abc import Sequence


def consent(networks: Sequence[str], techniques: Sequence[str], ports: str = "default") -> str:
    """A consent file for example.com on these networks, all of them the applicant's own."""
    covered = ", ".join(f'"{network}"' for network in networks)
    granted = ", ".join(f'"{technique}"' for technique in techniques)
    return f"""
schema = "posture.consent/1"
applicant = "Benchmark"
domains = ["example.com"]
networks = [{covered}]
exclude = []
techniques = [{granted}]
ports = "{ports}"
valid_from = 2020-01-01T00:00:00+00:00
valid_until = 2099-01-01T00:00:00+00:00
granted_by = {{ name = "A", title = "B", email = "a@example.com" }}
document = {{ sha256 = "{"0" * 64}" }}
proof = {{ method = "document" }}
authority = [{{ covers = ["example.com", {covered}], basis = "own" }}]
"""
