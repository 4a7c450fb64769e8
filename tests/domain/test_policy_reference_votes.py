"""The engine's votes, and what is in force between submit and execution, against the slow reference:
docs/policy-meaning.md says which sentence each test holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import given, settings

from bot.domain.in_force import InForce, in_force
from bot.domain.lifecycle import Ballot, Recorded, decide
from bot.domain.model import (
    NO_REQUIREMENT,
    AnyOf,
    Decision,
    Glass,
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
    BreakGlass,
    Effect,
    Policy,
    Vote,
    can_break_glass,
    can_vote,
    is_met,
    judge,
    merge,
)  # fmt: skip
from bot.domain.states import LaneState, RequestState
from tests.domain import reference_policy as reference
from tests.domain.policy_worlds import (
    ACTORS,
    AT,
    GROUPS,
    HOME,
    PROJECTS,
    REQUESTER,
    World,
    a_policy,
    a_requirement,
    a_rule,
    an_image,
    drawn,
    policy_of,
    shards,
    some_of,
    some_votes,
    worlds_of,
)
from tests.domain.test_policy_reference import means_the_same

OPENED = (Outcome.ALLOW, Outcome.NEEDS_APPROVALS)
NOW = AT[0]


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
    wanted = AnyOf(
        items=(Need(count=1, groups=frozenset(GROUPS[1:2])), Need(count=2, groups=frozenset(GROUPS[2:3])))
    )
    for actor in ACTORS:
        for own in (True, False):
            may = can_vote(wanted, own, REQUESTER, actor) is None
            counts = reference.counts(actor, frozenset(GROUPS[1:3]), requester=REQUESTER, self_approval=own)
            assert may == counts, (actor, own)


def test_the_glass_is_broken_only_by_those_named_for_it_and_only_instead_of_approvals() -> None:
    """Every mix of people, outcomes, reasons and sizes. What is denied stays denied, what holds stays on hold."""
    glass = BreakGlass(by=frozenset(GROUPS[1:3]), review=Need(count=1, groups=frozenset(GROUPS[:1])))
    may: Counter[bool] = Counter()
    for actor in ACTORS:
        for outcome in Outcome:
            verdict = Verdict(outcome=outcome)
            for reason, pairs in (("x" * 20, 5), ("x" * 19 + "  ", 5), ("x" * 20, 6)):
                for one in (glass, None):
                    policy = replace(policy_of(()), break_glass=one)
                    found = can_break_glass(policy, actor, verdict, reason=reason, pairs=pairs) is None
                    assert found == reference.may_break_glass(one, actor, outcome, reason, pairs), (
                        actor,
                        outcome,
                    )
                    may[found] += 1

    assert may[True] > 0


@shards(fast=400, slow=2_000)
def test_the_requester_counts_only_where_every_asking_rule_says_so(first: int, count: int) -> None:
    """One rule that does not is enough to keep them out."""
    allowed: Counter[bool] = Counter()
    for seed, made in worlds_of(first, count):
        verdict = judge(made.policy, made.ask)
        if verdict.outcome is not Outcome.NEEDS_APPROVALS:
            continue
        asking = [r for r in made.policy.rules if r.id in verdict.rules and r.requirement != NO_REQUIREMENT]
        assert asking, seed
        assert verdict.self_approval == all(rule.self_approval for rule in asking), seed
        allowed[verdict.self_approval] += 1
        yes = next(actor for actor in ACTORS if actor.person == REQUESTER and actor.is_bot is False)
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
            assert (answer.lane.state if isinstance(answer, Recorded) else None) == wanted, (
                f"{seed}: {ballot}"
            )
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
    votes = [
        Vote(person=decision.person, groups=decision.groups) for decision in decisions if decision.approve
    ]
    votes.append(Vote(person=ballot.actor.person, groups=ballot.actor.groups))
    enough = reference.met(reference.ways((requirement,)), votes)
    return LaneState.APPROVED if enough else LaneState.AWAITING_APPROVAL


def some_ballots(chance: Random) -> Iterator[Ballot]:
    """Six clicks of a few people, most of them in order."""
    plain = {"is_guest": False, "is_bot": False, "is_deactivated": False, "is_foreign": False}
    people = (*(Person(HOME, f"U{number}") for number in range(5)), REQUESTER)
    for _ in range(6):
        actor = replace(
            chance.choice(ACTORS),
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
        assert kept == [(ask.image, ask.project) for ask, no in zip(asks, denied, strict=True) if not no], (
            seed
        )

    assert refused > 0


@shards(fast=300, slow=1_500)
def test_a_broken_glass_spares_the_approvals_and_nothing_else(first: int, count: int) -> None:
    """What is denied today stays out, and what is unknown today waits, whoever broke the glass."""
    seen: Counter[Outcome] = Counter()
    for seed, today, lane, _, force in pinned_lanes(first, count):
        broken = replace(lane, verdict=replace(lane.verdict, glass=Glass.BROKEN))
        members = [*(member for member, _ in force.forbidden), *force.members]
        found = in_force(today.policy, a_question(today.ask), broken, members)

        assert found.verdict.requirement == NO_REQUIREMENT, seed
        assert (found.forbidden, found.members) == (force.forbidden, force.members), seed
        holds = force.verdict.outcome is Outcome.HOLD
        assert (found.verdict.outcome is Outcome.HOLD) == holds, seed
        seen[found.verdict.outcome] += 1

    assert seen[Outcome.HOLD] > 0


@settings(deadline=None)
@given(drawn(lambda chance: (a_requirement(chance), some_votes(chance))))
def test_one_more_vote_never_takes_an_approval_away(drawn_: tuple[Requirement, tuple[Vote, ...]]) -> None:
    """What is approved stays so while more people agree."""
    requirement, votes = drawn_
    for number in range(len(votes)):
        assert is_met(requirement, votes[: number + 1]) or not is_met(requirement, votes[:number])
