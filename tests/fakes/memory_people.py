"""People who live in memory: implements bot.ports.People and passes tests/contracts/people_contract.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.model import Actor, GroupDef, GroupName, Person


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What Slack would say of a user of our own workspace."""

    guest: bool = False
    bot: bool = False
    deactivated: bool = False
    foreign: bool = False


@dataclass
class MemoryPeople:
    """Everybody is a plain member of `team` unless `profiles` says otherwise."""

    team: str = "T0OWN"
    profiles: dict[str, Profile] = field(default_factory=dict)
    usergroups: dict[str, set[str]] = field(default_factory=dict)
    """User group id -> user ids. A group that is absent cannot be read."""
    unreadable_users: set[str] = field(default_factory=set)
    asked: list[Person] = field(default_factory=list)
    """Everybody who was looked up, in order."""

    def join(self, usergroup: str, *users: str) -> None:
        self.usergroups.setdefault(usergroup, set()).update(users)

    def leave(self, usergroup: str, *users: str) -> None:
        self.usergroups[usergroup].difference_update(users)

    def break_usergroup(self, usergroup: str) -> None:
        """From now on its members cannot be read."""
        self.usergroups.pop(usergroup, None)

    async def actor(self, person: Person, groups: Mapping[GroupName, GroupDef]) -> Actor:
        self.asked.append(person)
        if person.team != self.team:
            return Actor(person=person, is_foreign=True)
        known = {name: self._has(person, group) for name, group in groups.items()}
        sure = frozenset(name for name, inside in known.items() if inside)
        unknown = frozenset(name for name, inside in known.items() if inside is None)
        if person.user in self.unreadable_users:
            return Actor(person=person, groups=sure, unknown_groups=unknown)
        profile = self.profiles.get(person.user, Profile())
        return Actor(
            person=person,
            groups=frozenset() if profile.foreign else sure,
            unknown_groups=frozenset() if profile.foreign else unknown,
            is_guest=profile.guest,
            is_bot=profile.bot,
            is_deactivated=profile.deactivated,
            is_foreign=profile.foreign,
        )

    async def group_members(self, group: GroupDef) -> frozenset[Person] | None:
        users = set(group.slack_users)
        if group.slack_usergroup is not None:
            if group.slack_usergroup not in self.usergroups:
                return None
            users |= self.usergroups[group.slack_usergroup]
        if users & self.unreadable_users:
            return None
        return frozenset(Person(self.team, user) for user in users if self._can_act(user))

    def _can_act(self, user: str) -> bool:
        profile = self.profiles.get(user, Profile())
        return not (profile.bot or profile.deactivated or profile.foreign)

    def _has(self, person: Person, group: GroupDef) -> bool | None:
        if person.user in group.slack_users:
            return True
        if group.slack_usergroup is None:
            return False
        members = self.usergroups.get(group.slack_usergroup)
        return None if members is None else person.user in members
