"""Who of the book is affected, by what was seen when each applicant was last assessed. Nothing is sent."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from posture.app.feeds import named_product
from posture.checks.intelligence import affected
from posture.checks.recognition import Product, Stated, products, stated
from posture.core.assessment import Assessment
from posture.core.errors import PostureError
from posture.core.feeds import Exploited, Flaw
from posture.store import feeds as kept
from posture.store.database import Database

_CVE = re.compile(r"CVE-\d{4}-\d{4,15}", re.IGNORECASE)


class Answer(StrEnum):
    """What stored evidence says of one service; `runs` answers for a product, the others for a flaw."""

    RUNS = "runs"
    AFFECTED = "affected"
    NOT_AFFECTED = "not_affected"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One service of one applicant; `seen_at` is when."""

    domain: str
    applicant: str
    assessment: str
    seen_at: datetime
    service: str
    product: str
    version: str | None
    how: str
    distribution: str | None
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """`silent` are domains that state none of the products: not seen, which is not the same as not there."""

    asked: str
    products: tuple[str, ...]
    hits: tuple[Hit, ...]
    silent: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """The products concerned, and the records of a flaw where it was a flaw."""

    asked: str
    concerned: tuple[Product, ...]
    flaws: tuple[Flaw, ...] = ()
    is_flaw: bool = False


def sweep(database: Database, text: str) -> Sweep:
    """Ask the newest assessment of every domain. `text`: a CVE or a product. Raises PostureError."""
    question = _flaw(database, text.upper()) if _CVE.fullmatch(text) else _product(text)
    hits: list[Hit] = []
    silent: list[str] = []
    for assessment in kept.newest_by_domain(database):
        found = list(_hits(question, assessment))
        hits += found
        if not found:
            silent.append(assessment.domain)
    return Sweep(
        asked=question.asked,
        products=tuple(product.name for product in question.concerned),
        hits=tuple(sorted(hits, key=_order)),
        silent=tuple(silent),
    )


def _order(hit: Hit) -> tuple[int, str, str, str]:
    return list(Answer).index(hit.answer), hit.domain, hit.service, hit.product


def _product(text: str) -> _Question:
    product = named_product(text)
    return _Question(asked=product.name, concerned=(product,))


def _flaw(database: Database, cve: str) -> _Question:
    flaws = kept.flaw(database, cve)
    line = kept.exploited(database, cve)
    concerned = tuple(product for product in products() if _concerns(product, flaws, line))
    if not concerned:
        raise PostureError(
            f"Nothing stored says which products {cve} is in.",
            remedy="Fetch a product's records (posture feeds update nvd --product NAME) or sweep by name.",
            code="no-feed",
        )
    return _Question(asked=cve, concerned=concerned, flaws=flaws, is_flaw=True)


def _concerns(product: Product, flaws: tuple[Flaw, ...], line: Exploited | None) -> bool:
    if any(flaw.product in product.keys for flaw in flaws):
        return True
    return line is not None and bool(product.kev.search(f"{line.vendor}/{line.product}"))


def _hits(question: _Question, assessment: Assessment) -> Iterator[Hit]:
    names = {product.name for product in question.concerned}
    for one in stated(assessment.observations):
        if one.product.name in names:
            yield Hit(
                domain=assessment.domain,
                applicant=assessment.consent.applicant,
                assessment=assessment.id,
                seen_at=assessment.finished_at,
                service=one.target.label(),
                product=one.product.name,
                version=one.version,
                how=one.how,
                distribution=one.distribution,
                answer=_answer(question, one),
            )


def _answer(question: _Question, one: Stated) -> Answer:
    if not question.is_flaw:
        return Answer.RUNS
    own = [flaw for flaw in question.flaws if flaw.product in one.product.keys]
    answers = {affected(flaw, one.version) for flaw in own}
    if True in answers:
        return Answer.AFFECTED
    return Answer.NOT_AFFECTED if answers == {False} else Answer.UNDECIDED
