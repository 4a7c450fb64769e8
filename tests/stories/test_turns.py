"""Who is sent first when not everything can be sent at once."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.model import MessageRef, RequestId
from bot.domain.notices import Message, NoticeDraft, NoticeKind, Topic
from bot.ports import Transaction, Way
from bot.usecases.turns import Errand, errand
from tests.stories.world import ALICE, CHANNEL, World


async def ranked(world: World, draft: NoticeDraft, *, age: float = 0.0) -> Errand | None:
    """The errand of such a notice, added so many seconds ago."""

    def store(tx: Transaction) -> Errand | None:
        notice = tx.add_notice(draft, world.clock.now() - timedelta(seconds=age))
        assert notice is not None
        return errand(tx, notice)

    return await world.store.write(store)


def reply(request: RequestId, topic: Topic) -> NoticeDraft:
    return NoticeDraft(
        kind=NoticeKind.THREAD, request=request, message=Message("x"), topic=topic, channel=CHANNEL
    )


async def a_world() -> World:
    """Request 1 waits for a decision, request 2 is over; both cards stand."""
    world = World()
    world.cloud.put_image("base")
    await world.types(ALICE, "share base to shop-prod")
    await world.types(ALICE, "share base to shop-dev")
    await world.passes(seconds=30)
    return world


async def test_what_people_wait_for_comes_before_reports_and_these_before_reminders() -> None:
    """An approver must not stand in line behind a hundred results."""
    world = await a_world()
    open_card = await ranked(world, NoticeDraft(kind=NoticeKind.CARD, request=RequestId(1)))
    settled_card = await ranked(world, NoticeDraft(kind=NoticeKind.CARD, request=RequestId(2)))
    talk = await ranked(world, reply(RequestId(1), Topic.TALK))
    report = await ranked(world, reply(RequestId(2), Topic.REPORT))
    reminder = await ranked(world, reply(RequestId(1), Topic.REMINDER))

    assert open_card
    assert settled_card
    assert talk
    assert report
    assert reminder
    assert open_card.rank == talk.rank < settled_card.rank == report.rank < reminder.rank
    assert (open_card.way, talk.way) == (Way.UPDATE, Way.POST)
    assert [one.steady for one in (talk, report, reminder)] == [False, True, True]


async def test_within_a_kind_the_older_comes_first_and_age_beats_urgency_in_the_end() -> None:
    """Nobody waits for ever."""
    world = await a_world()
    young = await ranked(world, reply(RequestId(1), Topic.REMINDER))
    old = await ranked(world, reply(RequestId(1), Topic.REMINDER), age=60)
    very_old = await ranked(world, reply(RequestId(1), Topic.REMINDER), age=2 * 3600)
    urgent = await ranked(world, reply(RequestId(1), Topic.TALK))

    assert young
    assert old
    assert very_old
    assert urgent
    assert very_old.rank < urgent.rank < old.rank < young.rank


async def test_a_private_answer_needs_no_turn() -> None:
    """It has an address of its own, and people wait for it now."""
    world = await a_world()
    draft = NoticeDraft(
        kind=NoticeKind.PRIVATE, message=Message("x"), user=ALICE, channel=CHANNEL, response_url="u"
    )

    assert await ranked(world, draft) is None


async def test_a_reply_asks_for_the_channel_where_its_card_stands() -> None:
    """The limit is that of the channel; a request without a card is spoken of with its requester."""
    world = await a_world()
    await world.types(ALICE, "share base to acme-lab")
    cardless = await ranked(world, reply(RequestId(3), Topic.TALK))
    await world.store.write(lambda tx: tx.add_card(RequestId(3), MessageRef(channel="C0MOVED", ts="1")))
    under_card = await ranked(world, reply(RequestId(3), Topic.TALK))

    assert cardless
    assert under_card
    assert (cardless.channel, under_card.channel) == (ALICE, "C0MOVED")
