"""Facts and operators: each answers true, false or unknown, and an absent value is neither equal nor
unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.model import ImageFacts, ImageKind, Outcome, Person, ProjectId
from bot.domain.policy import FACTS, OPERATORS_OF, Clause, FactType, Operator, judge
from bot.domain.policy.clauses import UnknownFactError
from bot.domain.policy.facts import Reading
from tests.domain.policy_builders import IMAGE, NOON, actor, ask, policy, verdict

UNKNOWN_IMAGE = ImageFacts(id=IMAGE.id)


def answer(condition: str, **more: Any) -> bool | None:
    """Whether the condition is true: a permit with it allows, denies or holds."""
    outcome = verdict(f"id: p, effect: permit, when: {{{condition}}}, require: none", **more).outcome
    return {Outcome.ALLOW: True, Outcome.DENY: False, Outcome.HOLD: None}[outcome]


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("requester.id: U0REQUESTER", True),
        ("requester.id: U0OTHER", False),
        ("requester.is_guest: false", True),
        ("requester.groups: engineers", True),
        ("requester.groups: [leads, security]", False),
        ("requester.groups: {all: [engineers]}", True),
        ("requester.groups: {all: [engineers, leads]}", False),
        ("requester.groups: {none: [leads]}", True),
        ("requester.groups: {none: [engineers, leads]}", False),
        ("requester.groups: {exists: true}", True),
        ("image.id: 0a1b2c3d-0000-4000-8000-000000000001", True),
        ("image.name: base-ubuntu", True),
        ("image.name: {ne: base-ubuntu}", False),
        ("image.name: {glob: 'base-*'}", True),
        ("image.name: {glob: 'BASE-*'}", False),
        ("image.name: {glob: 'base'}", False),
        ("image.name: {regex: 'ubuntu$'}", True),
        ("image.name: {regex: '^ubuntu'}", False),
        ("image.name: {regex: '(?i)UBUNTU'}", True),
        ("image.kind: system", True),
        ("image.kind: [data, full-ecs]", False),
        ("image.kind: {not_in: [data, full-ecs]}", True),
        ("image.encrypted: false", True),
        ("image.encrypted: {ne: false}", False),
        ("image.windows: {eq: false}", True),
        ("image.os: {glob: 'Ubuntu 24.*'}", True),
        ("image.size_gb: {le: 40}", True),
        ("image.size_gb: {lt: 40}", False),
        ("image.size_gb: {ge: 40, lt: 41.5}", True),
        ("image.size_gb: {gt: 40}", False),
        ("image.size_gb: [40, 80]", True),
        ("image.tags: hardened", True),
        ("image.tags: {none: [hardened]}", False),
        ("image.owner: 5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a", True),
        ("image.owned: true", True),
        ("image.age_days: {eq: 10}", True),
        ("image.age_days: {gt: 10}", False),
        ("image.shared_count: 0", True),
        ("project.id: 9c61004714024f9586705d090530f9fa", True),
        ("project.name: shop-dev", True),
        ("project.name: [shop-prod, acme-lab]", False),
        ("project.env: dev", True),
        ("project.tenant: {ne: self}", False),
        ("project.labels.tier: gold", True),
        ("project.labels.tier: {exists: true}", True),
        ("project.labels.tier: {exists: false}", False),
        ("request.pairs: {le: 1}", True),
        ("request.images: {gt: 1}", False),
        ("request.projects: 1", True),
        ("request.reason: {exists: false}", True),
        ("request.channel: {exists: true}", False),
        ("request.hour: 12", True),
        ("request.weekday: [sat, sun]", False),
        ("request.weekday: wed", True),
    ],
)  # fmt: skip
def test_a_condition_is_true_exactly_when_the_fact_fits(condition: str, wanted: bool) -> None:
    """One row for each fact and operator, both ways."""
    assert answer(condition) is wanted


@pytest.mark.parametrize(
    "condition",
    [
        "image.name: base", "image.name: {ne: base}", "image.kind: {not_in: [data]}", "image.encrypted: {ne: true}",
        "image.windows: false", "image.os: {exists: false}", "image.size_gb: {lt: 1}", "image.age_days: {ge: 0}",
        "image.shared_count: {lt: 5}", "image.owner: {exists: true}",
    ],
)  # fmt: skip
def test_what_the_cloud_did_not_say_is_unknown(condition: str) -> None:
    """Neither way of asking may turn a failed look-up into an answer."""
    assert answer(condition, image=replace(UNKNOWN_IMAGE, owned=True, status="active")) is None


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("project.env: dev", False), ("project.env: {ne: prod}", True), ("project.env: {in: [dev]}", False),
        ("project.env: {not_in: [prod]}", True), ("project.env: {glob: '*'}", False), ("project.env: {regex: '.*'}", False),
        ("project.env: {exists: false}", True), ("project.labels.tier: gold", False),
        ("project.labels.tier: {ne: gold}", True), ("request.reason: {glob: '*'}", False),
    ],
)  # fmt: skip
def test_what_the_register_does_not_say_is_absent_and_so_different(condition: str, wanted: bool) -> None:
    """Absent is a fact: it must not hold a pair for ever."""
    assert answer(condition, project="acme-lab") is wanted


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("requester.groups: [leads]", None), ("requester.groups: [leads, engineers]", True),
        ("requester.groups: [security]", False), ("requester.groups: {none: [leads]}", None),
        ("requester.groups: {none: [leads, engineers]}", False), ("requester.groups: {none: [security]}", True),
        ("requester.groups: {all: [leads, engineers]}", None), ("requester.groups: {all: [leads, security]}", False),
    ],
)  # fmt: skip
def test_a_group_that_could_not_be_read_is_neither_in_nor_out(condition: str, wanted: bool | None) -> None:
    """Only where it could change the answer."""
    assert answer(condition, by=actor("engineers", unknown=("leads",))) is wanted


def test_a_group_known_and_unknown_at_once_is_known() -> None:
    """The look-up of another source succeeded."""
    assert answer("requester.groups: {none: [leads]}", by=actor("leads", unknown=("leads",))) is False


@pytest.mark.parametrize(("days", "wanted"), [(None, False), (7, True), (8, False)])
def test_a_share_for_ever_is_longer_than_any_number(days: int | None, wanted: bool) -> None:
    """A limit on days must not be passed by asking for no end at all."""
    duration = None if days is None else timedelta(days=days)

    assert answer("request.duration_days: {le: 7}", duration=duration) is wanted
    assert answer("request.duration_days: {exists: true}", duration=duration) is (days is not None)


def test_the_hour_is_that_of_the_policy_s_time_zone() -> None:
    """Office hours are where the office is; Berlin is at 13 h when it is noon in UTC."""
    made = policy(
        "id: p, effect: permit, when: {request.hour: 13}, require: none",
        "defaults: {time_zone: Europe/Berlin}\n",
    )

    assert judge(made, ask(made)).outcome is Outcome.ALLOW


def test_the_weekday_changes_at_midnight_of_the_policy_s_time_zone() -> None:
    """Late on Sunday in UTC is Monday in Tokyo."""
    made = policy(
        "id: p, effect: permit, when: {request.weekday: mon}, require: none",
        "defaults: {time_zone: Asia/Tokyo}\n",
    )

    assert judge(made, ask(made, at=datetime(2026, 3, 1, 20, tzinfo=UTC))).outcome is Outcome.ALLOW


@pytest.mark.parametrize("at", [None, datetime(2026, 3, 4, 12), datetime.max.replace(tzinfo=UTC)])  # noqa: DTZ001
def test_a_moment_that_cannot_be_told_is_unknown(at: datetime | None) -> None:
    """The judge never raises, whatever time it is given."""
    made = policy(
        "id: p, effect: permit, when: {request.hour: {ge: 0}}, require: none",
        "defaults: {time_zone: Asia/Tokyo}\n",
    )

    assert judge(made, ask(made, at=at)).outcome is Outcome.HOLD


def test_a_name_too_long_to_match_is_unknown_not_different() -> None:
    """A forbid must not be passed by a very long name."""
    long = replace(IMAGE, name="x" * 257)

    assert answer("image.name: {glob: 'base-*'}", image=long) is None
    assert answer("image.name: {regex: 'base'}", image=long) is None
    assert answer("image.name: {ne: base}", image=long) is True


def test_shared_count_counts_the_projects() -> None:
    """It is the number of members, not of images."""
    shared = replace(IMAGE, shared_with=frozenset({ProjectId("a"), ProjectId("b")}))

    assert answer("image.shared_count: 2", image=shared) is True


def test_an_image_from_the_future_is_new() -> None:
    """Clocks differ a little."""
    assert answer("image.age_days: 0", image=replace(IMAGE, created_at=NOON + timedelta(minutes=1))) is True


def test_a_size_that_is_no_number_is_unknown() -> None:
    """NaN compares false with everything, which would open a forbid."""
    assert answer("image.size_gb: {lt: 5}", image=replace(IMAGE, size_gb=float("nan"))) is None


def test_a_requester_without_an_id_is_unknown() -> None:
    """An empty id is no id."""
    assert answer("requester.id: {ne: U0OTHER}", by=actor("engineers", person=Person("T", ""))) is None


def test_every_kind_of_image_can_be_asked_for() -> None:
    """The choices come from the model."""
    assert FACTS["image.kind"].choices == tuple(ImageKind)


def test_every_type_of_fact_can_be_tested_for_a_value() -> None:
    """exists is the one operator all share."""
    assert all(Operator.EXISTS in OPERATORS_OF[type_] for type_ in FactType)


@pytest.mark.parametrize(
    ("fact", "operator"), [("image.nam", "eq"), ("image.name", "lt"), ("project.labels.", "eq")]
)
def test_a_clause_that_means_nothing_cannot_be_made(fact: str, operator: str) -> None:
    """A rule built in code is as strict as one of the file."""
    with pytest.raises(UnknownFactError):
        Clause(fact=fact, operator=Operator(operator), wanted="x")


def test_a_fact_is_read_once_for_each_ask() -> None:
    """A hundred rules ask for the same few facts."""
    made = policy("")
    reading = Reading(ask(made), made.zone)

    assert reading.value(FACTS["requester.groups"]) is reading.value(FACTS["requester.groups"])
