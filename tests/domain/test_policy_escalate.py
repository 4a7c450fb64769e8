"""Escalation: whom to tell when a lane still waits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.policy import Escalation
from bot.domain.policy_file import lint
from tests.domain.policy_builders import FRAME, groups, policy, said

RULES = """id: a, effect: permit, when: {}, require: {count: 1, from: [leads]}, escalate: {after: 4h, to: [security]}
id: b, effect: require, when: {}, require: {count: 1, from: [owners]}, escalate: [{after: 8h, to: [trio]}, {after: 4h, to: [owners]}]
id: c, effect: permit, when: {}, require: none
id: t, effect: permit, mode: warn, when: {}, require: {count: 1, from: [leads]}, escalate: {after: 1h, to: [trio]}"""


def rule(escalate: str, require: str = "{count: 1, from: [leads]}", effect: str = "permit") -> str:
    needed = f", require: {require}" if require else ""
    return f"{FRAME}rules:\n  - {{id: a, effect: {effect}, when: {{}}{needed}, escalate: {escalate}}}\n"


def test_the_steps_of_all_rules_are_told_soonest_first() -> None:
    """Groups of the same time are told together."""
    assert policy(RULES).escalations_of(("a", "b", "c")) == (
        Escalation(after=timedelta(hours=4), to=groups("security", "owners")),
        Escalation(after=timedelta(hours=8), to=groups("trio")),
    )


def test_rules_that_took_no_part_escalate_nothing() -> None:
    """Neither those on trial, nor those without a step."""
    assert policy(RULES).escalations_of(("c", "t", "no-such-rule")) == ()


def test_a_group_that_is_told_counts_as_used() -> None:
    """Else the lint would ask to remove it."""
    assert 'group "trio" is used by no rule' not in [problem.what for problem in lint(policy(RULES))]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (rule("4h"), "a mapping of key: value is wanted"),
        (rule("{after: 4h}"), '"to" is missing'),
        (rule("{to: [leads]}"), '"after" is missing'),
        (rule("{after: soon, to: [leads]}"), "a length of time such as"),
        (rule("{after: 4h, to: []}"), "an empty list"),
        (rule("{after: 4h, to: [led]}"), "allowed: contractors, engineers"),
        (
            rule("{after: 24h, to: [leads]}"),
            "after the end (shorter than defaults: expires_after (1d) is wanted)",
        ),
        (rule("[]"), "0 steps (1 to 5 are wanted)"),
        (rule("[{after: 1h, to: [leads]}, {after: 60m, to: [owners]}]"), "the same time twice"),
        (rule("{after: 4h, to: [leads], vote: true}"), 'unknown key "vote"'),
        (rule("{after: 4h, to: [leads]}", "none"), "nothing waits where nobody has to approve"),
        (rule("{after: 4h, to: [leads]}", "", "forbid"), 'a forbid has no "escalate"'),
    ],
)
def test_a_wrong_escalation_is_refused(text: str, words: str) -> None:
    """A step that never comes is noticed when it is too late."""
    assert words in said(text)
