"""Slack, its sockets, the database and the policy file misbehave. Nothing is lost, nothing stands twice without saying so."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.errors import ChatAuthError
from tests.journeys.cast import ALICE, BOB, CHANNEL, DEV, LEA, LEO, OPS, OTHER, POLICY, PROD
from tests.journeys.stage import Stage, at_work, empty_stage, stage, words

AGAIN = "it may stand here twice"


@contextlib.contextmanager
def locked(database: Path) -> Iterator[None]:
    """The database is written to by somebody else, who does not finish."""
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


# -- Slack's Web API --


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
        approvals = [m for m in replies if "approved base-ubuntu-24" in m.text]
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


# -- sockets --


@pytest.mark.parametrize("reason", ["abrupt", "refresh_requested", "warning", "link_disabled"])
async def test_after_a_lost_socket_commands_arrive_again(reason: str) -> None:
    """Slack drops connections every few hours, and sometimes just so."""
    async with stage() as s:
        await s.until(lambda: s.slack.connections == 2)
        await s.slack.disconnect_sockets(reason)
        await s.until(lambda: s.slack.connections >= 1, 20)
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert await s.settled(seconds=30) == "ended"


@pytest.mark.slow
async def test_a_deaf_socket_is_noticed_and_replaced() -> None:
    """The connection stands, nothing comes through, and no error ever does."""
    async with stage() as s:
        await s.until(lambda: s.slack.connections == 2)
        await s.slack.disconnect_sockets("deaf")
        deaf = list(s.slack.sockets.connections)
        await s.until(lambda: [c for c in s.slack.sockets.ready if c not in deaf], 60)
        await s.until(lambda: not [c for c in s.slack.sockets.ready if c in deaf], 60)
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert await s.settled(seconds=30) == "ended"


# -- the database --


async def test_a_short_lock_of_the_database_is_waited_out() -> None:
    """A backup, a curious operator: nobody notices."""
    async with stage() as s:
        with locked(s.database):
            command = asyncio.create_task(s.command(ALICE, "share base-ubuntu-24 to shop-dev"))
            await asyncio.sleep(0.8)
        assert "Request #1 is recorded" in await command
        assert await s.settled() == "ended"


async def test_a_longer_lock_is_admitted_in_time_and_the_answer_follows() -> None:
    """Slack waits three seconds; an answer that comes later comes by another door, and the request is there once."""
    async with stage() as s:
        with locked(s.database):
            assert "will answer here" in await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        await s.told(ALICE, "Request #1 is recorded")
        assert await s.settled(seconds=30) == "ended"
        assert await s.tree(2) == {}


@pytest.mark.slow
async def test_a_lock_that_does_not_end_is_told_as_nothing_recorded() -> None:
    """And then nothing is."""
    async with stage() as s:
        with locked(s.database):
            await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
            await s.told(ALICE, "Nothing was recorded", seconds=15)
            status, _ = await s.page("/readyz")
            assert status == 503
        await s.command(ALICE, "share base-debian-12 to shop-dev")
        assert await s.settled(seconds=30) == "ended"
        assert await s.tree(2) == {}


async def test_a_reader_that_holds_a_snapshot_does_not_stop_the_bot() -> None:
    """`imagebot audit export` may take its time."""
    async with stage() as s:
        reader = sqlite3.connect(s.database, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert await s.settled() == "ended"
        reader.close()


# -- the policy file --


def with_freeze(env: str) -> str:
    """The policy with a rule that forbids all that goes to this environment."""
    rule = f'  - {{id: freeze, effect: forbid, when: {{project.env: {{eq: {env}}}}}, message: "Frozen."}}\n'
    return POLICY.replace("rules:\n", f"rules:\n{rule}")


def replaced(s: Stage, text: str) -> None:
    """As an editor or a deployment does it: the whole file at once."""
    fresh = s.policy.with_suffix(".new")
    fresh.write_text(text)
    os.replace(fresh, s.policy)


async def test_a_broken_policy_file_changes_nothing_until_it_is_mended() -> None:
    """The last good one stays in force; operators are told both times."""
    async with stage(ops_channel=OPS) as s:
        replaced(s, POLICY.replace("effect: forbid", "effect: forbit"))
        await s.until(lambda: [m for m in s.slack.messages(OPS) if "was not loaded" in m.text])
        status, page = await s.page("/readyz")
        assert (status, "forbit" in page) == (200, True)
        await s.command(ALICE, "share vault-1 to shop-dev")
        assert await s.settled() == "ended"
        assert (await s.lane())["state"] == "denied"

        replaced(s, with_freeze("dev"))
        await s.until(lambda: [m for m in s.slack.messages(OPS) if "was loaded" in m.text])
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert await s.settled(2) == "ended"
        assert (await s.lane("2.1"))["state"] == "denied"


async def test_a_policy_that_forbids_after_the_approval_is_asked_for_wins() -> None:
    """Judged at the click and at the execution, not only when it was typed."""
    async with stage(ops_channel=OPS) as s:
        await s.command(ALICE, "share base-ubuntu-24 to shop-prod")
        await s.until(lambda: s.button("Approve", "1.1"))
        replaced(s, with_freeze("prod"))
        await s.until(lambda: [m for m in s.slack.messages(OPS) if "was loaded" in m.text])

        await s.press(LEA, "Approve")
        assert await s.settled() == "ended"
        assert (await s.lane())["state"] == "denied"
        assert "The policy no longer allows this" in s.thread()[-1]
        assert s.ims.writes() == []


def test_the_lock_of_a_thread_is_a_lock_for_another_connection(tmp_path: Path) -> None:
    """Else the journeys above would prove nothing."""
    path = tmp_path / "one.db"
    sqlite3.connect(path).execute("CREATE TABLE t (x)")
    refused = threading.Event()

    def attempt() -> None:
        with contextlib.suppress(sqlite3.OperationalError):
            sqlite3.connect(path, timeout=0).execute("BEGIN IMMEDIATE")
            return
        refused.set()

    with locked(path):
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
    assert refused.is_set()
