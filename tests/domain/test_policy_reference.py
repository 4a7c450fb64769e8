"""The engine against the slow reference, and what must hold of every policy: docs/policy-meaning.md says which
sentence each test holds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings

from bot.domain.model import (
    Action,
    Outcome,
    Requirement,
    Verdict,
)  # fmt: skip
from bot.domain.policy import (
    Clause,
    Effect,
    Mode,
    Operator,
    Rule,
    Vote,
    is_met,
    judge,
)  # fmt: skip
from tests.domain import reference_policy as reference
from tests.domain.policy_worlds import (
    OWNER,
    World,
    a_rule,
    an_ask,
    completions,
    drawn,
    forget,
    policy_of,
    shards,
    some_of,
    world,
    worlds_of,
)
from tools.mutants_policy import MUTANTS, occurrences

ROOT = Path(__file__).parents[2]
OPENED = (Outcome.ALLOW, Outcome.NEEDS_APPROVALS)


def means_the_same(requirement: Requirement, parts: Sequence[Requirement], votes: Sequence[Vote]) -> bool:
    """Whether the engine's requirement is met by the same votes as all the parts are, seat by seat."""
    ways = reference.ways(parts)
    return all(is_met(requirement, cast) == reference.met(ways, cast) for cast in some_of(votes))


def disagreement(made: World) -> str:
    """Where the engine and the reference differ, in words; empty when they agree."""
    found, wanted = judge(made.policy, made.ask), reference.meaning(made.policy, made.ask)
    if (found.outcome, set(found.rules)) != (wanted.outcome, set(wanted.rules)):
        return f"{found.outcome} by {found.rules}, not {wanted.outcome} by {sorted(wanted.rules)}"
    if (found.self_approval, found.share_for) != (wanted.self_approval, wanted.share_for):
        return f"{found.self_approval}, {found.share_for}, not {wanted.self_approval}, {wanted.share_for}"
    if not means_the_same(found.requirement, wanted.parts, made.votes):
        return f"{found.requirement} is met otherwise than {wanted.parts}"
    return ""


def without_warnings(verdict: Verdict) -> Verdict:
    """What rules on trial would have said is no part of the answer."""
    return replace(verdict, warnings=())


# -- the engine and the reference --------------------------------------------------------------


@shards(fast=500, slow=5_000, count=3)
def test_the_engine_says_what_the_reference_says(first: int, count: int) -> None:
    """Outcome, rules, the requester's own vote, the time, and who is enough: written twice, the same twice."""
    seen: Counter[Outcome] = Counter()
    for seed, made in worlds_of(first, count):
        assert disagreement(made) == "", f"world {seed}: {made}"
        seen[judge(made.policy, made.ask).outcome] += 1

    assert min(seen[outcome] for outcome in Outcome) >= count // 50, seen


@settings(deadline=None)
@given(drawn(world))
def test_a_smallest_world_where_they_differ_is_not_found(made: World) -> None:
    """The same, by a search that shrinks what it finds."""
    assert disagreement(made) == ""


def test_the_reference_is_not_fooled_by_three_values() -> None:
    """Who watches the reference: its tables are what minimum, maximum and negation are on false < unknown < true."""
    order = {False: 0, None: 1, True: 2}
    back = {rank: truth for truth, rank in order.items()}
    for one in order:
        assert reference.NOT[one] == back[2 - order[one]]
        for other in order:
            assert reference.AND[one, other] == back[min(order[one], order[other])]
            assert reference.OR[one, other] == back[max(order[one], order[other])]


# -- rules -------------------------------------------------------------------------------------


@shards(fast=200, slow=1_000)
def test_the_order_of_rules_changes_nothing_at_all(first: int, count: int) -> None:
    """Not one word of the verdict."""
    for seed, made in worlds_of(first, count):
        rules = list(made.policy.rules)
        Random(seed).shuffle(rules)
        mixed = replace(made.policy, rules=tuple(rules))

        assert judge(mixed, made.ask) == judge(made.policy, made.ask), seed


@shards(fast=400, slow=2_500)
def test_one_more_rule_opens_only_as_a_permit_that_matches(first: int, count: int) -> None:
    """Whoever reviews a change needs to look for permits only."""
    opened = 0
    for seed, made in worlds_of(first, count):
        more = a_rule(Random(-seed - 1), "r-more")
        before = judge(made.policy, made.ask)
        after = judge(replace(made.policy, rules=(*made.policy.rules, more)), made.ask)
        if after.outcome in OPENED and before.outcome not in OPENED:
            opened += 1
            assert (more.effect, more.mode) == (Effect.PERMIT, Mode.ENFORCE), seed
            assert made.ask.action in more.actions, seed
            assert reference.opens(more, made.ask, made.policy.zone) is True, seed
            assert before.outcome is Outcome.DENY, seed
            assert "r-more" in after.rules, seed

    assert opened > 0


@shards(fast=400, slow=2_500)
def test_one_more_rule_of_any_kind_never_asks_for_less(first: int, count: int) -> None:
    """A pair that is open stays as hard to open, whatever is added: a second permit is no way around the first."""
    for seed, made in worlds_of(first, count):
        more = a_rule(Random(-seed - 1), "r-more")
        before = judge(made.policy, made.ask)
        after = judge(replace(made.policy, rules=(*made.policy.rules, more)), made.ask)
        if before.outcome in OPENED and after.outcome in OPENED:
            assert not (before.outcome is Outcome.NEEDS_APPROVALS and after.outcome is Outcome.ALLOW), seed
            for cast in some_of(made.votes):
                assert is_met(before.requirement, cast) or not is_met(after.requirement, cast), seed
            if before.outcome is Outcome.NEEDS_APPROVALS:
                assert before.self_approval or not after.self_approval, seed


@shards(fast=300, slow=1_500)
def test_a_rule_on_trial_changes_nothing_but_the_warnings(first: int, count: int) -> None:
    """Somebody tries a rule out for a week; nobody may be let in or kept out by it."""
    warned = 0
    for seed, made in worlds_of(first, count):
        trial = replace(a_rule(Random(-seed - 1), "r-trial"), mode=Mode.WARN)
        before = judge(made.policy, made.ask)
        after = judge(replace(made.policy, rules=(*made.policy.rules, trial)), made.ask)
        assert without_warnings(after) == without_warnings(before), seed
        warned += len(after.warnings) > len(before.warnings)

    assert warned > 0


# -- the unknown -------------------------------------------------------------------------------


@shards(fast=300, slow=1_500)
def test_forgetting_a_fact_changes_a_verdict_only_into_hold(first: int, count: int) -> None:
    """An outage opens nothing, refuses nothing, and makes no approval unnecessary."""
    held = 0
    for seed, made in worlds_of(first, count):
        before = judge(made.policy, made.ask)
        after = judge(made.policy, forget(Random(seed), made.ask))
        held += (before.outcome, after.outcome) == (Outcome.NEEDS_APPROVALS, Outcome.HOLD)
        assert after.outcome in (before.outcome, Outcome.HOLD), seed
        if after.outcome in OPENED:
            assert without_warnings(after) == without_warnings(before), seed

    assert held > 0


@shards(fast=300, slow=1_500)
def test_what_does_not_hold_is_so_however_the_unknown_turns_out(first: int, count: int) -> None:
    """Open: the very same verdict under every completion. Denied: denied under every completion."""
    seen: Counter[Outcome] = Counter()
    for seed, made in worlds_of(first, count):
        now = judge(made.policy, made.ask)
        later = [judge(made.policy, ask) for ask in islice(completions(made.ask), 48)]
        seen[now.outcome] += len(later) > 1
        if now.outcome is Outcome.DENY:
            assert {verdict.outcome for verdict in later} == {Outcome.DENY}, seed
        elif now.outcome in OPENED:
            assert {without_warnings(verdict) for verdict in later} == {without_warnings(now)}, seed

    assert min(seen[Outcome.DENY], seen[Outcome.NEEDS_APPROVALS], seen[Outcome.HOLD]) > 0


@shards(fast=300, slow=1_500)
def test_nothing_holds_when_everything_is_known(first: int, count: int) -> None:
    """A hold ends: looking again can always settle it."""
    for seed, made in worlds_of(first, count):
        named = replace(made.ask, image=replace(made.ask.image, name="base-x", owner=OWNER))
        for known in islice(completions(named), 8):
            assert judge(made.policy, known).outcome is not Outcome.HOLD, seed


@shards(fast=400, slow=1_500)
def test_an_unknown_in_any_rule_that_is_not_false_holds_what_would_open(first: int, count: int) -> None:
    """Of a forbid, a permit and a require alike; and the verdict names every such rule."""
    kinds: Counter[Effect] = Counter()
    for seed, made in worlds_of(first, count):
        ask, zone = made.ask, made.policy.zone
        verdict = judge(made.policy, ask)
        doubtful = [
            rule
            for rule in made.policy.rules
            if ask.action in rule.actions
            and rule.mode is Mode.ENFORCE
            and (reference.opens if rule.effect is Effect.PERMIT else reference.applies)(rule, ask, zone)
            is None
        ]
        if doubtful:
            assert verdict.outcome in (Outcome.HOLD, Outcome.DENY), seed
        if verdict.outcome is Outcome.HOLD:
            kinds.update(rule.effect for rule in doubtful)
            assert {rule.id for rule in doubtful} == set(verdict.rules) - {"built-in"}, seed

    assert set(kinds) == set(Effect)


# -- the smallest worlds -----------------------------------------------------------------------


def a_rule_of(effect: Effect, id: str, **more: object) -> Rule:
    return Rule(id=id, effect=effect, **more)  # type: ignore[arg-type]


def test_deny_wins_over_hold_and_hold_over_open() -> None:
    """The three ranks in one world: an open permit, an unknown require, a forbid that matches."""
    ask = replace(an_ask(Random(1)), action=Action.SHARE)
    image = replace(
        ask.image, encrypted=None, owned=True, status="active", public=False, marketplace=False, owner=None
    )  # fmt: skip
    ask = replace(ask, image=image)
    unknown = (Clause(fact="image.encrypted", operator=Operator.EQ, wanted=True),)
    opens = a_rule_of(Effect.PERMIT, "opens")
    waits = a_rule_of(Effect.REQUIRE, "waits", when=unknown)
    denies = a_rule_of(Effect.FORBID, "denies")

    assert judge(policy_of((opens,)), ask).outcome is Outcome.ALLOW
    assert judge(policy_of((opens, waits)), ask).outcome is Outcome.HOLD
    assert judge(policy_of((opens, waits, denies)), ask).outcome is Outcome.DENY
    assert judge(policy_of((waits,)), ask).outcome is Outcome.DENY


# -- the mutants -------------------------------------------------------------------------------


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_still_changes_exactly_one_place(mutant: object) -> None:
    """A mutant that no longer fits proves nothing, and says so here before anybody runs them."""
    assert occurrences(ROOT, mutant) == 1  # type: ignore[arg-type]


def test_every_test_the_page_of_meaning_names_exists() -> None:
    """A sentence without its test is a wish."""
    page = (ROOT / "docs/policy-meaning.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    here = {
        path.name: path.read_text(encoding="utf-8")
        for path in Path(__file__).parent.glob("test_policy_ref*.py")
    }
    written = set(re.findall(r"^def (test_\w+)", "\n".join(here.values()), re.MULTILINE))

    assert len(named) > 15
    assert named <= written
    assert written - named == {"test_each_mutant_still_changes_exactly_one_place", NAMES_ITSELF}


NAMES_ITSELF = test_every_test_the_page_of_meaning_names_exists.__name__
