"""The store's promises about jobs and the inbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import StaleRowError
from bot.domain.model import Action, DueKind, Job, JobRowId, RunningJob
from bot.domain.states import JobState
from bot.ports import Store, Transaction
from tests.contracts.store_builders import (
    BEN,
    NOON,
    a_job,
    after,
    an_inbox_item,
    stored_lane,
)


class JobsContract:
    # -- jobs ------------------------------------------------------------------------------------------------

    async def test_an_added_job_has_an_id_and_stands_in_its_lane(self, store: Store) -> None:
        """Oldest first, with the id it brought ignored."""
        lane = await stored_lane(store)
        first = await store.write(lambda tx: tx.add_job(a_job(lane.id, id=JobRowId(99))))
        second = await store.write(lambda tx: tx.add_job(a_job(lane.id, action=Action.UNSHARE)))

        assert await store.read(lambda v: v.jobs(lane.id)) == (first, second)
        assert await store.read(lambda v: v.job(first.id)) == a_job(lane.id, id=first.id)

    async def test_a_job_is_saved_only_in_the_version_that_was_read(self, store: Store) -> None:
        """Else a late answer would overwrite an early one."""
        lane = await stored_lane(store)
        job = await store.write(lambda tx: tx.add_job(a_job(lane.id)))
        changed = replace(
            job, state=JobState.RUNNING, cloud_job="j-1", submitted_at=after(1), polled_at=after(2), said_ok=False,
            verdict="FAIL", submits=1, reads=2, cloud_request_id="r-1",
        )  # fmt: skip

        saved = await store.write(lambda tx: tx.save_job(changed))

        assert saved == replace(changed, version=1)
        assert await store.read(lambda v: v.job(job.id)) == saved
        with pytest.raises(StaleRowError):
            await store.write(lambda tx: tx.save_job(changed))

    async def test_jobs_in_flight_are_neither_done_nor_stuck(self, store: Store) -> None:
        """What a restart has to look after, oldest first."""
        lane = await stored_lane(store)
        jobs = [
            await store.write(lambda tx, state=state: tx.add_job(a_job(lane.id, state=state)))  # type: ignore[misc]
            for state in reversed(JobState)
        ]

        in_flight = await store.read(lambda v: v.jobs_in_flight())

        assert list(in_flight) == [job for job in jobs if job.state not in (JobState.DONE, JobState.STUCK)]

    # -- inbox -----------------------------------------------------------------------------------------------

    async def test_a_second_delivery_of_a_click_is_the_same_item(self, store: Store) -> None:
        """Slack sends it again when the acknowledgement was lost."""
        item, new = await store.write(lambda tx: tx.add_to_inbox(an_inbox_item()))
        again, new_again = await store.write(lambda tx: tx.add_to_inbox(an_inbox_item(person=BEN)))
        other, _ = await store.write(lambda tx: tx.add_to_inbox(an_inbox_item("click-2")))

        assert (new, new_again) == (True, False)
        assert item == again == an_inbox_item(id=item.id)
        assert other.id != item.id
        assert await store.read(lambda v: v.inbox_item(item.id)) == item

    async def test_a_handled_item_has_no_response_url_any_more(self, store: Store) -> None:
        """It is a secret; it is kept no longer than it is used."""
        item, _ = await store.write(lambda tx: tx.add_to_inbox(an_inbox_item()))

        await store.write(lambda tx: tx.finish_inbox(item.id, after(1)))

        handled = replace(item, handled_at=after(1), response_url=None)
        assert await store.read(lambda v: v.inbox_item(item.id)) == handled
        with pytest.raises(StaleRowError):
            await store.write(lambda tx: tx.finish_inbox(type(item.id)(99), NOON + timedelta(1)))

    # -- jobs to ask about, and how long they take -----------------------------------------------------------

    async def test_jobs_to_ask_are_running_due_and_free(self, store: Store) -> None:
        """Out of these the worker chooses; one that somebody else is asking about is none of them until the lease ends."""
        lane = await stored_lane(store)

        def step(tx: Transaction) -> list[Job]:
            states = [JobState.RUNNING, JobState.RUNNING, JobState.RUNNING, JobState.VERIFYING]
            jobs = [
                tx.add_job(
                    a_job(lane.id, state=state, submitted_at=after(-n), polled_at=after(-1) if n else None)
                )
                for n, state in enumerate(states)
            ]
            for job, minutes in zip(jobs, (2, 1, 9, 0), strict=True):
                tx.plan_work(DueKind.POLL, str(job.id), after(minutes))
            tx.plan_work(DueKind.VERIFY, str(jobs[2].id), NOON)
            return jobs

        jobs = await store.write(step)
        assert await store.read(lambda v: v.jobs_to_ask(after(3))) == (running(jobs[0]), running(jobs[1]))
        assert await store.read(lambda v: v.jobs_to_ask(after(9), 2)) == (
            running(jobs[1]),
        )  # one of two is not running

        await store.write(lambda tx: _claimed(tx, ["2"], at=3, until=5))
        assert await store.read(lambda v: v.jobs_to_ask(after(4))) == (running(jobs[0]),)
        assert await store.read(lambda v: v.jobs_to_ask(after(5))) == (running(jobs[0]), running(jobs[1]))

    async def test_named_rows_are_claimed_in_the_order_they_are_named(self, store: Store) -> None:
        """The worker names the best first and takes the next where somebody was faster."""

        def step(tx: Transaction) -> None:
            for subject, minutes in (("1", 0), ("2", 1), ("3", 2), ("4", 9)):
                tx.plan_work(DueKind.POLL, subject, after(minutes))

        await store.write(step)
        assert await store.write(lambda tx: _claimed(tx, ["3", "nobody", "4"], at=3, until=5)) == ["3"]
        assert await store.write(lambda tx: _claimed(tx, ["3", "2", "2", "1"], at=3, until=5)) == ["2"]
        assert await store.write(lambda tx: _claimed(tx, [], at=3, until=5)) == []

    async def test_learned_durations_are_kept_by_kind_and_replaced(self, store: Store) -> None:
        """A restart must not send the bot back to guessing."""
        assert await store.read(lambda v: dict(v.durations())) == {}

        await store.write(lambda tx: tx.save_durations("r/share", {"ends": [1.0, 2.5]}))
        await store.write(lambda tx: tx.save_durations("r/unshare", {"ends": []}))
        await store.write(lambda tx: tx.save_durations("r/share", {"ends": [0.1]}))

        kept = {"r/share": {"ends": [0.1]}, "r/unshare": {"ends": []}}
        assert await store.read(lambda v: dict(v.durations())) == kept


def _claimed(tx: Transaction, subjects: list[str], *, at: float, until: float) -> list[str]:
    """Subjects of the claimed rows; one at most."""
    rows = tx.claim_due(
        after(at), kinds=[DueKind.POLL], until=after(until), claim="w", limit=1, subjects=subjects
    )
    return [row.subject for row in rows]


def running(job: Job) -> RunningJob:
    return RunningJob(id=job.id, action=job.action, submitted_at=job.submitted_at, polled_at=job.polled_at)
