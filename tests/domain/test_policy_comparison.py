"""Two policies side by side: what became looser, tighter, other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.model import AllOf, AnyOf, Outcome, Requirement, Verdict
from bot.domain.policy import Policy, Vote, is_met
from bot.domain.policy.comparison import Change, Direction, compared, direction, verdict_in_words
from bot.domain.policy.grid import Grid
from bot.domain.policy.settings_change import settings_changed
from bot.domain.policy.strictness import at_least_as_strict
from bot.domain.policy_file import load
from tests.domain.policy_builders import FRAME, need, policy
from tests.domain.policy_strategies import requirements, votes

LEAD = need(1, "leads")
TWO = need(2, "leads")
BOTH = AllOf(items=(need(1, "leads"), need(1, "security")))
EITHER = AnyOf(items=(need(1, "leads"), need(1, "security")))
OLD = "id: prod, effect: permit, when: {requester.groups: [engineers]}, require: {count: 1, from: [leads]}"


def changes(old: str, new: str, more: str = "") -> tuple[Change, ...]:
    before, after = policy(old), policy(new, more)
    return compared(before, after, Grid(before, after).cases())[0]


def which(old: str, new: str, more: str = "") -> set[Direction]:
    return {change.direction for change in changes(old, new, more)}


# -- requirements ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strict", "weak"),
    [
        (TWO, LEAD),
        (BOTH, LEAD),
        (LEAD, EITHER),
        (BOTH, EITHER),
        (LEAD, need(1, "leads", "security")),
        (LEAD, AllOf(items=())),
        (BOTH, AllOf(items=(need(1, "leads", "owners"), need(1, "security")))),
    ],
)
def test_what_asks_for_more_is_at_least_as_strict(strict: Requirement, weak: Requirement) -> None:
    """And not the other way round."""
    assert at_least_as_strict(strict, weak)
    assert not at_least_as_strict(weak, strict)


def test_one_person_of_two_groups_does_not_stand_for_two() -> None:
    """One who fits both slots of the other still is one person."""
    two_slots = AllOf(items=(need(1, "leads", "security"), need(1, "leads", "owners")))

    assert not at_least_as_strict(LEAD, two_slots)
    assert not at_least_as_strict(BOTH, TWO)
    assert not at_least_as_strict(TWO, BOTH)


@settings(max_examples=300, deadline=None, database=None)
@given(one=requirements, other=requirements, cast=votes)
def test_votes_that_meet_the_stricter_meet_the_weaker(
    one: Requirement, other: Requirement, cast: list[Vote]
) -> None:
    """The meaning of the word, against the count of real votes."""
    if at_least_as_strict(one, other) and is_met(one, cast):
        assert is_met(other, cast)


@settings(max_examples=50, deadline=None, database=None)
@given(one=requirements)
def test_a_requirement_is_as_strict_as_itself(one: Requirement) -> None:
    """Else every comparison showed differences."""
    assert at_least_as_strict(one, one)


# -- verdicts ----------------------------------------------------------------------------------


def needs(requirement: Requirement, **more: object) -> Verdict:
    return Verdict(outcome=Outcome.NEEDS_APPROVALS, requirement=requirement, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (Verdict(outcome=Outcome.DENY), Verdict(outcome=Outcome.HOLD), Direction.LOOSENED),
        (Verdict(outcome=Outcome.HOLD), needs(LEAD), Direction.LOOSENED),
        (needs(LEAD), Verdict(outcome=Outcome.ALLOW), Direction.LOOSENED),
        (needs(LEAD), Verdict(outcome=Outcome.DENY), Direction.TIGHTENED),
        (needs(TWO), needs(LEAD), Direction.LOOSENED),
        (needs(LEAD), needs(BOTH), Direction.TIGHTENED),
        (needs(LEAD), needs(need(1, "security")), Direction.OTHER),
        (needs(LEAD), needs(LEAD, self_approval=True), Direction.LOOSENED),
        (needs(TWO), needs(LEAD, share_for=timedelta(1)), Direction.OTHER),
        (needs(LEAD, share_for=timedelta(1)), needs(LEAD), Direction.LOOSENED),
        (needs(LEAD, share_for=timedelta(2)), needs(LEAD, share_for=timedelta(1)), Direction.TIGHTENED),
        (needs(LEAD, why="a"), needs(LEAD, why="b", rules=("x",), warnings=("w",)), None),
        (needs(BOTH), needs(AllOf(items=tuple(reversed(BOTH.items)))), None),
        (Verdict(outcome=Outcome.DENY, why="a"), Verdict(outcome=Outcome.DENY, why="b"), None),
    ],
)
def test_the_way_a_verdict_changed(before: Verdict, after: Verdict, found: Direction | None) -> None:
    """Words alone are no change."""
    assert direction(before, after) is found


@settings(max_examples=100, deadline=None, database=None)
@given(one=requirements, other=requirements, flags=st.tuples(st.booleans(), st.booleans()))
def test_the_way_back_is_the_other_way(
    one: Requirement, other: Requirement, flags: tuple[bool, bool]
) -> None:
    """What is looser there is tighter here."""
    before, after = needs(one, self_approval=flags[0]), needs(other, self_approval=flags[1])
    back = {Direction.LOOSENED: Direction.TIGHTENED, Direction.TIGHTENED: Direction.LOOSENED}
    forth = direction(before, after)

    assert direction(after, before) is (None if forth is None else back.get(forth, forth))


def test_a_verdict_in_words_says_what_it_means() -> None:
    """The output of diff and replay."""
    assert verdict_in_words(needs(LEAD, self_approval=True, share_for=timedelta(days=7))) == (
        "needs 1 of leads (the requester's own counts), for 7d"
    )
    assert verdict_in_words(Verdict(outcome=Outcome.ALLOW)) == "allowed without approval"


# -- policies ----------------------------------------------------------------------------------


def test_the_same_policy_shows_no_change() -> None:
    """In whatever order its rules stand."""
    more = "id: lock, effect: require, when: {image.windows: true}, require: {count: 1, from: [security]}"

    assert changes(f"{OLD}\n{more}", f"{more}\n{OLD}") == ()


@pytest.mark.parametrize(
    ("new", "found"),
    [
        (OLD.replace("{count: 1, from: [leads]}", "none"), {Direction.LOOSENED}),
        (OLD.replace("count: 1", "count: 2"), {Direction.TIGHTENED}),
        (OLD.replace("[leads]", "[security]"), {Direction.OTHER}),
        (OLD.replace("[leads]", "[leads, security]"), {Direction.LOOSENED}),
        (OLD.replace("groups: [engineers]", "groups: [engineers, contractors]"), {Direction.LOOSENED}),
        (OLD + ", share_for: 9d", {Direction.TIGHTENED}),
        (OLD + ", self_approval: true", {Direction.LOOSENED}),
        (OLD + ", mode: warn", {Direction.TIGHTENED}),
        (OLD + "\nid: no, effect: forbid, when: {image.encrypted: true}", {Direction.TIGHTENED}),
        (
            OLD + "\nid: no, effect: forbid, when: {request.weekday: sun, request.hour: 23}",
            {Direction.TIGHTENED},
        ),
        (OLD + "\nid: no, effect: forbid, mode: warn, when: {image.encrypted: true}", set()),
        (OLD + ", message: Another sentence.", set()),
    ],
)
def test_a_change_of_one_rule_is_seen(new: str, found: set[Direction]) -> None:
    """The reviewer reads the effect, not the text."""
    assert which(OLD, new) == found


def test_a_change_names_the_project_the_verdicts_the_rules_and_an_example() -> None:
    """All that is needed to find it in the file."""
    [change, *_] = changes(OLD, OLD.replace("{count: 1, from: [leads]}", "none"))

    assert (change.pairs, change.before, change.after) == (
        "share to shop-dev", "needs 1 of leads", "allowed without approval",
    )  # fmt: skip
    assert change.rules == ("prod",)
    assert change.examples[0] == "by somebody in engineers"


def test_a_project_that_leaves_the_register_is_tightened() -> None:
    """It cannot be named any more."""
    before = policy(OLD)
    after = load(
        FRAME.replace("  - {id: 0f0e0d0c0b0a09080706050403020100, name: acme-lab, tenant: acme}\n", "")
        + f"rules: [{{{OLD}}}]\n"
    )
    found, _ = compared(before, after, Grid(before, after).cases())

    assert {(change.direction, change.project) for change in found} == {(Direction.TIGHTENED, "acme-lab")}


def test_the_register_of_each_policy_counts() -> None:
    """A project that moves to another env moves under other rules."""
    rule = "id: dev, effect: permit, when: {project.env: dev}, require: none"
    before = policy(rule)
    after = load(FRAME.replace("env: prod", "env: dev") + f"rules: [{{{rule}}}]\n")
    found, _ = compared(before, after, Grid(before, after).cases())

    assert [(change.direction, change.project) for change in found] == [(Direction.LOOSENED, "shop-prod")]


def test_comparing_stops_when_told() -> None:
    """The running bot has no time for all of it."""
    before = policy(OLD)
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 3

    assert compared(before, before, Grid(before, before).cases(), stop) == ((), 3)


# -- settings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "way", "words"),
    [
        ("[U0ALICE, U0BOB]}", "[U0ALICE]}", Direction.TIGHTENED, "group owners: U0BOB left"),
        ("[U0ALICE, U0BOB]}", "[U0ALICE, U0BOB, U0ZOE]}", Direction.LOOSENED, "group owners: U0ZOE joined"),
        ("S0LEADS", "S0OTHERS", Direction.OTHER, "group leads: Slack user group S0LEADS -> S0OTHERS"),
        ("name: shop-dev", "name: shop-lab", Direction.OTHER, "project shop-dev is called shop-lab now"),
        (
            "version: 1",
            "version: 1\nlimits: {max_pairs: 600}",
            Direction.LOOSENED,
            "limits: max_pairs: 500 -> 600",
        ),
        (
            "version: 1",
            "version: 1\nlimits: {max_images: 3}",
            Direction.TIGHTENED,
            "limits: max_images: none -> 3",
        ),
        (
            "version: 1",
            "version: 1\nlimits: {max_duration: 3d}",
            Direction.TIGHTENED,
            "limits: max_duration: none -> 3d",
        ),
        (
            "version: 1",
            "version: 1\ndefaults: {expires_after: 1h}",
            Direction.OTHER,
            "defaults: expires_after: 1d -> 1h",
        ),
    ],
)
def test_what_no_verdict_shows_is_compared_too(old: str, new: str, way: Direction, words: str) -> None:
    """One more person in the approvers' group loosens every rule that asks them."""
    assert old in FRAME
    before, after = load(FRAME + "rules: []\n"), load(FRAME.replace(old, new) + "rules: []\n")

    assert [(change.direction, change.words) for change in settings_changed(before, after)] == [(way, words)]


GLASS = "break_glass: {by: [engineers], review: {count: 1, from: [leads]}, max_pairs: 3, review_within: 9h, reason: {min_length: 9}}\n"


@pytest.mark.parametrize(
    ("old", "new", "way"),
    [
        (GLASS, "", Direction.LOOSENED),
        ("[engineers]", "[engineers, leads]", Direction.TIGHTENED),
        ("max_pairs: 3", "max_pairs: 4", Direction.TIGHTENED),
        ("min_length: 9", "min_length: 8", Direction.TIGHTENED),
        ("review_within: 9h", "review_within: 10h", Direction.TIGHTENED),
        ("count: 1", "count: 2", Direction.LOOSENED),
    ],
)
def test_a_change_of_break_glass_is_told_both_ways(old: str, new: str, way: Direction) -> None:
    """The way around approvals must not widen unseen. `way` is that from the second to the first."""
    one, other = policy("", GLASS), policy("", GLASS.replace(old, new))
    back = {Direction.LOOSENED: Direction.TIGHTENED, Direction.TIGHTENED: Direction.LOOSENED}

    assert [change.direction for change in settings_changed(other, one)] == [way]
    assert [change.direction for change in settings_changed(one, other)] == [back[way]]


def test_policies_that_are_the_same_have_no_changed_settings() -> None:
    """Silence when there is nothing to say."""
    made: Policy = policy(OLD, GLASS)

    assert settings_changed(made, made) == ()
