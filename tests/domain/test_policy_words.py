"""The words of a verdict, part by part: several rules, exceptions, what could not be read, and the trace of a rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest

from bot.domain.model import Action, GroupName, Outcome, Verdict
from bot.domain.policy import Clause, Operator
from bot.domain.policy.clauses import value_in_words
from bot.domain.policy.explain import Approvers, explain, who_could_approve
from bot.domain.policy.facts import FACTS, Reading, Words, fact_named
from bot.domain.policy.words import distance, quoted
from tests.domain.policy_builders import IMAGE, REQUESTER, actor, ask, need, policy
from tests.domain.test_policy_answers import DEV, told

NAMES = tuple(f"g{n}" for n in range(9))


def test_rules_are_quoted_one_after_the_other() -> None:
    """One, two, or more."""
    assert quoted(["a"]) == 'rule "a"'
    assert quoted(["a", "b"]) == 'rules "a" and "b"'
    assert quoted(["a", "b", "c"]) == 'rules "a", "b" and "c"'


def test_a_permit_says_only_what_fails_and_which_exception_stands_in_the_way() -> None:
    """What holds is not repeated."""
    rule = (
        "id: a, effect: permit, when: {project.env: {eq: dev}, image.windows: {eq: true}}, require: none, "
        "unless: [{image.kind: {eq: system}, image.encrypted: {eq: false}}, {image.kind: {eq: data}}]"
    )

    assert told(rule).nearest == (
        'rule "a" wants image.windows to be true, and it is false; '
        "to make an exception of image.kind to be system and image.encrypted to be false"
    )


FAILS = "image.windows: {eq: true}"
HOLDS = "image.windows: {eq: false}"
EXCEPTED, NOT_EXCEPTED = "{image.kind: {eq: system}}", "{image.kind: {eq: data}}"


@pytest.mark.parametrize(
    ("when", "unless", "far"),
    [
        (f"{FAILS}", "", (1, 0)),
        (f"{FAILS}, image.kind: {{eq: system}}", "", (1, 0)),
        (f"{FAILS}, project.env: {{eq: prod}}, project.tenant: {{eq: x}}", "", (3, 2)),
        (HOLDS, EXCEPTED, (1, 0)),
        (HOLDS, f"{EXCEPTED}, {{image.encrypted: {{eq: false}}}}", (2, 0)),
        (FAILS, f"{EXCEPTED}, {NOT_EXCEPTED}", (2, 0)),
        (FAILS, NOT_EXCEPTED, (1, 0)),
    ],
)
def test_how_far_a_permit_is_counts_what_fails_and_what_excepts(
    when: str, unless: str, far: tuple[int, int]
) -> None:
    """The nearest one is shown to the requester as the way through."""
    exceptions = f", unless: [{unless}]" if unless else ""
    made = policy(f"id: a, effect: permit, when: {{{when}}}, require: none{exceptions}")

    assert distance(made.rules[0], Reading(ask(made), UTC)) == far


def test_a_forbid_says_every_value_that_made_it_match_and_every_way_around_it() -> None:
    """Joined by and; the ways by or."""
    rule = (
        "id: a, effect: forbid, when: {image.kind: {eq: system}, image.encrypted: {eq: false}}, "
        "unless: [{requester.groups: {any: [leads]}, image.windows: {eq: true}}, {image.tags: {any: [ok]}}]"
    )

    found = told(f"{DEV}\n{rule}")

    assert found.why == 'rule "a": forbidden, because image.kind is system and image.encrypted is false'
    assert found.nearest == (
        'rule "a" makes an exception; it wants requester.groups to include leads and image.windows to be true, '
        "or image.tags to include ok"
    )


@pytest.mark.parametrize(
    ("when", "more", "facts"),
    [
        ("image.kind: {eq: system}, image.os: {eq: x}", {"os": None}, "image.os"),
        ("image.os: {in: [x, y]}", {"os": None}, "image.os"),
        ("requester.groups: {any: [security, leads, owners]}", {}, "requester.groups (leads, security)"),
    ],
)
def test_what_could_not_be_read_is_named_and_nothing_else(
    when: str, more: dict[str, Any], facts: str
) -> None:
    """Of groups only those that the rule asks for."""
    who = actor(unknown=("trio", "security", "leads"))

    found = told(
        f"id: a, effect: permit, when: {{{when}}}, require: none", image=replace(IMAGE, **more), by=who
    )

    assert found.outcome is Outcome.HOLD
    assert found.why == f'rule "a" needs {facts}, which could not be read'


def test_a_rule_of_another_action_is_traced_as_not_speaking() -> None:
    """And without notes, whatever its reason wants."""
    made = policy(
        "id: a, effect: require, action: unshare, when: {}, require: {count: 1, from: [leads]}, "
        "reason: {pattern: CHG, hint: give a CHG}\n"
        "id: b, effect: require, when: {}, require: {count: 1, from: [leads]}, reason: {pattern: CHG, hint: give a CHG}"
    )

    bad, good = explain(made, ask(made, reason="x")), explain(made, ask(made, reason="CHG"))
    back = explain(made, ask(made, reason="CHG", action=Action.UNSHARE))

    assert [(one.speaks, one.applies, one.notes) for one in bad] == [
        (False, False, ()),
        (True, True, ("denies without a better reason: give a CHG",)),
    ]
    assert [(one.speaks, one.applies, one.notes) for one in good] == [(False, False, ()), (True, True, ())]
    assert [(one.speaks, one.applies) for one in back] == [(True, True), (False, False)]


def test_a_group_the_policy_does_not_know_is_named_and_empty() -> None:
    """A stored verdict can be older than the file."""
    verdict = Verdict(outcome=Outcome.NEEDS_APPROVALS, requirement=need(1, "gone"))

    assert who_could_approve(policy(DEV), verdict, REQUESTER) == (
        Approvers(group=GroupName("gone"), slack_users=(), slack_usergroup=None),
    )


def test_words_come_in_order_however_many_there_are() -> None:
    """A set has none of its own."""
    listed = ", ".join(NAMES)

    assert value_in_words(Words(frozenset(NAMES[:8]))) == ", ".join(NAMES[:8])
    assert value_in_words(Words(frozenset(), frozenset(NAMES))) == f"none (unknown: {listed})"


def test_a_glob_that_fits_not_says_the_value() -> None:
    """Only what is too long to be compared says so."""
    made = policy(DEV)
    glob = Clause(fact="image.name", operator=Operator.GLOB, wanted="x*")

    assert glob.found(Reading(ask(made), UTC)) == "it is base-ubuntu"


def test_a_label_says_what_it_is_and_an_age_without_a_moment_is_unknown() -> None:
    """The first is shown beside the facts of the table."""
    label = fact_named("project.labels.tier")
    assert label is not None
    assert label.about == "a label of the register"
    assert all(fact.about for fact in FACTS.values())
    made = policy(DEV)
    assert Reading(ask(made, at=None), UTC).value(FACTS["image.age_days"]) is None
