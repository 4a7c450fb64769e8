"""Who may vote, and whether the votes meet a requirement. The right to vote is decided here and nowhere else:
at the click and at execution the same functions are asked. Never looks anything up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from bot.domain.model import (
    NO_REQUIREMENT,
    Actor,
    AllOf,
    AnyOf,
    GroupDef,
    GroupName,
    Need,
    Person,
    Requirement,
    Verdict,
)
from bot.domain.policy.requirement import groups_of, in_words, merge
from bot.domain.policy.rules import Policy

Needs = Mapping[frozenset[GroupName], int]
"""One way to meet a requirement: how many distinct people of which groups."""

Rest = frozenset[tuple[frozenset[GroupName], int]]
"""What is left of needs."""

MAX_WAYS = 256
"""Of meeting a requirement that are looked at to find the smallest rest. Far beyond what a person could
read."""
_MAX_RESTS = 512


@dataclass(frozen=True, kw_only=True)
class Vote:
    """An approval that counts: the person, and the policy's groups they were in."""

    person: Person
    groups: frozenset[GroupName]


def is_met(requirement: Requirement, votes: Sequence[Vote]) -> bool:
    """Whether the votes fill every slot, each person at most one. NO_REQUIREMENT is met without any vote."""
    people = _by_person(votes)

    def met(part: Requirement) -> bool:
        return next(_ways(part, lambda needs: _filled(needs, people)), None) is not None

    whole = merge(requirement)
    # Each part alone first: what one part lacks is found without trying the choices of all the others.
    return all(met(part) for part in whole.items) and met(whole) if isinstance(whole, AllOf) else met(whole)


def still_missing(requirement: Requirement, votes: Sequence[Vote]) -> Requirement:
    """The smallest rest that would still have to be given; NO_REQUIREMENT when met.

    Where a person could fill one slot or another, or there are several ways, the rest is an AnyOf of the
    smallest rests, none of which contains another.
    """
    if is_met(requirement, votes):
        return NO_REQUIREMENT
    people = _by_person(votes)
    rests: set[Rest] = set()
    for needs in islice(_ways(requirement, lambda _: True), MAX_WAYS):
        rests |= _rests(needs, people)
    smallest = [rest for rest in rests if not any(_contains(rest, other) for other in rests if other != rest)]
    if not smallest:
        return merge(requirement)
    return merge(AnyOf(items=tuple(_as_requirement(rest) for rest in smallest)))


def can_count(actor: Actor) -> str | None:
    """None when this person's vote could count at all; else one plain sentence why not. Unknown is not
    counted."""
    for flag, words in (
        (actor.is_deactivated, "this Slack account is deactivated"),
        (actor.is_bot, "a bot cannot approve"),
        (actor.is_foreign, "people of another workspace cannot approve"),
        (actor.is_guest, "guests cannot approve"),
    ):
        if flag:
            return f"{words}."
    if None in (actor.is_deactivated, actor.is_bot, actor.is_foreign, actor.is_guest):
        return "Slack did not say enough about your account just now; please try again."
    return None


def can_vote(
    verdict_requirement: Requirement, self_approval: bool, requester: Person, actor: Actor
) -> str | None:
    """None when `actor` may vote on what needs `verdict_requirement`; else one plain sentence why not."""
    if actor.person == requester and not self_approval:
        return "You asked for this yourself, so somebody else has to decide."
    if (refusal := can_count(actor)) is not None:
        return refusal[0].upper() + refusal[1:]
    wanted = groups_of(verdict_requirement)
    if not wanted:
        return "No approval is needed here."
    if wanted & actor.groups:
        return None
    if unread := sorted(wanted & actor.unknown_groups):
        return f"Whether you are in {' or '.join(unread)} could not be read just now; please try again."
    needed, groups = in_words(verdict_requirement), " or ".join(sorted(wanted))
    return f"This needs {needed}, and you are not in {groups}."


def can_break_glass(policy: Policy, actor: Actor, verdict: Verdict, *, reason: str, pairs: int) -> str | None:
    """None when `actor` may go ahead without the approvals `verdict` asks for; else one plain sentence why not."""
    if policy.break_glass is None:
        return "The policy has no way around approvals (break_glass)."
    if (refusal := can_count(actor)) is not None:
        return refusal[0].upper() + refusal[1:].replace("approve", "break the glass")
    return policy.break_glass.refusal(actor, verdict, reason, pairs)


@dataclass(frozen=True, kw_only=True)
class StaticVoters:
    """The people a policy's groups list by name. A group that is a Slack user group may hold anybody."""

    groups: Mapping[GroupName, GroupDef]

    def could_meet(self, requirement: Requirement, *, without: str | None = None) -> bool:
        """Whether the listed people, `without` one of them (a Slack user id), could fill every slot."""
        open_groups = {name for name, group in self.groups.items() if group.slack_usergroup}
        people = {
            Person("", user): frozenset(
                name for name, group in self.groups.items() if user in group.slack_users
            )
            for user in self.listed(frozenset(self.groups))
            if user != without
        }

        def possible(needs: Needs) -> bool:
            return _filled({of: count for of, count in needs.items() if not of & open_groups}, people)

        return next(_ways(requirement, possible), None) is not None

    def listed(self, names: frozenset[GroupName]) -> frozenset[str]:
        """Slack user ids listed in any of the groups."""
        return frozenset(
            user for name in names if name in self.groups for user in self.groups[name].slack_users
        )


def nobody_can_approve(
    policy: Policy, requirement: Requirement, requester: Person, self_approval: bool
) -> str | None:
    """One sentence when the people listed in the groups can never meet it; None when they can, or when a
    group is a Slack user group, whose people are not in the file."""
    without = None if self_approval else requester.user
    voters = StaticVoters(groups=policy.groups)
    if voters.could_meet(requirement, without=without):
        return None
    listed = sorted(voters.listed(groups_of(requirement)) - {without or ""})
    people = f"only {', '.join(listed)} could vote" if listed else "nobody else is listed there"
    return f"Nobody can approve this: it needs {in_words(requirement)}, and besides the requester {people}."


def _by_person(votes: Sequence[Vote]) -> dict[Person, frozenset[GroupName]]:
    people: dict[Person, frozenset[GroupName]] = {}
    for vote in votes:
        people[vote.person] = people.get(vote.person, frozenset()) | vote.groups
    return people


def ways_to_meet(requirement: Requirement) -> tuple[Needs, ...]:
    """Ways to meet it, each any_of tried each way: how many distinct people of which groups. At most MAX_WAYS of them."""
    return tuple(islice(_ways(requirement, lambda _: True), MAX_WAYS))


def _ways(requirement: Requirement, possible: Callable[[Needs], bool]) -> Iterator[Needs]:
    """Every way to meet it, each any_of tried each way. A beginning that is not `possible` is not followed
    further."""
    begun: list[tuple[tuple[Requirement, ...], dict[frozenset[GroupName], int]]] = [
        ((merge(requirement),), {})
    ]
    seen: set[tuple[tuple[Requirement, ...], Rest]] = set()
    while begun:
        items, needs = begun.pop()
        mark = (items, frozenset(needs.items()))
        if mark in seen or not possible(needs):
            continue
        seen.add(mark)
        if not items:
            yield needs
            continue
        head, rest = items[0], items[1:]
        if isinstance(head, Need):
            begun.append((rest, {**needs, head.groups: max(head.count, needs.get(head.groups, 0))}))
        elif isinstance(head, AllOf):
            begun.append((head.items + rest, needs))
        else:
            begun += [((option, *rest), needs) for option in reversed(head.items)]


def _filled(needs: Needs, people: Mapping[Person, frozenset[GroupName]]) -> bool:
    """Whether every slot finds its own person: a matching in the bipartite graph of slots and people
    (Kuhn)."""
    slots = [groups for groups, count in needs.items() for _ in range(count)]
    if len(slots) > len(people):
        return False
    taken: dict[Person, int] = {}

    def place(slot: int, tried: set[Person]) -> bool:
        for person, groups in people.items():
            if person in tried or not groups & slots[slot]:
                continue
            tried.add(person)
            if person not in taken or place(taken[person], tried):
                taken[person] = slot
                return True
        return False

    return all(place(slot, set()) for slot in range(len(slots)))


def _rests(needs: Needs, people: Mapping[Person, frozenset[GroupName]]) -> set[Rest]:
    """What can be left of the needs after the votes, for every sensible way of placing each person in one
    slot."""
    rests = {frozenset(needs.items())}
    for groups in people.values():
        after = set()
        for rest in rests:
            fitting = [(of, count) for of, count in rest if of & groups]
            after |= {
                rest - {(of, count)} | ({(of, count - 1)} if count > 1 else set()) for of, count in fitting
            }
            if not fitting:
                after.add(rest)
        rests = set(sorted(after, key=lambda rest: sum(count for _, count in rest))[:_MAX_RESTS])
    return rests


def _contains(rest: Rest, other: Rest) -> bool:
    counts = dict(rest)
    return all(counts.get(groups, 0) >= count for groups, count in other)


def _as_requirement(rest: Rest) -> Requirement:
    return AllOf(items=tuple(Need(count=count, groups=groups) for groups, count in rest))
