"""What the simulation has found, each as the shortest story that shows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.domain.model import ClickKind, MessageRef
from bot.domain.notices import Message, Notice, NoticeState
from bot.usecases.speak import REPEATED
from bot.worker.worker import CHAT, CLOUD, PEOPLE, POLLS
from tests.fakes.memory_chat import MemoryChat
from tests.stories.world import ALICE, CHANNEL, LEA, World


async def test_a_message_that_slack_surely_refused_is_not_marked_as_a_repetition() -> None:
    """A refused token left the card as being sent, so that later it said it might stand there twice (found by seed 174)."""
    world = World()
    world.cloud.put_image("base")
    world.chat.fail("auth", method="post")
    await world.types(ALICE, "share base to shop-dev")

    await world.passes(minutes=3)

    assert [root.mark for root in world.roots()] == [""]


async def asked() -> World:
    """A world in which the bot may look where its messages stand, with a request that waits for a lead."""
    world = World()
    world.chat.blind = False
    world.cloud.put_image("base")
    await world.types(ALICE, "share base to shop-prod")
    return world


async def notice_of(world: World, id: int) -> Notice:
    notice = await world.store.read(lambda view: view.notice(id))
    assert notice is not None
    return notice


async def test_a_message_that_a_sleeping_process_may_still_send_is_marked() -> None:
    """It is not there yet: that does not mean that it never will be (found by seed 20047)."""
    world = await asked()
    await plan(world)
    card = await notice_of(world, 1)
    await world.store.write(lambda tx: tx.save_notice(replace(card, state=NoticeState.SENDING)))

    await world.passes(seconds=30)

    assert [root.mark for root in world.roots()] == [REPEATED]


async def test_a_message_is_being_sent_also_when_it_is_sent_again() -> None:
    """Who takes it over must know that somebody may be about to post it (found by seed 961)."""
    world = await asked()
    await plan(world)
    card = await notice_of(world, 1)
    await world.store.write(lambda tx: tx.save_notice(replace(card, state=NoticeState.UNSURE)))
    seen: list[NoticeState] = []

    class Watched(MemoryChat):
        async def post(self, channel: str, message: Message, **rest: Any) -> MessageRef:
            seen.append((await notice_of(world, 1)).state)
            return await super().post(channel, message, **rest)

    world.outside = replace(world.outside, chat=Watched())
    world.crews = [world._crew(jobs) for jobs in (PEOPLE, CLOUD, POLLS, CHAT)]
    await world.passes(seconds=30)

    assert seen == [NoticeState.SENDING]


async def test_a_reply_that_may_stand_with_the_requester_is_marked_under_the_card() -> None:
    """Looked for under the card it is not found, and yet it may have been told already (found by seed 732)."""
    world = await asked()
    await world.passes(seconds=30)
    world.chat.unreachable[CHANNEL] = "is_archived"
    world.chat.fail("cut_after", method="post", channel=ALICE, times=2)
    await world.presses(LEA, ClickKind.REJECT, reason="no")
    await world.works()
    del world.chat.unreachable[CHANNEL]

    await world.passes(minutes=3)

    replies = [m for m in world.chat.thread(world.card().ref) if "rejected" in m.message.text.lower()]
    assert [reply.mark for reply in replies] == [REPEATED]


async def plan(world: World) -> None:
    """Until the request is planned and nothing was said yet."""
    await world.crews[1].turn()
