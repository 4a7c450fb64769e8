"""The store's promises about due rows: planned, claimed, finished, postponed."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.errors import ClaimLostError
from bot.domain.model import Due, DueKind
from bot.ports import Store, Transaction
from tests.contracts.store_builders import NOON, after, claimed, planned


class AgendaContract:
    # -- planning --------------------------------------------------------------------------------------------

    async def test_a_planned_row_is_due_from_its_time_on(self, store: Store) -> None:
        """Not a microsecond before."""
        await planned(store, "1", at=after(1))

        assert await claimed(store, NOON) == ()
        assert await claimed(store, after(1)) == (
            Due(kind=DueKind.POLL, subject="1", at=after(1), claim="worker-1", attempts=1),
        )

    async def test_planning_a_waiting_row_again_keeps_the_earlier_time(self, store: Store) -> None:
        """There is one row per kind and subject, and work is never put off by planning it."""
        await planned(store, "1", at=after(5))
        await planned(store, "1", at=after(2))
        await planned(store, "1", at=after(9))
        await planned(store, "1", kind=DueKind.VERIFY, at=after(7))

        assert await store.read(lambda v: v.next_due()) == after(2)
        assert len(await claimed(store, after(10))) == 2

    async def test_planning_a_claimed_row_is_not_lost(self, store: Store) -> None:
        """Something changed while the worker was at it: it must look once more, at the earliest time asked for."""
        await planned(store, "1")
        (due,) = await claimed(store)
        for minute in (7, 3, 5):
            await planned(store, "1", at=after(minute))

        assert await claimed(store, after(0.5)) == ()
        await store.write(lambda tx: tx.finish(due))
        assert await store.read(lambda v: v.next_due()) == after(3)
        (again,) = await claimed(store, after(3))
        assert (again.at, again.attempts) == (after(3), 1)
        await store.write(lambda tx: tx.finish(again))
        assert await store.read(lambda v: v.next_due()) is None

    async def test_a_row_planned_while_claimed_and_then_postponed_takes_the_earlier_time(
        self, store: Store
    ) -> None:
        """A click must not wait for the poller's pause."""
        await planned(store, "1", "2")
        first, second = await claimed(store)
        await planned(store, "1", "2", at=after(2))

        def both(tx: Transaction) -> None:
            tx.postpone(first, after(8))
            tx.postpone(second, after(1))

        await store.write(both)

        assert [(d.subject, d.at) for d in await claimed(store, after(9))] == [
            ("2", after(1)),
            ("1", after(2)),
        ]

    async def test_a_row_planned_by_its_own_holder_is_due_after_the_finish(self, store: Store) -> None:
        """In one step: plan, then finish."""
        await planned(store, "1")
        (due,) = await claimed(store)

        def step(tx: Transaction) -> None:
            tx.plan_work(DueKind.POLL, "1", after(4))
            tx.finish(due)

        await store.write(step)

        assert await store.read(lambda v: v.next_due()) == after(4)

    # -- claiming --------------------------------------------------------------------------------------------

    async def test_rows_are_claimed_oldest_first_within_the_order_of_kinds(self, store: Store) -> None:
        """Clicks before polls, however old the polls; the same time in the order of planning."""
        await planned(store, "poll-old", at=after(-9))
        await planned(store, "10", "9", kind=DueKind.INBOX, at=after(-1))
        await planned(store, "inbox-old", kind=DueKind.INBOX, at=after(-2))
        await planned(store, "other", kind=DueKind.VERIFY)
        kinds = (DueKind.INBOX, DueKind.POLL, DueKind.INBOX)

        rows = await store.write(
            lambda tx: tx.claim_due(NOON, kinds=kinds, until=after(1), claim="w", limit=9)
        )

        assert [row.subject for row in rows] == ["inbox-old", "10", "9", "poll-old"]

    async def test_no_more_rows_are_claimed_than_asked_for(self, store: Store) -> None:
        """A worker takes what it can carry; the rest stays for others."""
        await planned(store, *"abc")
        await planned(store, *"de", kind=DueKind.VERIFY)

        assert len(await claimed(store, limit=4)) == 4
        assert await claimed(store, limit=0) == ()
        assert len(await claimed(store, by="worker-2", limit=4)) == 1

    async def test_two_workers_never_have_the_same_row(self, store: Store) -> None:
        """Else something would be shared twice."""
        await planned(store, *(str(n) for n in range(60)))

        taken = await asyncio.gather(*[claimed(store, by=f"worker-{n}", limit=7) for n in range(12)])

        subjects = [due.subject for rows in taken for due in rows]
        assert sorted(subjects) == sorted(str(n) for n in range(60))
        assert all(due.claim == f"worker-{n}" for n, rows in enumerate(taken) for due in rows)

    async def test_a_claim_that_ran_out_is_free_for_another(self, store: Store) -> None:
        """The worker died, or it takes too long; the count of attempts tells."""
        await planned(store, "1")
        await claimed(store, lease=1)

        assert await claimed(store, after(0.99), by="worker-2") == ()
        (again,) = await claimed(store, after(1), by="worker-2")
        assert (again.claim, again.attempts, again.at) == ("worker-2", 2, NOON)

    async def test_rows_run_out_come_in_the_order_of_their_due_times(self, store: Store) -> None:
        """After a crash the oldest is still the first."""
        await planned(store, "young", at=after(-1))
        await planned(store, "old", at=after(-5))
        await claimed(store, lease=1)
        await planned(store, "middle", at=after(-3))

        rows = await claimed(store, after(2), by="worker-2", limit=2)

        assert [row.subject for row in rows] == ["old", "middle"]

    # -- finishing and postponing ----------------------------------------------------------------------------

    async def test_a_finished_row_is_gone(self, store: Store) -> None:
        """Done is done."""
        await planned(store, "1")
        (due,) = await claimed(store)

        await store.write(lambda tx: tx.finish(due))

        assert await claimed(store, after(99)) == ()
        with pytest.raises(ClaimLostError):
            await store.write(lambda tx: tx.finish(due))

    async def test_the_holder_may_finish_late_when_nobody_took_over(self, store: Store) -> None:
        """A claim that merely ran out is still its own."""
        await planned(store, "1", "2")
        first, second = await claimed(store, lease=0)

        await store.write(lambda tx: tx.finish(first))
        await store.write(lambda tx: tx.postpone(second, after(5)))

        assert await store.read(lambda v: v.next_due()) == after(5)

    @pytest.mark.parametrize("name", ["worker-2", "worker-1"])
    async def test_a_lost_claim_undoes_the_whole_step(self, store: Store, name: str) -> None:
        """Even when the new claim has the same name: another task of the same worker may have it."""
        await planned(store, "1")
        (lost,) = await claimed(store, by="worker-1", lease=1)
        (held,) = await claimed(store, after(2), by=name, lease=1)

        def late(tx: Transaction) -> None:
            tx.record("too_late", at=NOON)
            tx.finish(lost)

        with pytest.raises(ClaimLostError):
            await store.write(late)
        with pytest.raises(ClaimLostError):
            await store.write(lambda tx: tx.postpone(lost, after(9)))

        assert await store.read(lambda v: v.events()) == ()
        await store.write(lambda tx: tx.finish(held))

    async def test_a_postponed_row_is_due_later_and_remembers_its_attempts(self, store: Store) -> None:
        """Retrying exists once: a due row with a later time."""
        await planned(store, "1")
        (due,) = await claimed(store)

        await store.write(lambda tx: tx.postpone(due, after(3)))

        assert await claimed(store, after(2.9), by="worker-2") == ()
        (again,) = await claimed(store, after(3), by="worker-2")
        assert (again.at, again.attempts) == (after(3), 2)

    async def test_attempts_can_be_forgotten(self, store: Store) -> None:
        """Waiting for one's turn is no failure."""
        await planned(store, "1")
        (due,) = await claimed(store)

        await store.write(lambda tx: tx.postpone(due, after(1), attempts=0))

        (again,) = await claimed(store, after(1))
        assert again.attempts == 1

    # -- looking ---------------------------------------------------------------------------------------------

    async def test_due_rows_are_counted_by_kind_claimed_or_not(self, store: Store) -> None:
        """A backlog shows in /metrics, with a zero where there is none."""
        await planned(store, "1", "2", "3")
        await planned(store, "4", at=after(5))
        await planned(store, "5", kind=DueKind.INBOX)
        await claimed(store, limit=3)

        counts = await store.read(lambda v: v.due_counts(after(1)))

        assert counts == dict.fromkeys(DueKind, 0) | {DueKind.POLL: 3, DueKind.INBOX: 1}

    async def test_the_next_due_time_is_a_free_rows_or_the_end_of_a_claim(self, store: Store) -> None:
        """The worker sleeps exactly so long."""
        assert await store.read(lambda v: v.next_due()) is None
        await planned(store, "1")
        await claimed(store, lease=3)
        assert await store.read(lambda v: v.next_due()) == after(3)
        await planned(store, "2", at=after(2), kind=DueKind.VERIFY)
        assert await store.read(lambda v: v.next_due()) == after(2)

    async def test_the_next_due_time_of_some_kinds_is_theirs(self, store: Store) -> None:
        """A worker that is full for one kind does not wake up for it."""
        await planned(store, "1")
        await claimed(store, lease=1)
        await planned(store, "2", at=after(2), kind=DueKind.VERIFY)

        assert await store.read(lambda v: v.next_due([DueKind.POLL])) == after(1)
        assert await store.read(lambda v: v.next_due([DueKind.VERIFY, DueKind.INBOX])) == after(2)
        assert await store.read(lambda v: v.next_due([DueKind.INBOX])) is None
        assert await store.read(lambda v: v.next_due([])) is None
