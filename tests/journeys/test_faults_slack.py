"""Slack's Web API misbehaves. Nothing is lost, and nothing stands twice without saying so."""

from __future__ import annotations

import asyncio

import pytest

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
