"""Slack's Web API misbehaves. Nothing is lost, and nothing stands twice without saying so."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from bot.adapters.slack.manifest import OPTIONAL_SCOPES, SCOPES
from bot.domain.errors import ChatAuthError
from tests.journeys.cast import ALICE, BOB, CHANNEL, DEV, LEA, LEO, OTHER, PROD
from tests.journeys.seats import words
from tests.journeys.stage import at_work, empty_stage, stage

AGAIN = "it may stand here twice"


@pytest.mark.parametrize("fault", ["429", "ratelimited", "service_unavailable"])
async def test_a_card_that_slack_would_not_take_yet_comes_later_and_once(fault: str) -> None:
    """Slack says wait: waiting is all there is to do."""
    async with stage() as s:
        s.slack.fault("chat.postMessage", fault, times=2)
        await s.command(ALICE, "share base-ubuntu-24 to shop-prod")
        await s.press(LEA, "Approve", seconds=20)
        assert await s.settled(seconds=30) == "ended"
        assert len(s.cards()) == 1
        assert AGAIN not in s.shown()
        assert s.buttons() == []


@pytest.mark.parametrize("fault", ["cut_before", "500", "internal_error"])
async def test_a_message_that_may_not_have_arrived_is_sent_again_and_says_so(fault: str) -> None:
    """At least once; a duplicate is only possible after a cut connection, and marked."""
    async with stage() as s:
        s.slack.fault("chat.postMessage", fault)
        await s.command(ALICE, "share base-ubuntu-24 to shop-prod")
        await s.until(lambda: s.cards(), 20)
        assert AGAIN in s.shown()
        await s.press(LEA, "Approve")
        assert await s.settled(seconds=30) == "ended"
        assert len(s.cards()) == 1


async def test_of_a_card_that_stands_twice_both_copies_work_and_both_settle() -> None:
    """The first stands though its answer was lost; people may press either."""
    async with stage() as s:
        s.slack.fault("chat.postMessage", "cut_after")
        await s.command(ALICE, "share base-ubuntu-24 to shop-prod")
        await s.until(lambda: len(s.cards()) == 2, 20)
        first, second = s.cards()
        assert AGAIN not in words(first)
        assert AGAIN in words(second)

        s.acted.add(LEA)
        await s.quiet()
        button = next(b for b in s.slack.buttons(CHANNEL, first.ts) if b.text == "Approve")
        await s.slack.click(LEA, CHANNEL, first.ts, button.action_id, button.value, block_id=button.block_id)
        assert await s.settled(seconds=30) == "ended"

        assert [s.slack.buttons(CHANNEL, card.ts) for card in (first, second)] == [[], []]
        assert s.added() == [(s.images.ubuntu, PROD)]


async def test_a_result_whose_delivery_was_cut_is_repeated_with_a_mark() -> None:
    """The outcome must reach the thread; better twice than never."""
    async with stage() as s:
        await s.command(ALICE, "share base-ubuntu-24 to shop-prod")
        await s.until(lambda: s.button("Approve", "1.1"))
        await s.quiet()
        s.slack.fault("chat.postMessage", "cut_after", times=1)
        await s.press(LEA, "Approve")
        assert await s.settled(seconds=30) == "ended"

        replies = s.slack.thread(CHANNEL, s.card().ts)[1:]
        approvals = [m for m in replies if "approved" in m.text]
        assert len(approvals) == 2
        assert [AGAIN in words(m) for m in approvals] == [False, True]
        assert sum("Done and verified" in m.text for m in replies) == 1


@pytest.mark.parametrize("fault", ["429", "500", "cut_before", "cut_after"])
async def test_a_card_that_could_not_be_updated_is_updated_in_the_end(fault: str) -> None:
    """A settled card with live buttons invites clicks that do nothing."""
    async with stage() as s:
        await s.command(ALICE, "share base-ubuntu-24 to shop-prod")
        await s.until(lambda: s.button("Approve", "1.1"))
        s.slack.fault("chat.update", fault, times=2)
        await s.press(LEA, "Approve")
        assert await s.settled(seconds=30) == "ended"
        assert s.buttons() == []
        assert "Done and verified" in s.shown()


@pytest.mark.parametrize("fault", ["429", "500", "cut_before"])
async def test_a_private_refusal_reaches_the_clicker_although_its_url_fails(fault: str) -> None:
    """Every ignored click says why."""
    async with stage() as s:
        await s.command(ALICE, "share base-ubuntu-24 to shop-prod")
        await s.until(lambda: s.button("Approve", "1.1"))
        s.slack.fault("response_url", fault, times=1)
        await s.press(BOB, "Approve")
        await s.told(BOB, "Your click was not counted", seconds=20)
        await s.quiet()


async def test_rights_that_cannot_be_looked_up_approve_nothing() -> None:
    """Silence never approves: when Slack does not say who is a lead, nobody is."""
    async with stage() as s:
        await s.command(ALICE, "share base-ubuntu-24 to shop-prod")
        await s.until(lambda: s.button("Approve", "1.1"))
        await asyncio.sleep(0.2)
        s.slack.fault("usergroups.users.list", "500", times=50)
        await s.press(LEA, "Approve")
        await s.told(LEA, "Your click was not counted", seconds=20)
        assert s.ims.writes() == []
        s.slack.clear_faults()
        await asyncio.sleep(0.2)
        await s.press(LEO, "Approve")
        assert await s.settled(seconds=30) == "ended"
        assert s.shared(s.images.ubuntu) == {PROD}


async def test_where_the_bot_may_not_post_the_requester_is_told_how_to_invite_it() -> None:
    """Nothing is lost: what needs nobody is done, and the status shows it."""
    async with stage() as s:
        s.urls_in_use = False
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev", channel=OTHER)
        said = await s.told(ALICE, "I cannot post its card")
        assert "/invite" in said
        await s.in_state("succeeded")
        assert s.shared(s.images.ubuntu) == {DEV}
        assert "Done and verified" in await s.command(ALICE, "status #1")
        assert sum("I cannot post" in text for text in s.private(ALICE)) == 1


@pytest.mark.slow
async def test_once_invited_the_bot_shows_the_card_by_itself() -> None:
    """And the card works as if it had been there all the time."""
    async with stage() as s:
        await s.command(ALICE, "share base-ubuntu-24 to shop-prod", channel=OTHER)
        await s.told(ALICE, "I cannot post its card")
        s.slack.invite_bot(OTHER)
        card = (await s.until(lambda: s.cards(channel=OTHER), 90))[0]
        button = next(b for b in s.slack.buttons(OTHER, card.ts) if b.text == "Approve")
        s.acted.add(LEA)
        await s.slack.click(LEA, OTHER, card.ts, button.action_id, button.value, block_id=button.block_id)
        assert await s.settled(seconds=30) == "ended"
        assert s.slack.buttons(OTHER, card.ts) == []


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_a_refused_bot_token_stops_the_start(mode: str) -> None:
    """Better no bot than one that takes commands and cannot answer."""
    async with empty_stage(mode) as s:
        s.slack.credentials.bot_token = "xoxb-another"
        with pytest.raises(ChatAuthError, match="invalid_auth"):
            async with at_work(s):
                pass


async def test_a_refused_app_token_stops_the_start() -> None:
    """Without a socket the bot would hear nothing."""
    async with empty_stage() as s:
        s.slack.credentials.app_token = "xapp-another"
        with pytest.raises(ChatAuthError, match="SLACK_APP_TOKEN"):
            async with at_work(s):
                pass


# -- looking before saying it again ------------------------------------------------------------------------------


async def test_where_the_bot_may_look_a_card_that_stands_is_not_posted_again() -> None:
    """With the optional scope nothing stands twice, though Slack's answer was lost."""
    async with stage() as s:
        s.slack.set_scopes(*SCOPES, *OPTIONAL_SCOPES)
        s.slack.fault("chat.postMessage", "cut_after")
        await s.command(ALICE, "share base-ubuntu-24 to shop-prod")
        await s.until(lambda: s.button("Approve", "1.1"), 20)
        s.slack.fault("chat.postMessage", "cut_after")
        await s.press(LEA, "Approve")
        assert await s.settled(seconds=30) == "ended"
        (card,) = s.cards()
        replies = s.slack.thread(CHANNEL, card.ts)[1:]
        assert sum("approved" in m.text for m in replies) == 1
        assert not [m for m in (card, *replies) if AGAIN in words(m)]
        assert s.buttons() == []


async def test_where_the_bot_may_look_a_card_that_does_not_stand_is_posted_without_a_mark() -> None:
    """Who looked and saw nothing need not say that it may stand there twice."""
    async with stage() as s:
        s.slack.set_scopes(*SCOPES, *OPTIONAL_SCOPES)
        s.slack.fault("chat.postMessage", "cut_before")
        await s.command(ALICE, "share base-ubuntu-24 to shop-prod")
        await s.until(lambda: s.button("Approve", "1.1"), 20)
        assert AGAIN not in s.shown()
        assert len(s.cards()) == 1


async def test_the_remark_on_a_repeated_card_stays_through_its_updates() -> None:
    """It may stand there twice until somebody knows better."""
    async with stage() as s:
        s.slack.fault("chat.postMessage", "cut_before")
        await s.command(ALICE, "share base-ubuntu-24 to shop-prod")
        await s.press(LEA, "Approve", seconds=20)
        assert await s.settled(seconds=30) == "ended"
        assert "Done and verified" in s.shown()
        assert AGAIN in s.shown()


# -- how often ---------------------------------------------------------------------------------------------------


async def test_no_call_is_made_while_slack_asks_to_wait() -> None:
    """Judged by Slack's own log: what was told to wait waits, and nothing else does."""
    async with stage() as s:
        await s.command(ALICE, "share base-ubuntu-24 to shop-prod")
        await s.until(lambda: s.button("Approve", "1.1"))
        s.slack.fault("chat.update", "429", retry_after=3)
        await s.press(LEA, "Approve")
        assert await s.settled(seconds=30) == "ended"
        await s.until(lambda: not s.buttons(), 20)

        calls = [call for call in s.slack.calls if call.method == "chat.update"]
        refused = next(call for call in calls if call.status == 429)
        until = refused.at + timedelta(seconds=3)
        assert not [call for call in calls if refused.at < call.at < until]
        posts = [call for call in s.slack.calls if call.method == "chat.postMessage"]
        assert [call for call in posts if refused.at < call.at < until]


@pytest.mark.slow
async def test_many_requests_at_once_stay_within_what_slack_takes() -> None:
    """Slack counts the calls: what it refuses is not knocked at again before its time, and every card is true in the end."""
    async with stage(group_cache=60) as s:
        s.slack.enforce_limits = True
        users = (ALICE, BOB, LEA)
        await asyncio.gather(*(s.command(users[n % 3], "share base-ubuntu-24 to shop-dev") for n in range(9)))
        for number in range(1, 10):
            assert await s.settled(number, seconds=60) == "ended"
        await s.until(lambda: all("Done" in s.shown(n) or "Already" in s.shown(n) for n in range(1, 10)), 60)
        calls = [call for call in s.slack.calls if call.method.startswith("chat.")]
        for refused in (call for call in calls if call.status == 429):
            same = [
                c
                for c in calls
                if (c.method, c.params["channel"]) == (refused.method, refused.params["channel"])
            ]
            until = refused.at + timedelta(seconds=1)
            assert not [call for call in same if refused.at < call.at < until]


# -- a connection that hears nothing -----------------------------------------------------------------------------


async def test_a_deaf_connection_is_found_healed_and_shown() -> None:
    """Connected, and nothing arrives: the bot notices by itself, and /readyz says what it did."""
    async with stage(socket_deaf_after=1) as s:
        await s.until(lambda: s.slack.connections == 2)
        await s.slack.disconnect_sockets("deaf")

        async def healed() -> bool:
            slack = json.loads((await s.page("/readyz"))[1])["slack"]
            return bool(slack["reconnects"] >= 2 and slack["connections"] == 2)

        async with asyncio.timeout(20):
            while not await healed():
                await asyncio.sleep(0.1)
        slack = json.loads((await s.page("/readyz"))[1])["slack"]
        assert slack["ok"]
        assert "nothing was heard" in slack["last_change"]
        assert "Request #1" in await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert await s.settled(seconds=30) == "ended"
