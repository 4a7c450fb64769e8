"""The store's promises about the audit log."""

from __future__ import annotations

import pytest

from bot.domain import audit
from bot.domain.errors import BugError
from bot.domain.model import AuditEvent, LaneId, RequestId
from bot.ports import Store, Transaction
from tests.contracts.store_builders import ANNA, NOON, after, then_fail


class AuditContract:
    # -- audit log -------------------------------------------------------------------------------------------

    async def test_events_are_chained_from_the_beginning(self, store: Store) -> None:
        """So that a changed or missing row shows."""
        await store.write(lambda tx: tx.record("started", at=NOON))

        def two(tx: Transaction) -> None:
            tx.record(
                "request_received", at=after(1), actor=ANNA, request=RequestId(7), lane=LaneId("7.1"),
                data={"n": 1, "text": "ä\u2028\U0001f600", "list": [1, None, True, 0.5], "deep": {"a": {}}},
            )  # fmt: skip
            tx.record("planned", at=after(2))

        await store.write(two)

        events = await store.read(lambda v: v.events())
        assert [event.id for event in events] == [1, 2, 3]
        previous = audit.GENESIS
        for event in events:
            remade = audit.chain(
                previous, id=event.id, at=event.at, kind=event.kind, actor=event.actor, request=event.request,
                lane=event.lane, data=event.data,
            )  # fmt: skip
            assert event == remade
            previous = event.hash

    async def test_the_recorded_event_is_the_one_that_is_kept(self, store: Store) -> None:
        """Its caller may export it at once."""
        recorded = await store.write(lambda tx: tx.record("started", at=NOON, data={"pairs": ["a", "b"]}))

        assert await store.read(lambda v: v.last_event()) == recorded
        assert await store.read(lambda v: v.events()) == (recorded,)

    async def test_an_event_of_a_failed_step_leaves_no_gap_in_the_chain(self, store: Store) -> None:
        """The chain goes on from what was kept, not from what was undone."""
        first = await store.write(lambda tx: tx.record("first", at=NOON))
        with pytest.raises(LookupError):
            await store.write(then_fail(lambda tx: tx.record("undone", at=NOON)))

        second = await store.write(lambda tx: tx.record("second", at=NOON))

        assert (second.id, second.previous) == (2, first.hash)
        assert await store.read(lambda v: v.last_event()) == second

    async def test_events_can_be_read_in_pages_and_by_request(self, store: Store) -> None:
        """An export of a million rows must not need them all at once."""

        def step(tx: Transaction) -> None:
            for n in range(1, 11):
                tx.record("event", at=NOON, request=RequestId(n % 2))

        await store.write(step)

        assert [e.id for e in await store.read(lambda v: v.events(after=3, limit=2))] == [4, 5]
        odd = await store.read(lambda v: v.events(after=2, limit=3, request=RequestId(1)))
        assert [event.id for event in odd] == [3, 5, 7]
        assert await store.read(lambda v: v.events(after=10)) == ()

    # -- retention of the audit log --------------------------------------------------------------------------

    async def test_the_newest_event_of_the_logs_own_upkeep_is_found(self, store: Store) -> None:
        """It says when a head was noted last, and where the log begins."""
        first = await store.write(lambda tx: tx.record(audit.HEAD_ANCHORED, at=NOON))
        second = await store.write(lambda tx: tx.record(audit.HEAD_ANCHORED, at=after(1)))
        await store.write(lambda tx: tx.record("event", at=after(2)))

        assert first != second
        assert await store.read(lambda v: v.last_event(audit.HEAD_ANCHORED)) == second
        assert await store.read(lambda v: v.last_event(audit.RETAINED)) is None
        with pytest.raises(BugError):
            await store.read(lambda v: v.last_event("event"))

    async def test_sealed_events_are_removed_and_the_chain_goes_on(self, store: Store) -> None:
        """What is kept is unbroken from the seal on."""
        kept = (await _recorded(store, 5))[3]
        seal = {"first_kept": kept.id, "previous": kept.previous}

        def retain(tx: Transaction) -> int:
            tx.record(audit.RETAINED, at=NOON, data=seal)
            return tx.forget_events(kept.id)

        assert await store.write(retain) == 3
        await store.write(lambda tx: tx.record("event", at=after(1)))
        events = await store.read(lambda v: v.events())
        assert [event.id for event in events] == [4, 5, 6, 7]
        start = audit.Start(after=3, previous=kept.previous)
        assert audit.verify(events, start=start) is None

    @pytest.mark.parametrize("before", [2, 4, 99])
    async def test_nothing_but_the_sealed_events_can_be_removed(self, store: Store, before: int) -> None:
        """One event more, or one fewer, and the seal would be a lie."""
        kept = (await _recorded(store, 5))[2]
        await store.write(
            lambda tx: tx.record(
                audit.RETAINED, at=NOON, data={"first_kept": kept.id, "previous": kept.previous}
            )
        )

        with pytest.raises(BugError):
            await store.write(lambda tx: tx.forget_events(before))
        assert len(await store.read(lambda v: v.events())) == 6

    @pytest.mark.parametrize(
        "seal",
        [
            {},
            {"first_kept": 2},
            {"first_kept": 2, "previous": "0" * 64},
            {"first_kept": 9, "previous": "0" * 64},
        ],
    )
    async def test_a_seal_that_does_not_fit_the_log_is_refused(
        self, store: Store, seal: dict[str, object]
    ) -> None:
        """It would make what is left look forged."""
        await _recorded(store, 3)

        with pytest.raises(BugError):
            await store.write(lambda tx: tx.record(audit.RETAINED, at=NOON, data=seal))
        with pytest.raises(BugError):
            await store.write(lambda tx: tx.forget_events(2))


async def _recorded(store: Store, count: int) -> tuple[AuditEvent, ...]:
    return await store.write(lambda tx: tuple(tx.record("event", at=NOON) for _ in range(count)))
