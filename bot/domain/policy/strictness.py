"""Which of two requirements asks for more. Who voted is not known here."""

from __future__ import annotations

from bot.domain.model import GroupName, Requirement
from bot.domain.policy.votes import MAX_WAYS, ways_to_meet

Slots = tuple[frozenset[GroupName], ...]


def at_least_as_strict(one: Requirement, other: Requirement) -> bool:
    """Whether all votes that meet `one` surely meet `other`, whoever is in which group."""
    ways, needed = _slots(one), _slots(other)
    # Of more ways than are looked at, the rest could be weaker.
    return len(ways) < MAX_WAYS and all(any(_fits(slots, wanted) for wanted in needed) for slots in ways)


def _slots(requirement: Requirement) -> list[Slots]:
    """Each way to meet it, one entry for each person it takes."""
    return [
        tuple(groups for groups, count in needs.items() for _ in range(count))
        for needs in ways_to_meet(requirement)
    ]


def _fits(slots: Slots, wanted: Slots) -> bool:
    """Whether each wanted slot finds a slot of its own whose person is surely in its groups (Kuhn's matching)."""
    taken: dict[int, int] = {}

    def place(want: int, tried: set[int]) -> bool:
        for slot, groups in enumerate(slots):
            if slot in tried or not groups <= wanted[want]:
                continue
            tried.add(slot)
            if slot not in taken or place(taken[slot], tried):
                taken[slot] = want
                return True
        return False

    return all(place(want, set()) for want in range(len(wanted)))
