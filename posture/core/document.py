"""The JSON documents other programs rely on (DESIGN §6), and the way back for replay."""

import typing
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from posture.core import codec
from posture.core.assessment import Assessment
from posture.core.decisions import Cover, Interval, Premium
from posture.core.facts import fact_classes
from posture.core.findings import Finding
from posture.core.observations import Gap, Observation, Seen, Unseen
from posture.core.targets import Target

SCHEMA = "posture.assessment/1"


def observation(obs: Observation[Any]) -> dict[str, Any]:
    """JSON value of an observation."""
    document: dict[str, Any] = {
        "kind": obs.kind,
        "target": codec.encode(obs.target),
        "at": codec.encode(obs.at),
    }
    if isinstance(obs.result, Seen):
        value = codec.encode(obs.result.value)
        return document | {
            "seen": True,
            "value": value,
            "gaps": codec.encode(obs.result.gaps),
            "evidence": list(obs.evidence),
        }
    return document | {
        "seen": False,
        "reason": obs.result.reason.value,
        "detail": obs.result.detail,
        "evidence": list(obs.evidence),
    }


def read_observation(document: Mapping[str, Any]) -> Observation[Any]:
    """Observation from its JSON value. Raises ValueError with the path of what does not fit."""
    kind = str(document.get("kind"))
    if kind not in fact_classes():
        raise ValueError(f"$.kind: unknown kind of observation {kind!r}")
    result: Seen[Any] | Unseen
    if codec.decode(bool, document.get("seen"), "$.seen"):
        value = codec.decode(fact_classes()[kind], document.get("value"), "$.value")
        result = Seen(
            value=value,
            gaps=codec.decode(tuple[Gap, ...], document.get("gaps", []), "$.gaps"),
        )
    else:
        result = codec.decode(
            Unseen,
            {"reason": document.get("reason"), "detail": document.get("detail", "")},
        )
    return Observation(
        kind=kind,
        target=codec.decode(Target, document.get("target"), "$.target"),
        at=codec.decode(datetime, document.get("at"), "$.at"),
        result=result,
        evidence=codec.decode(tuple[str, ...], document.get("evidence", []), "$.evidence"),
    )


def finding(item: Finding) -> dict[str, Any]:
    """JSON value of a finding."""
    return typing.cast(dict[str, Any], codec.encode(item))


def assessment(item: Assessment) -> dict[str, Any]:
    """JSON value of an assessment, `posture.assessment/1`."""
    document: dict[str, Any] = {"schema": SCHEMA} | codec.encode(item)
    document["observations"] = [observation(obs) for obs in item.observations]
    document["features"] = dict(item.features.values)
    document["feature_vector"] = codec.encode(item.features)
    document["consent"] = {"digest": item.consent.digest} | codec.encode(item.consent)
    document["score"] |= _interval(item.score.interval)
    document["decision"]["premium"] = _premium(item.decision.premium)
    return document


def read_assessment(document: Mapping[str, Any]) -> Assessment:
    """Assessment from its JSON value. Raises ValueError with the path of what does not fit.

    A consent that is not the one of its digest is refused too.
    """
    if document.get("schema") != SCHEMA:
        raise ValueError(f"$.schema is {document.get('schema')!r}, not {SCHEMA!r}")
    plain = dict(document)
    observations = tuple(
        read_observation(_object(entry, f"$.observations[{number}]"))
        for number, entry in enumerate(
            codec.decode(tuple[Any, ...], plain.get("observations"), "$.observations")
        )
    )
    decision = _object(plain.get("decision"), "$.decision")
    premium = _read_premium(_object(decision.get("premium"), "$.decision.premium"))
    remedies = [
        _read_subjectivity(_object(entry, f"$.decision.subjectivities[{number}]"), plain.get("started_at"))
        for number, entry in enumerate(decision.get("subjectivities") or ())
    ]
    plain |= {
        "score": _read_score(_object(plain.get("score"), "$.score")),
        "observations": [],
        "features": plain.get("feature_vector"),
        "decision": {**decision, "premium": premium, "subjectivities": remedies},
    }
    item = replace(codec.decode(Assessment, plain), observations=observations)
    _same_consent(item, _object(plain.get("consent"), "$.consent"))
    return item


def _same_consent(item: Assessment, document: Mapping[str, Any]) -> None:
    """The consent an assessment rests on is the one whose digest it shows."""
    if document.get("digest") != item.consent.digest:
        raise ValueError("$.consent.digest does not belong to this consent")


def _object(value: object, path: str) -> Mapping[str, Any]:
    return codec.decode(dict[str, Any], value, path)


def _interval(interval: Interval) -> dict[str, Any]:
    """The score's interval as DESIGN §6 has it: [low, high] with `level` beside."""
    return {"interval": [interval.low, interval.high], "level": interval.level}


def _read_score(document: Mapping[str, Any]) -> dict[str, Any]:
    low, high = codec.decode(tuple[float, float], document.get("interval"), "$.score.interval")
    interval = {"low": low, "high": high, "level": document.get("level")}
    return {**document, "interval": interval}


def _read_subjectivity(document: Mapping[str, Any], decided: object) -> Mapping[str, Any]:
    """A subjectivity; one written before they were objects had phase and days among its arguments."""
    arguments = document.get("arguments")
    if "phase" in document or not isinstance(arguments, Mapping):
        return document
    days = codec.decode(int, arguments.get("due_days"), "$.decision.subjectivities.due_days")
    day = codec.decode(datetime, decided, "$.started_at").date()
    closed_by = arguments.get("closed_by")
    return {
        "text": {},
        "phase": arguments.get("phase"),
        "due_days": days,
        "due": (day + timedelta(days=days)).isoformat(),
        "closed_by": [closed_by] if isinstance(closed_by, str) else closed_by,
        **document,
    }


def _premium(premium: Premium) -> dict[str, Any]:
    by_cover = {cover.value: premium.by_cover.get(cover) for cover in Cover}
    return {"currency": premium.currency} | by_cover | {"total": premium.total}


def _read_premium(document: Mapping[str, Any]) -> dict[str, Any]:
    by_cover = {cover.value: document.get(cover.value) for cover in Cover}
    return {
        "currency": document.get("currency"),
        "by_cover": by_cover,
        "total": document.get("total"),
    }
