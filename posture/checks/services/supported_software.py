"""`services/supported_software`: what greets on this port is still mended by its maker."""

from collections.abc import Iterator

from posture.checks.lifecycle import judge_texts
from posture.core.facts.service_product import ServiceProduct
from posture.core.findings import Verdict


def judge(fact: ServiceProduct) -> Iterator[Verdict]:
    """Reads the greeting, and the product with its version where they were recognised."""
    named = f"{fact.product} {fact.version}" if fact.product and fact.version else ""
    yield from judge_texts((fact.banner, named), "services", path="version")
