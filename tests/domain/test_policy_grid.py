"""The set of requests policies are tried on: for each rule one in which it takes part, and what lies beside."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from bot.domain.model import Outcome
from bot.domain.policy import Effect, Policy, Rule, judge
from bot.domain.policy.facts import Reading
from bot.domain.policy.grid import MAX_CASES, Grid
from bot.domain.policy.patterns import fits, found
from bot.domain.policy.permits import read_permit
from bot.domain.policy.samples import glob_sample, regex_sample
from bot.domain.policy_file import load
from tests.domain.policy_builders import policy
from tests.domain.policy_strategies import REGISTER, rules

EXAMPLE = load((Path(__file__).parents[2] / "policy.example.yml").read_text(encoding="utf-8"))
HARD = "\n".join(
    (
        "id: a, effect: permit, when: {requester.groups: {all: [leads, security], none: [engineers]}, "
        "image.size_gb: {gt: 3, le: 3.5}}, require: none",
        "id: b, effect: permit, when: {request.weekday: sat, request.hour: {ge: 22}, "
        "image.name: {regex: '^db-[0-9]{3}$'}}, require: none",
        "id: c, effect: permit, when: {image.tags: {all: [x, y]}, request.pairs: {gt: 20}, image.kind: full-ecs}, "
        "unless: {image.windows: false}, require: none",
        "id: d, effect: permit, when: {request.duration_days: {le: 7}, image.age_days: {gt: 90}, "
        "image.shared_count: {ge: 3}}, require: none, reason: {pattern: '^CHG-[0-9]+', hint: x}",
        "id: e, effect: permit, when: {project.labels.tier: gold, requester.is_guest: true, "
        "image.os: {glob: 'Ubuntu*'}, request.channel: C0OPS}, require: none",
        "id: f, effect: permit, when: {requester.id: U0ALICE, image.owner: {ne: 5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a}, "
        "image.encrypted: {exists: true}}, require: none",
        "id: g, effect: forbid, when: {image.windows: true}",
    )
)
"""Conditions of every kind, each rule hard to meet by chance."""


def takes_part(made: Policy, rule: Rule, case: object) -> bool:
    reading = Reading(case.ask, made.zone)  # type: ignore[attr-defined]
    if reading.ask.action not in rule.actions:
        return False
    return bool(read_permit(rule, reading).open if rule.effect is Effect.PERMIT else rule.applies(reading))


@pytest.mark.parametrize("made", [EXAMPLE, policy(HARD)], ids=["example", "hard"])
def test_there_is_a_case_in_which_each_rule_takes_part(made: Policy) -> None:
    """A rule that is never tried is never compared."""
    cases = list(Grid(made).cases())

    assert [rule.id for rule in made.rules if not any(takes_part(made, rule, case) for case in cases)] == []


def test_the_cases_show_every_outcome() -> None:
    """Unknown facts too."""
    assert {judge(EXAMPLE, case.ask).outcome for case in Grid(EXAMPLE).cases()} == set(Outcome)


def test_no_case_comes_twice_and_there_are_never_too_many() -> None:
    """A bounded time, well used."""
    cases = list(Grid(EXAMPLE, policy(HARD)).cases())

    assert len(cases) == MAX_CASES
    assert len({repr(case.ask) for case in cases}) > 0.9 * MAX_CASES
    assert len(list(Grid(EXAMPLE).cases(10))) == 10


def test_the_same_policies_give_the_same_cases() -> None:
    """What a pipeline says today it says tomorrow."""
    assert [case.words for case in Grid(EXAMPLE).cases(500)] == [
        case.words for case in Grid(EXAMPLE).cases(500)
    ]


def test_projects_no_rule_tells_apart_are_tried_once() -> None:
    """A register of hundreds must not take the room of everything else."""
    made = policy("id: a, effect: permit, when: {project.tenant: self}, require: none")
    alike = [sorted(project.name for project in projects) for projects in Grid(made).alike.values()]

    assert sorted(alike) == [["acme-lab"], ["shop-dev", "shop-prod"]]


def test_a_case_is_told_in_words() -> None:
    """A difference is understood by its example."""
    made = policy(
        "id: a, effect: permit, when: {requester.groups: [leads], image.windows: true}, require: none"
    )
    words = [case.words for case in Grid(made).cases()]

    assert "by somebody in leads, image.windows true" in words
    assert "by somebody of whom nobody knows whether they are in leads, image.windows true" in words
    assert "by somebody in leads, image.windows unknown" in words
    assert "an ordinary image, asked by somebody in no group" in words


@settings(max_examples=40, deadline=None, database=None)
@given(made=rules())
def test_any_policy_can_be_tried(made: tuple[Rule, ...]) -> None:
    """Contradictions, empty policies and doubled rules included."""
    whole = Policy(rules=made, projects=REGISTER)

    assert all(judge(whole, case.ask) for case in Grid(whole).cases(200))


@pytest.mark.parametrize(
    "pattern",
    [
        "^(CHG|INC)-[0-9]+",
        "a{2}b?c+",
        "[^abc]x\\d{3}",
        "(?i)foo.*bar$",
        "x|y",
        "\\bab\\s\\w",
        "[]a]{2,}",
        "(?:a|b)(?P<n>c)",
    ],
)
def test_a_sample_of_a_pattern_matches_it(pattern: str) -> None:
    """Else the rule behind it is never open in a case."""
    sample = regex_sample(pattern)

    assert sample is not None
    assert found(pattern, sample)


@pytest.mark.parametrize("glob", ["base-*", "*", "a?c", "[ab]-[!c]x", "plain"])
def test_a_sample_of_a_glob_fits_it(glob: str) -> None:
    """As above."""
    assert fits(glob, glob_sample(glob) or "")


def test_a_pattern_nothing_matches_has_no_sample() -> None:
    """None is honest; a wrong sample is not."""
    assert regex_sample("a^b") is None
