"""The store's promises about who waits for whom in the outbox, about digests, and about what is drawn where."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.model import DueKind, MessageRef, RequestId
from bot.domain.notices import Copy, Message, Notice, NoticeDraft, NoticeKind, NoticeState, Topic
from bot.ports import Store, Transaction
from tests.contracts.store_builders import (
    NOON,
    a_card,
    a_message,
    a_reply,
    after,
    claimed,
    stored_request,
)  # fmt: skip

ROOT = MessageRef(channel="C1", ts="1.1")


def a_report(request: RequestId, *, channel: str | None = "C1", topic: Topic = Topic.REPORT) -> NoticeDraft:
    return NoticeDraft(
        kind=NoticeKind.THREAD, request=request, message=a_message(), channel=channel, topic=topic
    )


async def added(store: Store, draft: NoticeDraft) -> Notice:
    notice = await store.write(lambda tx: tx.add_notice(draft, NOON))
    assert notice is not None
    return notice


async def with_card(store: Store, key: str = "key-1", ref: MessageRef = ROOT) -> RequestId:
    request = await stored_request(store, key)
    await store.write(lambda tx: tx.add_card(request.id, ref))
    return request.id


async def saved(store: Store, notice: Notice) -> None:
    await store.write(lambda tx: tx.save_notice(notice))


class DigestsContract:
    # -- who waits for whom ----------------------------------------------------------------------------------

    async def test_only_the_head_of_a_thread_is_due(self, store: Store) -> None:
        """A thousand waiting replies are not a thousand rows that are looked at again and again."""
        request = await with_card(store)
        first = await added(store, a_reply(request))
        for _ in range(3):
            await added(store, a_reply(request))

        assert [due.subject for due in await claimed(store, after(9))] == [str(first.id)]

    async def test_a_reply_waits_for_its_card_until_it_stands(self, store: Store) -> None:
        """There is nothing to reply under; later drawings of it hold up nothing."""
        request = (await stored_request(store)).id
        drawing = await added(store, a_card(request))
        reply = await added(store, a_reply(request))

        assert await store.read(lambda v: v.notice_before(reply.id)) == drawing
        assert await store.read(lambda v: v.notices_after(drawing.id)) == (reply,)
        await store.write(lambda tx: tx.add_card(request, ROOT))
        assert await store.read(lambda v: v.notice_before(reply.id)) is None

    async def test_a_card_waits_for_no_reply_and_a_private_answer_for_nothing(self, store: Store) -> None:
        """A slow thread must not keep buttons alive that do nothing."""
        request = await with_card(store)
        await added(store, a_reply(request))
        drawing = await added(store, a_card(request))
        private = NoticeDraft(kind=NoticeKind.PRIVATE, request=request, message=a_message(), user="U1")

        assert await store.read(lambda v: v.notice_before(drawing.id)) is None
        answer = await added(store, private)
        assert await store.read(lambda v: v.notice_before(answer.id)) is None

    async def test_a_drawing_waits_for_the_drawing_before_it(self, store: Store) -> None:
        """Two at once may arrive the other way round, and the older would stay."""
        request = await with_card(store)
        first = await added(store, a_card(request))
        await saved(store, replace(first, state=NoticeState.SENDING))
        second = await added(store, a_card(request))

        assert await store.read(lambda v: v.notice_before(second.id)) == replace(
            first, state=NoticeState.SENDING
        )
        await saved(store, replace(first, state=NoticeState.DELIVERED))
        assert await store.read(lambda v: v.notices_after(first.id)) == (second,)

    async def test_what_comes_after_is_the_oldest_reply_and_the_oldest_drawing(self, store: Store) -> None:
        """Both may have waited for the card to be posted."""
        request = (await stored_request(store)).id
        first = await added(store, a_card(request))
        await saved(store, replace(first, state=NoticeState.SENDING))
        reply, drawing = await added(store, a_reply(request)), await added(store, a_card(request))
        await added(store, a_reply(request))

        assert await store.read(lambda v: v.notices_after(first.id)) == (reply, drawing)
        assert await store.read(lambda v: v.notices_after(999)) == ()

    # -- digests ---------------------------------------------------------------------------------------------

    async def test_reports_that_wait_for_a_channel_are_found(self, store: Store) -> None:
        """In order, pending ones alone, and only under a card that stands in that channel."""
        one, two = await with_card(store, "1"), await with_card(store, "2", MessageRef(channel="C1", ts="2"))
        elsewhere = await with_card(store, "3", MessageRef(channel="C2", ts="3"))
        cardless = (await stored_request(store, "4")).id
        first, second = (
            await added(store, a_report(one)),
            await added(store, a_report(two, topic=Topic.REMINDER)),
        )
        third = await added(store, a_report(one))
        for draft in (
            a_report(elsewhere),
            a_report(elsewhere, channel="C2"),
            a_report(cardless),
            a_reply(two),
        ):
            await added(store, draft)

        assert await store.read(lambda v: v.reports_waiting("C1", 9)) == (first, second, third)
        assert await store.read(lambda v: v.reports_waiting("C1", 2)) == (first, second)
        assert await store.read(lambda v: v.count_reports_waiting("C1")) == 5
        await saved(store, replace(second, state=NoticeState.SENDING))
        assert await store.read(lambda v: v.reports_waiting("C1", 9)) == (first, third)

    async def test_a_report_behind_what_no_digest_says_waits(self, store: Store) -> None:
        """Approved before done, in a digest too."""
        request = await with_card(store)
        talk = await added(store, replace(a_reply(request), channel=None))
        report = await added(store, a_report(request))

        assert await store.read(lambda v: v.reports_waiting("C1", 9)) == ()
        await saved(store, replace(talk, state=NoticeState.UNSURE))
        assert await store.read(lambda v: v.reports_waiting("C1", 9)) == ()
        await saved(store, replace(talk, state=NoticeState.DELIVERED))
        assert await store.read(lambda v: v.reports_waiting("C1", 9)) == (report,)

    async def test_a_digest_knows_what_it_says(self, store: Store) -> None:
        """Its reports are delivered with it, and with nothing else."""
        request = await with_card(store)
        first, second = await added(store, a_report(request)), await added(store, a_report(request))
        draft = NoticeDraft(
            kind=NoticeKind.CHANNEL, channel="C1", message=Message("several"), topic=Topic.REPORT
        )
        digest = await added(store, draft)
        digest = replace(digest, digest=digest.id)
        for notice in (digest, replace(first, digest=digest.id), replace(second, digest=digest.id)):
            await saved(store, notice)

        assert [n.id for n in await store.read(lambda v: v.said_by(digest.id))] == [first.id, second.id]
        assert await store.read(lambda v: v.reports_waiting("C1", 9)) == ()
        assert await store.read(lambda v: v.digest_waiting("C1")) == digest
        assert await store.read(lambda v: v.digest_waiting("C2")) is None
        await saved(store, replace(digest, state=NoticeState.SENDING))
        assert await store.read(lambda v: v.digest_waiting("C1")) is None

    async def test_dropped_work_is_gone_unless_somebody_has_it(self, store: Store) -> None:
        """What a digest says needs no row of its own; whoever holds one finishes it."""

        def plan(tx: Transaction) -> None:
            for subject in ("1", "2"):
                tx.plan_work(DueKind.DELIVER, subject, NOON)

        await store.write(plan)
        await store.write(lambda tx: tx.drop_work(DueKind.DELIVER, "1"))
        await store.write(lambda tx: tx.drop_work(DueKind.DELIVER, "9"))
        (due,) = await claimed(store, after(1))
        assert due.subject == "2"
        await store.write(lambda tx: tx.drop_work(DueKind.DELIVER, "2"))
        await store.write(lambda tx: tx.finish(due))

    # -- what is drawn where ---------------------------------------------------------------------------------

    async def test_what_is_drawn_where_is_kept(self, store: Store) -> None:
        """So that nothing is sent that stands there already, after a restart too."""
        request = await with_card(store)
        other = MessageRef(channel="C1", ts="2")
        copy = Copy(ref=other, shown="abc", repeated=True)

        def step(tx: Transaction) -> None:
            tx.add_card(request, other)
            tx.save_copy(request, copy)
            tx.add_card(request, other)
            tx.save_copy(request, Copy(ref=MessageRef(channel="C9", ts="9"), shown="x"))

        await store.write(step)

        assert await store.read(lambda v: v.copies(request)) == (Copy(ref=ROOT), copy)
        assert await store.read(lambda v: v.cards(request)) == (ROOT, other)
