"""The vectorised path against the plain one, applicant by applicant."""

import math
from datetime import date

import numpy as np
import pytest

from models import artefact, assess, book, features, tables
from models.batch import Floats
from posture.core.application import CoverTerms
from posture.core.decisions import Cover
from posture.core.observations import Reason
from tests.support.applicants import application, findings

TODAY = date(2026, 12, 1)
COUNT = 60


def spread(low: float, high: float, rng: np.random.Generator) -> Floats:
    return np.floor(np.exp(rng.uniform(math.log(low), math.log(high), COUNT)))


@pytest.mark.parametrize("country", tables.countries())
def test_a_book_is_priced_as_its_applicants_are(country: str) -> None:
    market, rng = tables.load(country, TODAY), np.random.default_rng(3)
    names = features.names()
    values = rng.choice([0.0, 1.0, np.nan], size=(COUNT, len(names)), p=[0.7, 0.2, 0.1])
    values[0] = 0.0
    # One check tells the two classes of VPN appliances: what hides one hides the other, unless it was found.
    vpn = [names.index(name) for name in ("vpn_class_a", "vpn_class_b")]
    hidden = np.isnan(values[:, vpn]).any(axis=1)
    for column in vpn:
        values[hidden & (values[:, column] == 0.0), column] = np.nan
    reference = market.revenue.reference
    revenue, profit = (
        spread(reference / 40, reference * 60, rng),
        spread(reference / 9000, reference / 300, rng),
    )
    limits = {cover: spread(terms.limit / 5, terms.limit, rng) for cover, terms in market.standard.items()}
    covers = {
        cover: book.Terms(
            limit=limits[cover],
            deductible=np.full(COUNT, float(market.standard[cover].deductible)),
            waiting_hours=np.full(COUNT, float(market.standard[cover].waiting_hours or 0)),
        )
        for cover in (Cover.A, Cover.B, Cover.C)
    }
    priced = book.price(
        artefact.shipped(),
        market,
        book.Book(
            values=values,
            revenue=revenue,
            sector=np.full(COUNT, market.sectors["retail"]),
            controls=np.ones(COUNT),
            daily_gross_profit=profit,
            covers=covers,
        ),
    )
    for index in range(COUNT):
        bad = {name for name, value in zip(names, values[index], strict=True) if value == 1.0}
        unknown = {
            n: Reason.TIMEOUT for n, value in zip(names, values[index], strict=True) if math.isnan(value)
        }
        terms = {
            cover: CoverTerms(
                limit=int(limits[cover][index]),
                deductible=market.standard[cover].deductible,
                waiting_hours=market.standard[cover].waiting_hours,
            )
            for cover in covers
        }
        asked = application(
            country=country,
            currency=market.currency,
            sector="retail",
            revenue=int(revenue[index]),
            daily_gross_profit=int(profit[index]),
            covers=terms,
        )
        one = assess(findings(bad, unknown), asked, on=TODAY)
        assert one.score.relativity == pytest.approx(priced.relativity[index], rel=1e-9)
        rounded = dict(one.decision.steps[-1].values)
        assert rounded == {cover: amounts[index] for cover, amounts in priced.premium.items()}
