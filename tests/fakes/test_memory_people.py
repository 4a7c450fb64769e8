"""The fake keeps the same promises as the real one."""

from __future__ import annotations

import pytest

from tests.contracts.people_contract import PeopleContract
from tests.fakes.memory_people import MemoryPeople, Profile


class MemoryTown:
    def __init__(self) -> None:
        self.people = MemoryPeople(team="T0OWN")

    def set_leads(self, *users: str) -> None:
        self.people.usergroups["S0LEADS"] = set(users)

    def break_leads(self) -> None:
        self.people.break_usergroup("S0LEADS")

    def break_user(self, user: str) -> None:
        self.people.unreadable_users.add(user)

    def add(self, user: str, *, guest: bool = False, bot: bool = False, gone: bool = False) -> None:
        self.people.profiles[user] = Profile(guest=guest, bot=bot, deactivated=gone)

    def add_stranger(self, user: str) -> None:
        self.people.profiles[user] = Profile(foreign=True)

    def look_ups(self) -> int:
        return 0


class TestMemoryPeople(PeopleContract):
    @pytest.fixture
    def town(self) -> MemoryTown:
        return MemoryTown()
