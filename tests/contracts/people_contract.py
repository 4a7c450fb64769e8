"""What every bot.ports.People promises. A test class inherits `PeopleContract` and gives the fixture
`town`."""

from __future__ import annotations

from typing import Protocol

from bot.domain.model import GroupDef, GroupName, Person
from bot.ports import People

OWN, OTHER = "T0OWN", "T0OTHER"
LEADS = GroupDef(name=GroupName("leads"), slack_usergroup="S0LEADS")
OWNERS = GroupDef(name=GroupName("owners"), slack_users=("U0ANNA", "U0BEN"))
EMPTY = GroupDef(name=GroupName("nobody"))
BOTH = GroupDef(name=GroupName("both"), slack_usergroup="S0LEADS", slack_users=("U0ANNA",))
GROUPS = {group.name: group for group in (LEADS, OWNERS, EMPTY, BOTH)}


class Town(Protocol):
    """The People under test, and a hand to change who they are. Anna and Ben are plain members of the
    workspace."""

    people: People

    def set_leads(self, *users: str) -> None:
        """The members of the user group S0LEADS."""

    def break_leads(self) -> None:
        """From now on it cannot be read."""

    def break_user(self, user: str) -> None:
        """From now on this person cannot be looked up (and has not been before)."""

    def add(
        self, user: str, *, guest: bool = False, bot: bool = False, gone: bool = False, stranger: bool = False
    ) -> None: ...
    def look_ups(self) -> int:
        """How many look-ups were made outside."""


def anna(team: str = OWN) -> Person:
    return Person(team, "U0ANNA")


class PeopleContract:
    """One test for each sentence of the port."""

    async def test_somebody_is_in_the_groups_they_are_in(self, town: Town) -> None:
        """By user group, by list, or by either."""
        town.set_leads("U0BEN")
        actor = await town.people.actor(Person(OWN, "U0BEN"), GROUPS)

        assert actor.groups == {"leads", "owners", "both"}
        assert actor.unknown_groups == frozenset()

    async def test_a_plain_member_is_none_of_the_special_kinds(self, town: Town) -> None:
        """False and unknown are different answers."""
        town.set_leads()
        actor = await town.people.actor(anna(), GROUPS)

        assert (actor.is_guest, actor.is_bot, actor.is_deactivated, actor.is_foreign) == (False,) * 4

    async def test_a_group_that_cannot_be_read_is_unknown(self, town: Town) -> None:
        """Neither in nor out: such a vote cannot count."""
        town.break_leads()
        actor = await town.people.actor(Person(OWN, "U0BEN"), GROUPS)

        assert actor.groups == {"owners"}
        assert actor.unknown_groups == {"leads", "both"}

    async def test_a_list_is_enough_where_the_user_group_cannot_be_read(self, town: Town) -> None:
        """Plans without user groups exist; the list is what the policy says."""
        town.break_leads()
        actor = await town.people.actor(anna(), {BOTH.name: BOTH})

        assert actor.groups == {"both"}

    async def test_somebody_who_cannot_be_looked_up_is_unknown(self, town: Town) -> None:
        """A guest must not slip through as a member while Slack is down."""
        town.set_leads()
        town.add("U0CARL")
        town.break_user("U0CARL")
        actor = await town.people.actor(Person(OWN, "U0CARL"), {LEADS.name: LEADS})

        assert (actor.is_guest, actor.is_bot, actor.is_deactivated, actor.is_foreign) == (None,) * 4

    async def test_somebody_of_another_workspace_is_in_no_group(self, town: Town) -> None:
        """The same user id in another workspace is another person; nothing is looked up for them."""
        town.set_leads("U0ANNA")
        before = town.look_ups()
        actor = await town.people.actor(anna(OTHER), GROUPS)

        assert actor.is_foreign is True
        assert actor.groups == actor.unknown_groups == frozenset()
        assert town.look_ups() == before

    async def test_guests_bots_leavers_and_strangers_are_seen(self, town: Town) -> None:
        """None of them may approve."""
        town.set_leads()
        town.add("U0GUEST", guest=True)
        town.add("U0ROBOT", bot=True)
        town.add("U0GONE", gone=True)
        town.add_stranger("U0STRANGE")
        guest, robot, gone, strange = [
            await town.people.actor(Person(OWN, user), {})
            for user in ("U0GUEST", "U0ROBOT", "U0GONE", "U0STRANGE")
        ]

        assert guest.is_guest
        assert robot.is_bot
        assert gone.is_deactivated
        assert strange.is_foreign

    async def test_members_are_those_who_can_act(self, town: Town) -> None:
        """A group of leavers has nobody in it."""
        town.set_leads("U0BEN", "U0GONE", "U0ROBOT")
        town.add("U0GONE", gone=True)
        town.add("U0ROBOT", bot=True)

        assert await town.people.group_members(LEADS) == {Person(OWN, "U0BEN")}
        assert await town.people.group_members(BOTH) == {Person(OWN, "U0BEN"), anna()}
        assert await town.people.group_members(EMPTY) == frozenset()

    async def test_members_that_cannot_be_read_are_none(self, town: Town) -> None:
        """Nobody and unknown are different answers."""
        town.break_leads()

        assert await town.people.group_members(LEADS) is None
        assert await town.people.group_members(BOTH) is None
