"""What the simulation has found, each as the shortest story that shows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.domain.model import ClickKind, ImageId, MessageRef
from bot.domain.notices import Message, Notice, NoticeState
from bot.domain.states import LaneState, MemberOutcome
from bot.usecases.speak import REPEATED
from bot.worker.worker import CHAT, CLOUD, PEOPLE, POLLS
from tests.fakes.memory_chat import MemoryChat
from tests.simulation.loop import VirtualLoop, run_virtually
from tests.simulation.script import script_of
from tests.simulation.story import Story
from tests.simulation.world import World as Simulated
from tests.simulation.world import of_a_life
from tests.stories.world import ALICE, CHANNEL, DEV, LEA, World


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


async def failed() -> tuple[World, ImageId]:
    """A request whose one pair has failed."""
    world = World()
    image = world.cloud.put_image("base")
    world.cloud.fail_pair(image, DEV, "IMG.0100")
    await world.types(ALICE, "share base to shop-dev")
    await world.passes(minutes=3)
    assert [m.outcome for m in await world.members()] == [MemberOutcome.FAILED]
    return world, image


async def test_a_retry_reads_the_member_lists_again_before_it_sends() -> None:
    """A process that slept over its call may have sent it meanwhile, and anybody may have shared by hand (found by seed 938)."""
    world, image = await failed()
    world.cloud.put_member(image, DEV, "pending")

    await world.presses(ALICE, ClickKind.RETRY)
    await world.works()

    assert len(world.cloud.submitted) == 1
    assert [m.outcome for m in await world.members("1.2")] == [MemberOutcome.NOTHING_TO_DO]


async def test_a_retry_is_judged_by_facts_of_its_own_time() -> None:
    """As they were when the request was planned, they would let an image pass that is encrypted since."""
    world, image = await failed()
    world.cloud.edit_image(image, encrypted=True)

    await world.presses(ALICE, ClickKind.RETRY)
    await world.works()

    assert len(world.cloud.submitted) == 1
    assert (await world.lane("1.2")).state is LaneState.DENIED


async def test_a_hold_that_ends_in_a_refusal_is_said_under_the_card() -> None:
    """An edited card calls nobody, and somebody may have deleted it (found by seed 2161)."""
    world = World()
    image = world.cloud.put_image("base", encrypted=None)
    await world.types(ALICE, "share base to shop-dev")
    await world.works()
    world.cloud.edit_image(image, encrypted=True)

    await world.passes(minutes=2)

    assert [text for text in world.thread() if "Encrypted images cannot be shared." in text]


def test_a_process_that_sleeps_already_is_not_woken_by_a_shorter_sleep() -> None:
    """The time in which it would have gone on was passed over (found by seed 3769)."""
    until = []

    async def main(loop: VirtualLoop) -> None:
        simulated = Simulated(script_of(1), loop, Story(loud=False), lambda outside: outside)
        simulated.start_life()
        for seconds in (400.0, 75.0):
            simulated.lives[0].freeze(seconds)
        until.append(simulated.lives[0].frozen_until)
        simulated.close()

    run_virtually(main, of_a_life)
    assert until == [400.0]


async def plan(world: World) -> None:
    """Until the request is planned and nothing was said yet."""
    await world.crews[1].turn()
