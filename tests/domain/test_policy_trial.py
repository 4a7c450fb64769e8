"""Rules on trial: told of, and without any effect."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from bot.domain.model import Outcome
from bot.domain.policy import Ask, Effect, Mode, Rule, judge
from tests.domain.policy_builders import IMAGE, actor, ask, policy, verdict
from tests.domain.policy_strategies import asks, policy_of, rules

OPEN = "id: all, effect: permit, when: {requester.groups: [engineers]}, require: none\n"


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("effect: forbid, when: {image.windows: false}, message: No.", "would forbid this: No."),
        ("effect: forbid, when: {image.windows: false}", "would forbid this: because image.windows is false"),
        ("effect: require, when: {}, require: {count: 1, from: [leads]}", "would also ask for 1 of leads"),
        (
            "effect: require, when: {}, require: {count: 1, from: [leads]}, reason: {pattern: ^CHG, hint: say CHG}",
            "would refuse this: a reason is wanted: say CHG",
        ),
        ("effect: permit, when: {}, require: none", "would permit this without approval"),
        ("effect: permit, when: {}, require: {count: 1, from: [leads]}", "would permit this with 1 of leads"),
        (
            "effect: forbid, when: {image.size_gb: {gt: 1}}",
            "could not be judged: image.size_gb could not be read",
        ),
    ],
)
def test_a_rule_on_trial_says_what_it_would_have_said(rule: str, words: str) -> None:
    """That is what the trial is for; and the pair goes as if the rule were not there."""
    image = replace(IMAGE, size_gb=None)
    found = verdict(f"{OPEN}id: t, mode: warn, {rule}", image=image)

    assert found.warnings == (f'rule "t" is on trial and {words}',)
    assert replace(found, warnings=()) == verdict(OPEN, image=image)


@pytest.mark.parametrize(
    "rule",
    [
        "effect: forbid, when: {image.windows: true}",
        "effect: forbid, action: unshare, when: {}",
        "effect: permit, when: {}, require: none, share_for: 1h, reason: {pattern: x, hint: y}",
    ],
)
def test_a_rule_on_trial_that_would_take_no_part_is_silent(rule: str) -> None:
    """Warnings that always come are not read."""
    assert verdict(f"{OPEN}id: t, mode: warn, {rule}").warnings == ()


def test_enforce_is_what_a_rule_does_without_a_mode() -> None:
    """Nobody puts a rule on trial by forgetting something."""
    made = policy(OPEN + "id: x, mode: enforce, effect: forbid, when: {}")

    assert {rule.mode for rule in made.rules} == {Mode.ENFORCE}
    assert judge(made, ask(made)).outcome is Outcome.DENY


def test_a_permit_on_trial_opens_nothing() -> None:
    """Also where no other permit is open."""
    found = verdict("id: t, mode: warn, effect: permit, when: {}, require: none", by=actor())

    assert found.outcome is Outcome.DENY
    assert found.warnings


@settings(max_examples=200, deadline=None, database=None)
@given(enforced=rules(), tried=rules(), asked=asks())
def test_rules_on_trial_never_change_a_verdict(
    enforced: tuple[Rule, ...], tried: tuple[Rule, ...], asked: Ask
) -> None:
    """The property the whole mode stands for, over many policies and asks."""
    trial = tuple(replace(rule, id=f"trial-{rule.id}", mode=Mode.WARN) for rule in tried)

    found = judge(policy_of(enforced + trial), asked)

    assert replace(found, warnings=()) == judge(policy_of(enforced), asked)


def test_rules_on_trial_are_no_part_of_what_is_asked_of_the_policy() -> None:
    """Whoever asks for rules of an effect gets those in force."""
    made = policy(OPEN + "id: t, mode: warn, effect: forbid, when: {}")
    action = ask(made).action

    assert made.rules_of(Effect.FORBID, action) == ()
    assert [rule.id for rule in made.rules_on_trial(action)] == ["t"]
