"""Who is who: the people, their groups, the policies that are in force one after the other, and the images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from bot.domain.model import Actor, GroupDef, GroupName, Person
from bot.domain.policy import Policy
from bot.domain.policy_file import load
from tests.fakes.memory_people import MemoryPeople, Profile
from tests.invariants.evidence import Collected, Grouped
from tests.simulation.chance import Chance, Fault
from tests.simulation.loop import at_once

TEAM, ELSEWHERE = "T0OWN", "T0OTHER"
ALICE, BOB, CARL, LEA, LEO, LIV = "U0ALICE", "U0BOB", "U0CARL", "U0LEA", "U0LEO", "U0LIV"
SEC, SAM, EVE, GUEST, ROBOT = "U0SEC", "U0SAM", "U0EVE", "U0GUEST", "U0ROBOT"
REQUESTERS = (ALICE, BOB, CARL, LEA)
APPROVERS = (LEA, LEO, LIV, SEC, SAM)
LATE_APPROVERS = (LEO, LIV, SEC, SAM)
EVERYBODY = (*REQUESTERS, LEO, LIV, SEC, SAM, EVE, GUEST, ROBOT)
ENGINEERS, LEADS, SECURITY = "S0ENG", "S0LEADS", "S0SEC"
MEMBERS: Mapping[str, tuple[str, ...]] = {
    ENGINEERS: (ALICE, BOB, CARL, LEA),
    LEADS: (LEA, LEO, LIV, GUEST, ROBOT),
    SECURITY: (SEC, SAM),
}
CHANNELS = ("C0IMAGES", "C0OTHER")
DEV, PROD, LAB = (
    "9c61004714024f9586705d090530f9fa",
    "edc89b490d7d4392898e19b2deb34797",
    "0f0e0d0c0b0a09080706050403020100",
)
TEST = "7d2f1c0a5b9e4d3c8f6a7b8091a2b3c4"
OLD = 60.0
"""Seconds by which a look-up may be out of date."""
LOOKUP_AGE = 89.5
"""Seconds by which what was looked up may be older than the policy it is judged by, which is read at the last moment."""

_POLICY = f"""
version: 1
groups:
  engineers: {{slack_usergroup: {ENGINEERS}}}
  leads: {{slack_usergroup: {LEADS}}}
  security: {{slack_usergroup: {SECURITY}}}
projects:
  - {{id: {DEV}, name: shop-dev, env: dev, tenant: self}}
  - {{id: {TEST}, name: shop-test, env: test, tenant: self}}
  - {{id: {PROD}, name: shop-prod, env: prod, tenant: self}}
  - {{id: {LAB}, name: acme-lab, env: partner, tenant: acme}}
defaults: {{expires_after: 2h, remind: [10m, 1h], self_approval: SELF}}
limits: {{max_pairs: 40, max_open_per_requester: 4}}
break_glass: {{by: [leads], reason: {{min_length: 12}}, max_pairs: 4, review_within: 1h, review: {{count: 1, from: [security]}}}}
rules:
  - {{id: encrypted-image, effect: forbid, when: {{image.encrypted: {{eq: true}}}}, message: "Encrypted images cannot be shared."}}
  - id: self-service
    effect: permit
    when: {{requester.groups: {{any: [engineers]}}, project.env: {{in: [dev, test]}}, image.name: {{glob: "base-*"}}}}
    require: none
  - id: others-to-test
    effect: permit
    when: {{requester.groups: {{any: [engineers]}}, project.env: {{eq: test}}}}
    require: {{any_of: [{{count: 1, from: [leads]}}, {{count: 2, from: [security]}}]}}
  - id: prod
    effect: permit
    when: {{requester.groups: {{any: [engineers]}}, project.env: {{eq: prod}}}}
    require: PROD
  - id: partner
    effect: permit
    when: {{requester.groups: {{any: [engineers]}}, project.tenant: {{ne: self}}}}
    require: {{all_of: [{{count: 1, from: [leads]}}, {{count: 1, from: [security]}}]}}
    share_for: {{max: 30d}}
  - id: take-back
    effect: permit
    action: unshare
    when: {{requester.groups: {{any: [engineers]}}}}
    unless: {{project.env: prod}}
    require: none
  - id: take-back-from-prod
    effect: permit
    action: unshare
    when: {{requester.groups: {{any: [engineers]}}, project.env: prod}}
    require: {{count: 1, from: [leads]}}
"""
_ONE = "{count: 1, from: [leads]}"
_TWO = "{count: 2, from: [leads]}"
_BOTH = "{all_of: [{count: 1, from: [leads]}, {count: 1, from: [security]}]}"
_SHUT = "  - {id: shut, effect: forbid, when: {project.env: {eq: prod}}, message: 'Nothing goes to production now.'}\n"
_SHUT_DEV = "  - {id: shut-dev, effect: forbid, when: {project.env: {eq: dev}}, message: 'Nothing goes to dev now.'}\n"


_CLOSED = "  - {id: closed, effect: forbid, when: {project.env: {in: [dev, test, prod, partner]}}, message: 'Nothing goes now.'}\n"
LASTING = 7
"""So many policies may be in force for long; those after them only for a while, as may be some of the others."""
CLOSED = 7
FOR_A_WHILE = (1, 2, CLOSED, CLOSED, 8)


@cache
def policies() -> tuple[Policy, ...]:
    """The first is in force at the beginning; the others are what it may be changed to. The last two: nothing is allowed; waits
    are short."""
    texts = [
        _POLICY.replace("require: PROD", f"require: {require}").replace("SELF", own) + more
        for require, own, more in (
            (_ONE, "false", ""), (_TWO, "false", ""), (_BOTH, "false", ""), ("none", "false", ""),
            (_ONE, "true", ""), (_ONE, "false", _SHUT), (_ONE, "false", _SHUT_DEV), (_ONE, "false", _CLOSED),
        )
    ]  # fmt: skip
    texts.append(texts[0].replace("expires_after: 2h, remind: [10m, 1h]", "expires_after: 3m, remind: [1m]"))
    return tuple(load(text) for text in texts)


class Town:
    """Slack's knowledge of people, which may be a minute old, or fail."""

    def __init__(self, now: Callable[[], float], chance: Chance, seen: Collected) -> None:
        self._now, self._chance, self._seen = now, chance, seen
        self._before: list[tuple[float, dict[str, set[str]]]] = []
        self.groups = {group: set(users) for group, users in MEMBERS.items()}
        for group in self.groups:
            self._changed(group)

    def change(self, group: str, user: str) -> str:
        """Joins, or leaves who is there."""
        self._before.append((self._now(), {name: set(users) for name, users in self.groups.items()}))
        self.groups[group] ^= {user}
        self._changed(group)
        return f"{user} {'joins' if user in self.groups[group] else 'leaves'} {group}"

    def _changed(self, group: str) -> None:
        users = frozenset(self.groups[group])
        self._seen.groups.append(Grouped(at=self._now(), usergroup=group, users=users))

    def _known(self) -> MemoryPeople:
        groups = {name: set(users) for name, users in self.groups.items()}
        recent = [old for at, old in self._before if at > self._now() - OLD]
        if recent and (dice := self._chance.strikes(Fault.GROUPS_STALE)):
            groups = {name: set(users) for name, users in dice.choice(recent).items()}
        if dice := self._chance.strikes(Fault.GROUPS_UNKNOWN):
            groups.pop(dice.choice(sorted(groups)))
        profiles = {GUEST: Profile(guest=True), ROBOT: Profile(bot=True)}
        return MemoryPeople(team=TEAM, profiles=profiles, usergroups=groups)

    def actor(self, person: Person, groups: Mapping[GroupName, GroupDef]) -> Actor:
        actor: Actor = at_once(self._known().actor(person, groups))
        return actor

    def members(self, group: GroupDef) -> frozenset[Person] | None:
        people: frozenset[Person] | None = at_once(self._known().group_members(group))
        return people
