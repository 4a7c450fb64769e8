"""Properties of judging that must hold for every policy and ask."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.model import (
    GroupName,
    ImageFacts,
    Outcome,
)
from bot.domain.policy import (
    Ask,
    Effect,
    Rule,
    judge,
    merge,
)
from bot.domain.policy.explain import explain
from tests.domain.policy_builders import IMAGE, ask, policy
from tests.domain.policy_strategies import NAMES, asks, policy_of, rules

OPENED = (Outcome.ALLOW, Outcome.NEEDS_APPROVALS)


@given(rules(), asks(), st.randoms())
def test_the_order_of_rules_never_matters(made: tuple[Rule, ...], asked: Ask, shuffle: Random) -> None:
    """A reviewer need not read the file from the top."""
    mixed = list(made)
    shuffle.shuffle(mixed)

    assert judge(policy_of(tuple(mixed)), asked) == judge(policy_of(made), asked)


@given(rules(), rules((Effect.FORBID, Effect.REQUIRE)), asks())
def test_adding_a_forbid_or_a_lock_never_opens(
    made: tuple[Rule, ...], more: tuple[Rule, ...], asked: Ask
) -> None:
    """Somebody who only adds forbids and requires cannot make a policy weaker."""
    before = judge(policy_of(made), asked)
    after = judge(policy_of(made + tuple(replace(rule, id=f"new-{rule.id}") for rule in more)), asked)

    if before.outcome not in OPENED:
        assert after.outcome not in OPENED
    if after.outcome is Outcome.ALLOW:
        assert before.outcome is Outcome.ALLOW
    if after.outcome in OPENED:
        assert merge(before.requirement, after.requirement) == after.requirement


@given(rules(), asks(), st.sets(st.sampled_from(NAMES)))
def test_knowing_less_about_groups_never_opens(
    made: tuple[Rule, ...], asked: Ask, forgotten: set[str]
) -> None:
    """A Slack outage must not let anything through."""
    names = frozenset(GroupName(name) for name in forgotten)
    person = asked.requester
    blurred = replace(person, groups=person.groups - names, unknown_groups=person.unknown_groups | names)
    before = judge(policy_of(made), asked)
    after = judge(policy_of(made), replace(asked, requester=blurred))

    assert after.outcome in (before.outcome, Outcome.HOLD)
    if after.outcome in OPENED:
        assert after == before


@given(rules(), asks())
def test_a_hold_ends_in_what_each_answer_of_the_cloud_would_give(made: tuple[Rule, ...], asked: Ask) -> None:
    """What is definite while a fact is unknown stays so when it becomes known."""
    before = judge(policy_of(made), asked)
    for encrypted, owned in product((True, False), (True, False)):
        image = replace(
            asked.image,
            encrypted=encrypted if asked.image.encrypted is None else asked.image.encrypted,
            owned=owned if asked.image.owned is None else asked.image.owned,
        )
        after = judge(policy_of(made), replace(asked, image=image))
        if before.outcome is not Outcome.HOLD and asked.image.owned is not None:
            assert after.outcome is before.outcome


@given(rules(), asks())
def test_every_verdict_says_why(made: tuple[Rule, ...], asked: Ask) -> None:
    """In one line, whatever the rules are; and explain has a trace of each rule."""
    found = judge(policy_of(made), asked)

    assert found.why
    assert "\n" not in found.why
    assert list(found.rules) == sorted(set(found.rules))
    assert [trace.rule for trace in explain(policy_of(made), asked)] == [rule.id for rule in made]


@given(rules(), asks())
def test_an_explanation_agrees_with_the_verdict(made: tuple[Rule, ...], asked: Ask) -> None:
    """The tree an operator reads is the one that was judged by."""
    found = judge(policy_of(made), asked)
    applying = {trace.rule for trace in explain(policy_of(made), asked) if trace.applies}

    if found.outcome in OPENED:
        assert applying == set(found.rules)


@given(
    st.builds(
        ImageFacts, id=st.just(IMAGE.id), name=st.text(max_size=300), status=st.none() | st.text(max_size=9)
    )
)
def test_the_judge_answers_whatever_the_cloud_says(image: ImageFacts) -> None:
    """Total: no name, no status makes it raise."""
    made = policy("id: p, effect: permit, when: {image.name: {regex: '^[a-z]+-.*$'}}, require: none")

    assert judge(made, ask(made, image=image)).outcome in Outcome
