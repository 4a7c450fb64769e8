"""What reaches Slack: in order, at least once, never twice without a mark, and never lost because a channel is closed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.model import ClickKind, MessageRef
from bot.domain.notices import Message, NoticeState
from bot.domain.states import LaneState
from bot.usecases.advance import redraw
from bot.usecases.speak import REPEATED
from bot.worker.worker import CHAT, CLOUD, PEOPLE, POLLS
from tests.fakes.memory_chat import Fault
from tests.stories.world import ALICE, CHANNEL, EVE, LEA, LEO, World


async def asked(text: str = "share base to shop-prod") -> World:
    world = World()
    world.cloud.put_image("base")
    await world.types(ALICE, text)
    return world


async def test_a_cut_after_the_post_is_repeated_with_a_mark() -> None:
    """A duplicate is only possible after a cut connection, and says so."""
    world = await asked()
    world.chat.fail("cut_after", method="post")
    await world.passes(seconds=30)

    first, second = world.roots()
    assert (first.mark, second.mark) == ("", REPEATED)


async def test_a_click_on_a_copy_nobody_knew_brings_that_copy_up_to_date() -> None:
    """Both copies end as the settled card, without buttons."""
    world = await asked()
    world.chat.fail("cut_after", method="post")
    await world.passes(seconds=30)
    lost, _ = world.roots()
    await world.presses(LEA, ClickKind.APPROVE, ts=lost.ref.ts)
    await world.passes(seconds=30)

    assert (await world.lane()).state is LaneState.SUCCEEDED
    for copy in world.roots():
        assert "Done and verified" in copy.message.text
        assert not [part for part in copy.message.parts if part.type == "buttons"]


async def test_slacks_retry_after_is_waited_out() -> None:
    """A 429 delays; it never loses."""
    world = await asked()
    world.chat.fail("busy", method="post", retry_after=20.0, times=2)
    await world.passes(seconds=15)
    assert world.roots() == []
    await world.passes(seconds=60)
    assert len(world.roots()) == 1


async def test_replies_keep_their_order_when_one_of_them_is_delayed() -> None:
    """Approved before done, whatever Slack does in between."""
    world = await asked()
    await world.passes(seconds=5)
    await world.presses(LEA, ClickKind.APPROVE)
    world.chat.fail("busy", method="post", retry_after=10.0, times=1)
    await world.passes(minutes=2)

    texts = world.thread()
    assert ["approved" in texts[0], "Done and verified" in texts[1], len(texts)] == [True, True, 2]


async def test_a_channel_without_the_bot_tells_the_requester_how_to_invite_it_and_loses_nothing() -> None:
    """The card appears by itself after the invitation."""
    world = await asked()
    world.chat.unreachable[CHANNEL] = "not_in_channel"
    await world.passes(minutes=5)
    assert [text for text in world.told() if "/invite" in text] == [world.told()[0]]
    assert world.roots() == []

    del world.chat.unreachable[CHANNEL]
    await world.passes(minutes=2)
    assert len(world.roots()) == 1
    await world.presses(LEA, ClickKind.APPROVE)
    await world.passes(minutes=1)
    assert "Done and verified" in world.thread()[-1]


async def test_an_outcome_reaches_the_requester_directly_while_the_channel_is_closed() -> None:
    """What happened must be said, even with no card."""
    world = await asked("share base to shop-dev")
    world.chat.unreachable[CHANNEL] = "channel_not_found"
    await world.passes(minutes=5)

    direct = [m.message.text for m in world.chat.messages() if m.ref.channel.startswith("D")]
    assert any("Done and verified" in text for text in direct)


async def test_what_can_never_be_delivered_is_given_up_in_the_audit_log() -> None:
    """An auditor must find what nobody was told, and why."""
    world = await asked()
    world.chat.unreachable[CHANNEL] = "channel_not_found"
    await world.passes(hours=25)

    events = await world.store.read(lambda view: view.events())
    given_up = [event for event in events if event.kind == "notice_given_up" and event.request == 1]
    [first, *_] = given_up
    number = int(str(first.data["notice"]))
    notice = await world.store.read(lambda view: view.notice(number))
    assert first.data["why"] == "the bot was not invited within a day"
    assert notice is not None
    assert notice.state is NoticeState.GIVEN_UP


async def test_a_used_up_response_url_falls_back_to_an_ephemeral_message() -> None:
    """response_url: five uses in thirty minutes."""
    world = await asked()
    await world.passes(seconds=5)
    world.chat.dead_urls.update(f"https://hooks.example/{n}" for n in range(1, 500))
    await world.presses(EVE, ClickKind.APPROVE)
    await world.works()

    assert [m for m in world.chat.whispers_to(EVE) if "not counted" in m.text]


async def test_no_response_url_is_kept_once_it_has_been_used() -> None:
    """It is a bearer secret."""
    world = await asked()
    await world.passes(seconds=30)
    await world.presses(EVE, ClickKind.APPROVE)
    await world.passes(seconds=30)

    request = await world.request()
    assert request.response_url is None
    for id in range(1, 20):
        notice = await world.store.read(lambda view, id=id: view.notice(id))
        item = await world.store.read(lambda view, id=id: view.inbox_item(id))
        assert notice is None or notice.response_url is None
        assert item is None or item.response_url is None


async def test_a_deleted_card_does_not_stop_the_story() -> None:
    """Somebody deletes the message: the outcome is still said."""
    world = await asked()
    await world.passes(seconds=5)
    card: MessageRef = world.card().ref
    world.chat.delete(card)
    await world.presses(LEA, ClickKind.APPROVE)
    await world.passes(minutes=1)

    assert (await world.lane()).state is LaneState.SUCCEEDED
    assert any("Done and verified" in m.message.text for m in world.chat.messages())


async def test_many_changes_make_few_card_updates() -> None:
    """Newest state wins: a card is not redrawn for every step."""
    world = await asked("share base to shop-dev")
    world.chat.fail("busy", method="post", retry_after=30.0)
    await world.passes(minutes=2)

    assert [name for name, _ in world.chat.calls].count("update") <= 1


async def test_a_change_while_the_card_is_being_drawn_is_drawn_too() -> None:
    """A card that stays stale for ever, with live buttons, is the worst kind of lie."""
    world = await asked("share base to acme-lab")
    await world.passes(seconds=5)
    chat = world.chat

    class SlowChat:
        """Somebody cancels while Slack takes its time."""

        cancelled = False

        def __getattr__(self, name: str) -> object:
            return getattr(chat, name)

        async def update(self, ref: MessageRef, message: Message) -> None:
            if not self.cancelled:
                self.cancelled = True
                await world.types(ALICE, "cancel #1")
            await chat.update(ref, message)

    world.outside = replace(world.outside, chat=SlowChat())  # type: ignore[arg-type]
    for crew in world.crews:
        crew._outside = world.outside
    await world.presses(LEA, ClickKind.APPROVE)
    await world.passes(minutes=1)

    assert (await world.lane()).state is LaneState.CANCELLED
    assert "Cancelled" in world.card().message.text


# -- the mark, and looking before saying it again ----------------------------------------------------------------


async def test_a_mark_stays_on_a_card_through_its_updates() -> None:
    """It may stand there twice as long as nobody knows better."""
    world = await asked()
    world.chat.fail("cut_after", method="post")
    await world.passes(seconds=30)
    await world.presses(LEA, ClickKind.APPROVE)
    await world.passes(seconds=30)

    _, marked = world.roots()
    assert "Done and verified" in marked.message.text
    assert REPEATED in marked.message.text
    assert REPEATED in str(marked.message.parts[0])


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
async def test_where_the_bot_may_look_nothing_is_said_twice_and_nothing_marked(fault: Fault) -> None:
    """What stands is adopted; what does not stand is sent, and needs no mark."""
    world = await asked()
    world.chat.blind = False
    world.chat.fail(fault, method="post")
    await world.passes(seconds=30)
    world.chat.fail(fault, method="post")
    await world.presses(LEA, ClickKind.APPROVE)
    await world.passes(minutes=1)

    (card,) = world.roots()
    assert "Done and verified" in card.message.text
    assert [text.split(".")[0].split(":")[0] for text in world.thread()] == [
        "approved sharing base with shop-prod", "Done and verified",
    ]  # fmt: skip
    assert {one.mark for one in world.chat.messages()} == {""}
    assert REPEATED not in str(world.chat.messages())


# -- nothing is sent for nothing ---------------------------------------------------------------------------------


async def test_a_card_that_shows_it_already_is_not_sent_again() -> None:
    """Each update is one of fifty a minute; a stranger's click changes nothing."""
    world = await asked()
    await world.passes(seconds=30)
    for _ in range(5):
        await world.presses(EVE, ClickKind.APPROVE)
        await world.passes(seconds=5)

    assert [name for name, _ in world.chat.calls].count("update") == 0
    await world.presses(LEA, ClickKind.APPROVE)
    await world.passes(minutes=1)
    assert "Done and verified" in world.card().message.text


async def test_after_a_restart_nothing_is_drawn_again_that_stands_there() -> None:
    """What stands where is in the store, not in the process."""
    world = await asked()
    await world.passes(seconds=30)
    request = await world.request()
    await world.store.write(lambda tx: redraw(tx, request, world.clock.now()))
    world.crews = [world._crew(jobs) for jobs in (PEOPLE, CLOUD, POLLS, CHAT)]
    await world.passes(seconds=30)

    assert [name for name, _ in world.chat.calls].count("update") == 0


async def test_a_click_on_a_stale_copy_heals_it() -> None:
    """Whatever became of the last update: who sees an old card must not be left with it."""
    world = await asked()
    await world.passes(seconds=5)
    old = world.card()
    await world.presses(LEA, ClickKind.APPROVE)
    await world.passes(seconds=30)
    world.chat._standing[old.ref] = old
    await world.presses(LEO, ClickKind.APPROVE, ts=old.ref.ts)
    await world.passes(seconds=30)

    assert "Done and verified" in world.card().message.text


async def test_a_slow_card_does_not_hold_up_what_is_said_under_it() -> None:
    """The drawing of a standing card and the replies under it do not wait for each other."""
    world = await asked()
    await world.passes(seconds=5)
    world.chat.fail("busy", method="update", retry_after=120.0)
    await world.presses(LEA, ClickKind.APPROVE)
    await world.passes(seconds=60)

    assert any("Done and verified" in text for text in world.thread())
    await world.passes(minutes=3)
    assert "Done and verified" in world.card().message.text
