"""The engine against the slow reference, and what must hold of every policy: docs/policy-meaning.md says which
sentence each test holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import combinations, islice
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings

from bot.domain.in_force import InForce, in_force
from bot.domain.lifecycle import Ballot, Recorded, decide
from bot.domain.model import (
    NO_REQUIREMENT,
    Action,
    AnyOf,
    Decision,
    Lane,
    LaneId,
    Limits,
    Member,
    Need,
    Outcome,
    Person,
    Request,
    RequestId,
    Requirement,
    Verdict,
)  # fmt: skip
from bot.domain.plan import Question
from bot.domain.policy import (
    Ask,
    Clause,
    Effect,
    Operator,
    Policy,
    Rule,
    Vote,
    can_vote,
    is_met,
    judge,
    merge,
)  # fmt: skip
from bot.domain.states import LaneState, RequestState
from tests.domain import reference_policy as reference
from tests.domain.policy_worlds import (
    AT,
    GROUPS,
    HOME,
    PROJECTS,
    REQUESTER,
    World,
    a_policy,
    a_requirement,
    a_rule,
    actors,
    an_ask,
    an_image,
    completions,
    drawn,
    forget,
    policy_of,
    some_votes,
    world,
    worlds_of,
)
from tools.mutants_policy import MUTANTS, occurrences

ROOT = Path(__file__).parents[2]
OPENED = (Outcome.ALLOW, Outcome.NEEDS_APPROVALS)
NOW = AT[0]
SLOW_SEED = 1_000_000
"""Seeds of the volume begin here; the fast run uses others."""


def shards(fast: int, slow: int, count: int = 1) -> pytest.MarkDecorator:
    """The test takes (first seed, how many): `count` shards in every run, eight larger ones when there is time."""
    every = [pytest.param(shard * fast, fast, id=f"fast{shard}") for shard in range(count)]
    volume = [
        pytest.param(SLOW_SEED + shard * slow, slow, id=f"slow{shard}", marks=pytest.mark.slow) for shard in range(8)
    ]
    return pytest.mark.parametrize(("first", "count"), every + volume)


def some_of(votes: Sequence[Vote]) -> Iterator[tuple[Vote, ...]]:
    """Every subset of the votes."""
    for size in range(len(votes) + 1):
        yield from combinations(votes, size)


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
            assert more.effect is Effect.PERMIT, seed
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
            assert after == before, seed

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
            assert set(later) == {now}, seed

    assert min(seen[Outcome.DENY], seen[Outcome.NEEDS_APPROVALS], seen[Outcome.HOLD]) > 0


@shards(fast=300, slow=1_500)
def test_nothing_holds_when_everything_is_known(first: int, count: int) -> None:
    """A hold ends: looking again can always settle it."""
    for seed, made in worlds_of(first, count):
        named = replace(made.ask, image=replace(made.ask.image, name="base-x"))
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
            and (reference.opens if rule.effect is Effect.PERMIT else reference.applies)(rule, ask, zone) is None
        ]
        if doubtful:
            assert verdict.outcome in (Outcome.HOLD, Outcome.DENY), seed
        if verdict.outcome is Outcome.HOLD:
            kinds.update(rule.effect for rule in doubtful)
            assert {rule.id for rule in doubtful} == set(verdict.rules) - {"built-in"}, seed

    assert set(kinds) == set(Effect)


# -- people ------------------------------------------------------------------------------------


@shards(fast=300, slow=2_000)
def test_seats_are_filled_as_by_trying_every_seating(first: int, count: int) -> None:
    """A person fills one slot, and is moved to another when that helps."""
    filled = 0
    for seed in range(first, first + count):
        chance = Random(seed)
        parts = tuple(a_requirement(chance) for _ in range(chance.choice((1, 1, 2))))
        votes = some_votes(chance)
        assert means_the_same(merge(*parts), parts, votes), f"{seed}: {parts} {votes}"
        filled += is_met(merge(*parts), votes)

    assert count // 20 < filled < count


def test_only_people_who_surely_belong_can_vote() -> None:
    """Deactivated, bot, guest, of another workspace, or any of these unknown; in no wanted group, or a group nobody
    could read; the requester: every mix of them."""
    wanted = AnyOf(items=(Need(count=1, groups=frozenset(GROUPS[1:2])), Need(count=2, groups=frozenset(GROUPS[2:3]))))
    for actor in actors():
        for own in (True, False):
            may = can_vote(wanted, own, REQUESTER, actor) is None
            counts = reference.counts(actor, frozenset(GROUPS[1:3]), requester=REQUESTER, self_approval=own)
            assert may == counts, (actor, own)


@shards(fast=400, slow=2_000)
def test_the_requester_counts_only_where_every_asking_rule_says_so(first: int, count: int) -> None:
    """One rule that does not is enough to keep them out."""
    allowed: Counter[bool] = Counter()
    for seed, made in worlds_of(first, count):
        verdict = judge(made.policy, made.ask)
        if verdict.outcome is not Outcome.NEEDS_APPROVALS:
            continue
        asking = [r for r in made.policy.rules if r.id in verdict.rules and r.requirement != NO_REQUIREMENT]
        assert verdict.self_approval == all(rule.self_approval for rule in asking), seed
        allowed[verdict.self_approval] += 1
        yes = next(actor for actor in actors() if actor.person == REQUESTER and actor.is_bot is False)
        full = replace(yes, groups=frozenset(GROUPS), is_guest=False, is_deactivated=False, is_foreign=False)
        may = can_vote(verdict.requirement, verdict.self_approval, REQUESTER, full) is None
        assert may == verdict.self_approval, seed

    assert min(allowed[True], allowed[False]) > 0


@shards(fast=300, slow=1_500)
def test_a_lane_is_approved_by_exactly_the_click_that_fills_the_last_seat(first: int, count: int) -> None:
    """Not one earlier; never by a guest, twice by one person, for another plan, or at or after the deadline."""
    ends: Counter[LaneState] = Counter()
    for seed in range(first, first + count):
        chance = Random(seed)
        own = chance.random() < 0.5
        requirement = merge(a_requirement(chance, depth=1))
        verdict = Verdict(outcome=Outcome.NEEDS_APPROVALS, requirement=requirement, self_approval=own)
        lane = a_lane(verdict)
        decisions: list[Decision] = []
        for ballot in some_ballots(chance):
            wanted = expected(lane, requirement, ballot, decisions, own=own)
            answer = decide(lane, verdict, REQUESTER, ballot, decisions)
            assert (answer.lane.state if isinstance(answer, Recorded) else None) == wanted, f"{seed}: {ballot}"
            if isinstance(answer, Recorded):
                lane = answer.lane
                decisions.append(answer.decision)
        ends[lane.state] += 1

    assert set(ends) == {LaneState.AWAITING_APPROVAL, LaneState.APPROVED, LaneState.REJECTED}


def expected(
    lane: Lane, requirement: Requirement, ballot: Ballot, decisions: Sequence[Decision], *, own: bool
) -> LaneState | None:
    """The lane's state after the ballot; None when it must be ignored."""
    wanted = frozenset(name for way in reference.ways((requirement,)) for names in way for name in names)
    first = ballot.actor.person not in {decision.person for decision in decisions}
    in_time = lane.deadline is not None and ballot.at < lane.deadline
    counts = reference.counts(ballot.actor, wanted, requester=REQUESTER, self_approval=own)
    open_for_it = lane.state is LaneState.AWAITING_APPROVAL and ballot.plan_hash == lane.plan_hash
    if not (first and in_time and counts and open_for_it):
        return None
    if not ballot.approve:
        return LaneState.REJECTED
    votes = [Vote(person=decision.person, groups=decision.groups) for decision in decisions if decision.approve]
    votes.append(Vote(person=ballot.actor.person, groups=ballot.actor.groups))
    enough = reference.met(reference.ways((requirement,)), votes)
    return LaneState.APPROVED if enough else LaneState.AWAITING_APPROVAL


def some_ballots(chance: Random) -> Iterator[Ballot]:
    """Six clicks of a few people, most of them in order."""
    plain = {"is_guest": False, "is_bot": False, "is_deactivated": False, "is_foreign": False}
    people = (*(Person(HOME, f"U{number}") for number in range(5)), REQUESTER)
    everybody = tuple(actors())
    for _ in range(6):
        actor = replace(
            chance.choice(everybody),
            person=chance.choice(people),
            groups=frozenset(name for name in GROUPS[:3] if chance.random() < 0.6),
        )
        yield Ballot(
            actor=replace(actor, **plain) if chance.random() < 0.85 else actor,  # type: ignore[arg-type]
            approve=chance.random() < 0.92,
            plan_hash="h" if chance.random() < 0.93 else "another",
            at=NOW + timedelta(hours=chance.choice((0, 0, 0, 0, 0, 0, 1, 2))),
        )


# -- between submit and execution --------------------------------------------------------------


def a_lane(verdict: Verdict) -> Lane:
    return Lane(
        id=LaneId("1.1"), request=RequestId(1), number=1, state=LaneState.AWAITING_APPROVAL, verdict=verdict,
        plan_hash="h", created_at=NOW, deadline=NOW + timedelta(hours=1),
    )  # fmt: skip


def a_question(ask: Ask) -> Question:
    request = Request(
        id=RequestId(1), action=ask.action, requester=REQUESTER, channel=ask.channel, text="", image_refs=(),
        project_refs=(), reason=ask.reason, duration=ask.duration, state=RequestState.PLANNED, created_at=NOW,
        dedupe_key="k",
    )  # fmt: skip
    return Question(
        request=request, requester=ask.requester, at=ask.at or NOW, limits=Limits(), pairs=ask.pairs,
        images=ask.images, projects=ask.projects,
    )  # fmt: skip


def pinned_lanes(first: int, count: int) -> Iterator[tuple[int, World, Lane, tuple[Ask, ...], InForce]]:
    """Lanes that were opened under one policy, and what is in force for them under another: the same with a rule
    more or less, or one altogether different. With each member's ask of today."""
    for seed, made in worlds_of(first, count):
        pinned = judge(made.policy, made.ask)
        if pinned.outcome not in OPENED:
            continue
        chance = Random(-seed - 1)
        asks = [made.ask]
        for _ in range(chance.choice((0, 1, 2))):
            asks.append(replace(made.ask, image=an_image(chance), project=chance.choice(PROJECTS)))
        asks = [replace(ask, at=ask.at or NOW) for ask in asks]
        lane = a_lane(pinned)
        members = [Member(lane=lane.id, image=ask.image, project=ask.project) for ask in asks]
        today = World(policy=another(chance, made.policy), ask=made.ask, votes=made.votes)
        yield seed, today, lane, tuple(asks), in_force(today.policy, a_question(made.ask), lane, members)


def another(chance: Random, policy: Policy) -> Policy:
    kind = chance.random()
    if kind < 0.2:
        return a_policy(chance)
    if kind < 0.4:
        return policy_of(policy.rules[1:])
    return replace(policy, rules=(*policy.rules, a_rule(chance, "r-more", (Effect.PERMIT, Effect.REQUIRE))))


@shards(fast=400, slow=2_500)
def test_what_is_in_force_is_what_was_pinned_and_what_is_asked_today(first: int, count: int) -> None:
    """Both, for every set of votes: an approval can lose its force, never gain any."""
    seen: Counter[Outcome] = Counter()
    for seed, today, lane, asks, force in pinned_lanes(first, count):
        now = [reference.meaning(today.policy, ask) for ask in asks]
        kept = [one for one in now if one.outcome is not Outcome.DENY]
        holds = any(one.outcome is Outcome.HOLD for one in kept)
        parts = (lane.verdict.requirement, *(part for one in kept for part in one.parts))

        assert (force.verdict.outcome is Outcome.HOLD) == holds, seed
        assert means_the_same(force.verdict.requirement, parts, today.votes), seed
        asks_nothing = reference.ways(parts) == [{}]
        assert holds or (force.verdict.outcome is Outcome.ALLOW) == asks_nothing, seed
        seen[force.verdict.outcome] += 1

    assert min(seen[Outcome.ALLOW], seen[Outcome.NEEDS_APPROVALS], seen[Outcome.HOLD]) > 0


@shards(fast=400, slow=2_500)
def test_a_requirement_in_force_only_grows(first: int, count: int) -> None:
    """Nobody who was needed at submit is spared, by no change of the file; the requester gains no vote."""
    grown = 0
    for seed, today, lane, _, force in pinned_lanes(first, count):
        for cast in some_of(today.votes):
            assert is_met(lane.verdict.requirement, cast) or not is_met(force.verdict.requirement, cast), seed
        assert lane.verdict.self_approval or not force.verdict.self_approval, seed
        grown += lane.verdict.requirement != force.verdict.requirement

    assert grown > 0


@shards(fast=400, slow=2_500)
def test_what_the_policy_refuses_today_does_not_run_today(first: int, count: int) -> None:
    """Member by member: one that is refused neither runs nor asks for anybody."""
    refused = 0
    for seed, today, _, asks, force in pinned_lanes(first, count):
        denied = [reference.meaning(today.policy, ask).outcome is Outcome.DENY for ask in asks]
        refused += sum(denied)
        found = [(member.image, member.project) for member, _ in force.forbidden]
        kept = [(member.image, member.project) for member in force.members]
        assert found == [(ask.image, ask.project) for ask, no in zip(asks, denied, strict=True) if no], seed
        assert kept == [(ask.image, ask.project) for ask, no in zip(asks, denied, strict=True) if not no], seed

    assert refused > 0


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


@settings(deadline=None)
@given(drawn(lambda chance: (a_requirement(chance), some_votes(chance))))
def test_one_more_vote_never_takes_an_approval_away(drawn_: tuple[Requirement, tuple[Vote, ...]]) -> None:
    """What is approved stays so while more people agree."""
    requirement, votes = drawn_
    for number in range(len(votes)):
        assert is_met(requirement, votes[: number + 1]) or not is_met(requirement, votes[:number])


# -- the mutants -------------------------------------------------------------------------------


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_still_changes_exactly_one_place(mutant: object) -> None:
    """A mutant that no longer fits proves nothing, and says so here before anybody runs them."""
    assert occurrences(ROOT, mutant) == 1  # type: ignore[arg-type]
