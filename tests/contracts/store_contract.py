"""What bot.ports.Store promises, one test per sentence. A subclass gives the fixture `store`. The promises about single
rows stand in the sibling modules and are put together here."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from bot.domain.errors import BugError, StaleRowError, StoreBrokenError
from bot.domain.model import LaneId, Request, RequestId
from bot.ports import Store, Transaction, View
from tests.contracts.store_agenda_contract import AgendaContract
from tests.contracts.store_audit_contract import AuditContract
from tests.contracts.store_builders import (
    ALL_KINDS,
    ANNA,
    NOON,
    a_card,
    a_lane,
    a_member,
    a_request,
    after,
    planned,
    stored_request,
    then_fail,
)
from tests.contracts.store_digests_contract import DigestsContract
from tests.contracts.store_jobs_contract import JobsContract
from tests.contracts.store_notices_contract import NoticesContract
from tests.contracts.store_rows_contract import RowsContract

NOWHERE = LaneId("9.9")


class StoreContract(
    RowsContract, JobsContract, NoticesContract, DigestsContract, AuditContract, AgendaContract
):
    # -- steps -----------------------------------------------------------------------------------------------

    async def test_a_write_gives_back_what_its_step_returned(self, store: Store) -> None:
        """The use cases take ids and saved rows from it."""
        assert await store.write(lambda tx: ("anything", 7)) == ("anything", 7)

    async def test_the_error_of_a_step_comes_out_unchanged(self, store: Store) -> None:
        """The caller decides by its class."""
        raised = LookupError("mine")

        def step(tx: Transaction) -> None:
            raise raised

        with pytest.raises(LookupError) as caught:
            await store.write(step)

        assert caught.value is raised

    async def test_a_failing_step_undoes_all_it_did(self, store: Store) -> None:
        """State, decision, audit event and notices are saved together or not at all."""

        def everything(tx: Transaction) -> None:
            request = tx.add_request(a_request())
            lane = a_lane(request.id)
            tx.add_lane(lane, [a_member(lane.id)])
            tx.add_notice(a_card(request.id), NOON)
            tx.record("request_received", at=NOON, request=request.id)

        with pytest.raises(LookupError):
            await store.write(then_fail(everything))

        seen = await store.read(lambda v: (v.requests("all"), v.events(), v.next_due(), v.notice(1)))
        assert seen == ((), (), None, None)

    async def test_a_failing_step_undoes_its_changes_to_rows_that_were_there(self, store: Store) -> None:
        """Undoing is more than taking back what was added."""
        request = await stored_request(store)
        await planned(store, "1")

        def change(tx: Transaction) -> None:
            tx.save_request(replace(request, reason="changed"))
            due = tx.claim_due(NOON, kinds=ALL_KINDS, until=after(1), claim="w", limit=1)
            tx.finish(due[0])

        with pytest.raises(LookupError):
            await store.write(then_fail(change))

        assert await store.read(lambda v: (v.request(request.id), v.next_due())) == (request, NOON)

    async def test_a_failing_step_does_not_touch_the_steps_beside_it(self, store: Store) -> None:
        """They share one commit, but no fate; and the audit chain has no gap where the failed ones were."""

        def good(n: int) -> asyncio.Future[Request] | object:
            def step(tx: Transaction) -> Request:
                request = tx.add_request(a_request(f"key-{n}"))
                tx.record("request_received", at=NOON, request=request.id)
                return request

            return store.write(then_fail(step) if n % 3 == 0 else step)

        answers = await asyncio.gather(*[good(n) for n in range(300)], return_exceptions=True)  # type: ignore[call-overload]

        failed = [n for n, answer in enumerate(answers) if isinstance(answer, LookupError)]
        assert failed == list(range(0, 300, 3))
        kept = {r.dedupe_key for r in await store.read(lambda v: v.requests("all", limit=1000))}
        assert kept == {f"key-{n}" for n in range(300) if n % 3}
        events = await store.read(lambda v: v.events())
        assert [event.id for event in events] == list(range(1, 201))
        assert all(later.previous == earlier.hash for earlier, later in pairwise(events))

    async def test_a_step_runs_once(self, store: Store) -> None:
        """It may count or take from a list."""
        runs: list[int] = []

        await store.write(lambda tx: runs.append(1))

        assert runs == [1]

    async def test_a_step_sees_its_own_changes(self, store: Store) -> None:
        """A transaction is a view, too."""

        def step(tx: Transaction) -> Request | None:
            return tx.request(tx.add_request(a_request()).id)

        assert (await store.write(step)) is not None

    async def test_a_step_may_only_read(self, store: Store) -> None:
        """A worker that finds nothing due has written nothing."""
        assert await store.write(lambda tx: tx.requests("all")) == ()

    # -- reads -----------------------------------------------------------------------------------------------

    async def test_a_read_after_a_finished_write_sees_it(self, store: Store) -> None:
        """Else a command answered at once would know less than its own acknowledgement."""
        for n in range(20):
            request = await stored_request(store, f"key-{n}")
            assert await store.read(lambda v, id=request.id: v.request(id)) == request  # type: ignore[misc]

    async def test_a_read_sees_one_moment(self, store: Store) -> None:
        """A request and its lanes must fit together even while somebody writes."""

        def step(tx: Transaction) -> None:
            tx.add_request(a_request(f"key-{len(tx.requests('all', limit=999))}"))
            tx.record("request_received", at=NOON)

        def counts(view: View) -> tuple[int, int]:
            requests = len(view.requests("all", limit=999))
            return requests, len(view.events())

        reads = [asyncio.create_task(store.read(counts)) for _ in range(20)]
        await asyncio.gather(*[store.write(step) for _ in range(40)])
        reads += [asyncio.create_task(store.read(counts)) for _ in range(5)]

        assert all(requests == events for requests, events in await asyncio.gather(*reads))

    async def test_the_error_of_a_query_comes_out_unchanged(self, store: Store) -> None:
        """As for a step; and the next read works."""

        def query(view: View) -> None:
            raise LookupError("mine")

        with pytest.raises(LookupError, match="mine"):
            await store.read(query)

        assert await store.read(lambda v: v.requests("all")) == ()

    async def test_what_is_missing_is_none(self, store: Store) -> None:
        """Ids are typed by people: an unknown one is no error, not even one that no database could hold."""
        for id in (1, 0, -1, 10**30):
            found = await store.read(
                lambda v, id=id: (v.request(id), v.job(id), v.notice(id), v.inbox_item(id), v.taken_back(id))  # type: ignore[misc]
            )
            assert found == (None, None, None, None, None)
        assert (
            await store.read(lambda v: (v.request_by_key("no"), v.lane(NOWHERE), v.last_event()))
            == (None,) * 3
        )
        assert await store.read(lambda v: v.lane(LaneId("\ud800"))) is None

    async def test_what_is_missing_has_no_rows(self, store: Store) -> None:
        """The same for everything that may be many."""
        assert (
            await store.read(
                lambda v: (
                    v.lanes(RequestId(9)),
                    v.members(NOWHERE),
                    v.decisions(NOWHERE),
                    v.jobs(NOWHERE),
                    v.cards(RequestId(9)),
                    v.lanes(RequestId(10**30)),
                )
            )
            == ((),) * 6
        )

    # -- versions --------------------------------------------------------------------------------------------

    async def test_a_stale_row_undoes_the_whole_step(self, store: Store) -> None:
        """Two workers saw the same row: the second must begin again with the new one."""
        request = await stored_request(store)
        await store.write(lambda tx: tx.save_request(replace(request, reason="first")))

        def second(tx: Transaction) -> None:
            tx.record("request_changed", at=NOON)
            tx.save_request(replace(request, reason="second"))

        with pytest.raises(StaleRowError):
            await store.write(second)

        stored = await store.read(lambda v: v.request(request.id))
        assert stored is not None
        assert stored.reason == "first"
        assert await store.read(lambda v: v.events()) == ()

    async def test_only_one_of_many_that_save_the_same_version_wins(self, store: Store) -> None:
        """However they are batched."""
        request = await stored_request(store)
        saves = [
            store.write(lambda tx, n=n: tx.save_request(replace(request, reason=str(n))))  # type: ignore[misc]
            for n in range(20)
        ]

        answers = await asyncio.gather(*saves, return_exceptions=True)

        assert sum(isinstance(answer, Request) for answer in answers) == 1
        assert sum(isinstance(answer, StaleRowError) for answer in answers) == 19

    # -- closing ---------------------------------------------------------------------------------------------

    async def test_what_was_begun_before_the_closing_is_finished(self, store: Store) -> None:
        """A stop loses nothing that was taken on."""
        writes = [asyncio.create_task(stored_request(store, f"key-{n}")) for n in range(10)]
        await asyncio.sleep(0)

        await store.close()

        assert len({(await write).id for write in writes}) == 10

    async def test_closing_twice_is_harmless(self, store: Store) -> None:
        """The wiring and a signal may both do it."""
        await store.close()
        await store.close()

    async def test_a_closed_store_says_so(self, store: Store) -> None:
        """Instead of waiting for ever."""
        await store.close()

        with pytest.raises(StoreBrokenError):
            await store.write(lambda tx: tx.requests("all"))
        with pytest.raises(StoreBrokenError):
            await store.read(lambda v: v.requests("all"))

    async def test_mine_needs_a_person(self, store: Store) -> None:
        """Whose else?"""
        with pytest.raises(BugError):
            await store.read(lambda v: v.requests("mine"))
        assert await store.read(lambda v: v.requests("mine", ANNA)) == ()
