"""The applicants' papers are what the program reads, and allow exactly what the demo has."""

from datetime import timedelta

import pytest

import models
from posture.app.files import parse_application, parse_consent
from posture.app.proof import RECORD, record_text
from posture.core.consent import Technique
from posture.core.decisions import Cover
from posture.core.findings import Owner
from posture.core.scope import Permit, Refusal, RefusalReason, Scope
from posture.core.targets import Target
from posture.demo.stage import Applicant, Scene
from tests.demo.conftest import NOW
from tests.support.demo_clients import Clients, rdata

KEYS = ("akatsuki", "minato", "hayate")


def _applicant(scene: Scene, key: str) -> Applicant:
    (found,) = [applicant for applicant in scene.applicants if applicant.key == key]
    return found


def _scope(scene: Scene, key: str) -> Scope:
    return Scope(consent=parse_consent(_applicant(scene, key).consent, key))


def test_the_best_comes_first(scene: Scene) -> None:
    assert [applicant.key for applicant in scene.applicants] == list(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_consent_and_application_are_of_one_applicant(scene: Scene, key: str) -> None:
    applicant = _applicant(scene, key)
    consent = parse_consent(applicant.consent, key)
    application = parse_application(applicant.application, key)
    assert consent.applicant == application.applicant == applicant.name
    assert consent.domains == (applicant.domain,) == (f"{key}.example",)
    assert consent.valid_from < NOW < consent.valid_until - timedelta(days=300)


@pytest.mark.parametrize("key", KEYS)
def test_the_consent_is_proved_in_dns(clients: Clients, key: str) -> None:
    applicant = _applicant(clients.scene, key)
    answer = clients.resolve(f"{RECORD}.{applicant.domain}", "TXT")
    assert rdata(answer, "TXT") == [f'"{record_text(parse_consent(applicant.consent, key))}"']


@pytest.mark.parametrize(
    ("key", "covers"),
    [
        ("akatsuki", {Cover.A, Cover.B, Cover.C}),
        ("minato", {Cover.A, Cover.B}),
        ("hayate", {Cover.A, Cover.B, Cover.CRIME}),
    ],
)
def test_the_application_can_be_priced(scene: Scene, key: str, covers: set[Cover]) -> None:
    application = parse_application(_applicant(scene, key).application, key)
    assert set(application.covers) == covers
    models.assess((), application, on=NOW.date())


@pytest.mark.parametrize("key", KEYS)
def test_every_route_of_an_applicant_is_allowed_at_both_ends(scene: Scene, key: str) -> None:
    scope = _scope(scene, key)
    routes = [route for route in scene.routes if f"{key}.example:" in route]
    assert routes
    for route in routes:
        left, _, right = route.partition("=")
        name, _, port = left.rpartition(":")
        address, _, real = right.rpartition(":")
        for number in (port, real):
            target = Target(name=name, address=address, port=int(number))
            permit = scope.permit(target, Technique.SERVICES, NOW)
            assert isinstance(permit, Permit), permit
            assert permit.owner is Owner.SELF


def test_a_consent_does_not_reach_the_neighbours(scene: Scene) -> None:
    answer = _scope(scene, "akatsuki").permit(
        Target(name="hayate.example", address="127.0.103.1", port=80), Technique.WEB, NOW
    )
    assert isinstance(answer, Refusal)
    assert answer.reason is RefusalReason.NOT_CONSENTED


@pytest.mark.parametrize("address", ["127.0.100.1", "127.0.100.2", "127.0.100.3", "127.0.100.5"])
def test_the_registry_may_be_asked_but_not_swept(scene: Scene, address: str) -> None:
    scope = _scope(scene, "minato")
    target = Target(address=address, port=53)
    assert isinstance(scope.permit_query(target, NOW, why="parent"), Permit)
    refusal = scope.permit(target, Technique.PORTS, NOW)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is RefusalReason.AUTHORITY
