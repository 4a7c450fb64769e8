"""SlackPeople keeps the port's promises, asks Slack seldom, and never says yes for want of an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.adapters.slack.client import slack_client
from bot.adapters.slack.people import SlackPeople
from bot.domain.model import Person
from bot.simulator.slack import SimSlack
from tests.contracts.people_contract import GROUPS, LEADS, OWN, PeopleContract, anna


class HandClock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class SlackTown:
    def __init__(self, sim: SimSlack, people: SlackPeople, clock: HandClock) -> None:
        self.sim, self.people, self.clock = sim, people, clock

    def set_leads(self, *users: str) -> None:
        self.sim.set_usergroup("S0LEADS", list(users))

    def break_leads(self) -> None:
        self.sim.fault("usergroups.users.list", "internal_error", times=99)

    def break_user(self, user: str) -> None:
        self.sim.fault("users.info", "internal_error", times=99)

    def add(self, user: str, *, guest: bool = False, bot: bool = False, gone: bool = False) -> None:
        self.sim.add_user(user, user.lower(), is_restricted=guest, is_bot=bot, deleted=gone)

    def add_stranger(self, user: str) -> None:
        self.sim.add_user(user, user.lower(), is_stranger=True)

    def look_ups(self) -> int:
        return len(self.sim.calls)


@pytest.fixture
async def town(sim: SimSlack) -> AsyncIterator[SlackTown]:
    clock = HandClock()
    async with slack_client(sim.bot_token, api_url=sim.api_url, call_seconds=3) as client:
        yield SlackTown(sim, SlackPeople(client, team=OWN, max_age=60.0, monotonic=clock), clock)


class TestSlackPeople(PeopleContract):
    """The suite every implementation runs."""


async def test_an_answer_is_kept_for_a_minute_and_no_longer(town: SlackTown) -> None:
    """usergroups.users.list allows 20 calls a minute; somebody who left a group must not approve much
    later."""
    town.set_leads("U0ANNA")
    first = await town.people.actor(anna(), {LEADS.name: LEADS})
    town.set_leads("U0BEN")
    town.clock.seconds += 59
    before = town.look_ups()
    still = await town.people.actor(anna(), {LEADS.name: LEADS})
    assert town.look_ups() == before
    town.clock.seconds += 1
    after = await town.people.actor(anna(), {LEADS.name: LEADS})

    assert (first.groups, still.groups, after.groups) == ({"leads"}, {"leads"}, frozenset())


async def test_many_at_once_ask_slack_once(town: SlackTown) -> None:
    """Twenty clicks in a second are one look-up."""
    await asyncio.gather(*(town.people.actor(anna(), GROUPS) for _ in range(20)))

    assert sorted(call.method for call in town.sim.calls) == ["usergroups.users.list", "users.info"]


async def test_one_who_gives_up_leaves_the_answer_to_the_others(town: SlackTown) -> None:
    """A cancelled click must not make another's vote unknown."""
    town.set_leads("U0ANNA")
    one = asyncio.create_task(town.people.actor(anna(), {LEADS.name: LEADS}))
    other = asyncio.create_task(town.people.actor(anna(), {LEADS.name: LEADS}))
    await asyncio.sleep(0)
    one.cancel()

    assert (await other).groups == {"leads"}
    with pytest.raises(asyncio.CancelledError):
        await one


async def test_a_failure_is_forgotten_after_seconds(town: SlackTown) -> None:
    """Kept a moment so as not to hammer; not for the minute of a good answer."""
    town.set_leads("U0ANNA")
    town.sim.fault("usergroups.users.list", "503", times=1)
    failed = await town.people.actor(anna(), {LEADS.name: LEADS})
    again = await town.people.actor(anna(), {LEADS.name: LEADS})
    town.clock.seconds += 6
    mended = await town.people.actor(anna(), {LEADS.name: LEADS})

    assert failed.unknown_groups == again.unknown_groups == {"leads"}
    assert mended.groups == {"leads"}


@pytest.mark.parametrize(
    "what", ["429", "503", "cut_before", "no_such_subteam", "plan_upgrade_required", "missing_scope"]
)
async def test_every_failure_of_a_group_is_unknown(town: SlackTown, what: str) -> None:
    """Fail closed, whatever the reason."""
    town.sim.fault("usergroups.users.list", what, times=9)
    actor = await town.people.actor(Person(OWN, "U0BEN"), {LEADS.name: LEADS})

    assert actor.unknown_groups == {"leads"}


async def test_a_user_id_that_does_not_exist_can_do_nothing(town: SlackTown) -> None:
    """A typo in the policy's list of people is no approver."""
    actor = await town.people.actor(Person(OWN, "U0NOBODY"), {})

    assert actor.is_deactivated is True
