"""What the checks of `products/` have in common: how sure a version is, and which flaws come first."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from posture.checks.http import shown
from posture.core.facts.product_intelligence import ProductIntelligence
from posture.core.findings import Confidence, Verdict

#: Flaws that a sentence names; the count says how many there are.
_NAMED = 5


def about(fact: ProductIntelligence, verdict: Verdict) -> Verdict:
    """A finding of the product's own. A version proves a flaw only where nobody mends old versions."""
    proved = proves(fact) and fact.how != "fingerprint"
    confidence = Confidence.OBSERVED if proved else Confidence.INFERRED
    return replace(verdict, confidence=confidence, discriminator=fact.product)


def proves(fact: ProductIntelligence) -> bool:
    """Whether a version of the product, once it is stated, says what it contains."""
    return not fact.packaged and fact.distribution is None


def software(fact: ProductIntelligence) -> str:
    """Product and version for a sentence."""
    return shown(fact.label())


def named(cves: Iterable[str]) -> tuple[str, ...]:
    """The first few."""
    every: Sequence[str] = tuple(cves)
    return (*every[:_NAMED], "…") if len(every) > _NAMED else tuple(every)
