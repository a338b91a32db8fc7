"""An artefact taken apart again, so that it can be balanced on other tables."""

import numpy as np

from models import batch
from models.artefact import Artefact
from models.build import Deployable, Exact


def of(model: Artefact) -> Deployable:
    """What the artefact was made from, to the digits it keeps; without the exact fit, which prices none."""
    relative, features = batch.relativities(model), model.features
    untilted = np.log([feature.relativity for feature in features])
    levels = np.array([model.levels.get(peril, 1.0) for peril in model.perils])
    return Deployable(
        names=tuple(feature.name for feature in features),
        relative=relative,
        tilt=np.array([[feature.tilt[peril] for feature in features] for peril in model.perils]),
        untilted=untilted,
        moved=np.array([feature.moved for feature in features]).T,
        sd=np.array([[feature.cells[peril].sd for feature in features] for peril in model.perils]),
        levels=levels,
        expected=model.expected_claims,
        exact=Exact(untilted, levels),
    )
