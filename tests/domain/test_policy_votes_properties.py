"""Properties of merging and counting that must hold for every requirement and cast of votes."""

from __future__ import annotations

from itertools import permutations, product

from hypothesis import given, settings

from bot.domain.model import (
    NO_REQUIREMENT,
    AllOf,
    AnyOf,
    GroupName,
    Requirement,
)
from bot.domain.policy import (
    Vote,
    in_words,
    is_met,
    merge,
    still_missing,
)
from tests.domain.policy_builders import vote
from tests.domain.policy_strategies import requirements, votes


@given(requirements, requirements, requirements)
def test_merging_has_no_order_and_no_grouping(one: Requirement, two: Requirement, three: Requirement) -> None:
    """Lanes of equal needs are the same lane."""
    assert merge(one, two) == merge(two, one)
    assert merge(merge(one, two), three) == merge(one, merge(two, three)) == merge(one, two, three)
    assert merge(one, one) == merge(one) == merge(merge(one))


@given(requirements, requirements, votes)
def test_merging_only_grows(one: Requirement, two: Requirement, cast: list[Vote]) -> None:
    """What is pinned at submit is never lost by merging today's."""
    if is_met(merge(one, two), cast):
        assert is_met(one, cast)
        assert is_met(two, cast)


@given(requirements, votes)
def test_the_canonical_form_means_the_same(requirement: Requirement, cast: list[Vote]) -> None:
    """Tidying up is no change of policy."""
    assert is_met(merge(requirement), cast) == is_met(requirement, cast)
    assert in_words(merge(requirement)) == in_words(requirement)


def ways(requirement: Requirement) -> list[dict[frozenset[GroupName], int]]:
    """Every way to meet it, by brute force."""
    if not isinstance(requirement, AllOf | AnyOf):
        return [{requirement.groups: requirement.count}]
    inner = [ways(item) for item in requirement.items]
    if isinstance(requirement, AnyOf):
        return [way for several in inner for way in several]
    return [
        {key: max(part.get(key, 0) for part in parts) for part in parts for key in part}
        for parts in product(*inner)
    ]


@settings(max_examples=200)
@given(requirements, votes)
def test_matching_agrees_with_trying_every_seating(requirement: Requirement, cast: list[Vote]) -> None:
    """A person fills one slot: checked against every assignment of people to slots."""
    people: dict[str, frozenset[GroupName]] = {}
    for one in cast:
        people[one.person.user] = people.get(one.person.user, frozenset()) | one.groups

    def seated(way: dict[frozenset[GroupName], int]) -> bool:
        slots = [names for names, count in way.items() for _ in range(count)]
        return any(
            all(names & people[user] for names, user in zip(slots, seats, strict=True))
            for seats in permutations(people, len(slots))
        )

    wanted = any(seated(way) for way in ways(requirement))

    assert is_met(requirement, cast) == wanted


@given(requirements, votes)
def test_nothing_is_missing_exactly_when_it_is_met(requirement: Requirement, cast: list[Vote]) -> None:
    """The thread and the lane must not disagree."""
    rest = still_missing(requirement, cast)

    assert (rest == NO_REQUIREMENT) == is_met(requirement, cast)


@given(requirements, votes)
def test_giving_what_is_missing_is_enough(requirement: Requirement, cast: list[Vote]) -> None:
    """ "1 more of security" is a promise: with it, the requirement is met."""
    rest = still_missing(requirement, cast)
    for way in ways(rest):
        newcomers = [
            vote(f"U9{number}{index}", *names)
            for number, (names, count) in enumerate(way.items())
            for index in range(count)
        ]
        assert is_met(requirement, [*cast, *newcomers])
