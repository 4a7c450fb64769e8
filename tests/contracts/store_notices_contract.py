"""The store's promises about notices and cards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.errors import BugError, StaleRowError
from bot.domain.model import Due, DueKind, MessageRef, RequestId
from bot.domain.notices import Notice, NoticeDraft, NoticeKind, NoticeState
from bot.ports import Store, Transaction
from tests.contracts.store_builders import (
    NOON,
    a_card,
    a_message,
    a_reply,
    after,
    claimed,
    stored_request,
)


async def _added(store: Store, draft: NoticeDraft) -> Notice:
    notice = await store.write(lambda tx: tx.add_notice(draft, NOON))
    assert notice is not None
    return notice


class NoticesContract:
    async def test_a_notice_is_stored_and_due_for_delivery(self, store: Store) -> None:
        """Said once it is said; nobody has to remember it."""
        request = await stored_request(store)
        draft = NoticeDraft(
            kind=NoticeKind.PRIVATE,
            request=request.id,
            message=a_message(),
            channel="C1",
            user="U1",
            response_url="u",
        )

        notice = await _added(store, draft)

        assert notice == Notice(id=notice.id, created_at=NOON, **vars(draft))
        assert await store.read(lambda v: v.notice(notice.id)) == notice
        (due,) = await claimed(store)
        assert due == Due(kind=DueKind.DELIVER, subject=str(notice.id), at=NOON, claim="worker-1", attempts=1)

    async def test_a_second_pending_card_of_a_request_is_dropped(self, store: Store) -> None:
        """The first will draw the newest state."""
        one, other = await stored_request(store, "key-1"), await stored_request(store, "key-2")
        first = await _added(store, a_card(one.id))

        assert await store.write(lambda tx: tx.add_notice(a_card(one.id), after(1))) is None
        assert (await _added(store, a_card(other.id))).id != first.id
        assert len(await claimed(store, after(9))) == 2

    async def test_a_card_that_is_being_sent_does_not_stand_for_a_newer_one(self, store: Store) -> None:
        """It may have been drawn before the newest change."""
        request = await stored_request(store)
        first = await _added(store, a_card(request.id))
        for state in NoticeState:
            if state is not NoticeState.PENDING:
                await store.write(lambda tx, s=state: tx.save_notice(replace(first, state=s)))  # type: ignore[misc]
                newer = await _added(store, a_card(request.id))
                await store.write(lambda tx, n=newer: tx.save_notice(replace(n, state=NoticeState.DELIVERED)))  # type: ignore[misc]

    async def test_a_card_pending_again_stands_for_the_newer_one(self, store: Store) -> None:
        """Slack said wait, meanwhile another change came: one drawing suffices, and no step fails for it."""
        request = await stored_request(store)
        first = await _added(store, a_card(request.id))
        (due,) = await claimed(store)
        await store.write(lambda tx: tx.save_notice(replace(first, state=NoticeState.SENDING)))
        second = await _added(store, a_card(request.id))

        def wait(tx: Transaction) -> None:
            tx.save_notice(first)
            tx.postpone(due, after(1))

        await store.write(wait)

        assert await store.read(lambda v: (v.notice(first.id), v.notice(second.id))) == (first, None)
        assert [due.subject for due in await claimed(store, after(9))] == [str(first.id)]
        third = await _added(store, a_reply(request.id))
        assert third.id > second.id

    async def test_a_card_has_no_message_and_all_else_has_one(self, store: Store) -> None:
        """A card is drawn from the store at delivery; a message without words would be posted empty."""
        request = await stored_request(store)
        for draft in (
            replace(a_card(request.id), message=a_message()),
            replace(a_reply(request.id), message=None),
            NoticeDraft(kind=NoticeKind.CARD),
            a_reply(RequestId(99)),
        ):
            with pytest.raises(BugError):
                await store.write(lambda tx, draft=draft: tx.add_notice(draft, NOON))  # type: ignore[misc]

    async def test_every_kind_and_state_of_a_notice_can_be_stored(self, store: Store) -> None:
        """The database knows the same words as the domain."""
        for kind in set(NoticeKind) - {NoticeKind.CARD}:
            notice = await _added(store, NoticeDraft(kind=kind, message=a_message()))
            for state in NoticeState:
                saved = replace(notice, state=state, delivered_at=after(1), user="U9", channel="C9")
                await store.write(lambda tx, saved=saved: tx.save_notice(saved))  # type: ignore[misc]
                assert await store.read(lambda v, id=notice.id: v.notice(id)) == saved  # type: ignore[misc]

    async def test_a_notice_that_was_never_added_cannot_be_saved(self, store: Store) -> None:
        """Saving never makes a notice that nobody would deliver."""
        with pytest.raises(StaleRowError):
            await store.write(
                lambda tx: tx.save_notice(
                    Notice(id=5, kind=NoticeKind.DIRECT, request=None, created_at=NOON, message=a_message())
                )
            )

    async def test_it_is_a_notices_turn_when_those_before_it_are_over(self, store: Store) -> None:
        """Delivered in order within a thread."""
        request, other = await stored_request(store, "key-1"), await stored_request(store, "key-2")
        first, second, third = [await _added(store, a_reply(request.id, str(n))) for n in range(3)]
        await _added(store, a_reply(other.id))

        async def before(notice: Notice) -> Notice | None:
            return await store.read(lambda v: v.notice_before(notice.id))

        assert await before(first) is None
        assert await before(second) == first
        assert await before(third) == first
        for state in (NoticeState.SENDING, NoticeState.UNSURE):
            await store.write(lambda tx, s=state: tx.save_notice(replace(first, state=s)))  # type: ignore[misc]
            assert await before(second) == replace(first, state=state)
        await store.write(lambda tx: tx.save_notice(replace(first, state=NoticeState.DELIVERED)))
        assert await before(third) == second
        await store.write(lambda tx: tx.save_notice(replace(second, state=NoticeState.GIVEN_UP)))
        assert await before(third) is None

    async def test_a_notice_of_no_request_waits_for_none(self, store: Store) -> None:
        """Its thread is its own."""
        await _added(store, a_reply(None))
        second = await _added(store, a_reply(None))

        assert await store.read(lambda v: v.notice_before(second.id)) is None
        assert await store.read(lambda v: v.notice_before(99)) is None

    # -- cards -----------------------------------------------------------------------------------------------

    async def test_the_first_card_is_the_root_and_a_second_time_is_harmless(self, store: Store) -> None:
        """The thread hangs under the first, whatever its name sorts like."""
        request = await stored_request(store)
        root, copy = MessageRef(channel="Z", ts="9"), MessageRef(channel="A", ts="1")

        def step(tx: Transaction) -> None:
            for ref in (root, copy, root):
                tx.add_card(request.id, ref)

        await store.write(step)

        assert await store.read(lambda v: v.cards(request.id)) == (root, copy)
        with pytest.raises(BugError):
            await store.write(lambda tx: tx.add_card(RequestId(99), root))
