"""The crew that asks about jobs takes the one most worth a question, when a question has its turn."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.model import Action, DueKind, ImageId, Job, ProjectId
from bot.domain.polling import Asked, Durations
from bot.domain.states import JobState, LaneState
from bot.ports import Transaction
from bot.worker.pace import LearnedPace
from bot.worker.polls import HOLDS, PollCrew
from bot.worker.worker import POLLS
from tests.contracts.store_builders import a_job, a_lane, a_request
from tests.stories.world import World


class CountedPace(LearnedPace):
    orders = 0

    def order(self, jobs: Sequence[Asked], now: datetime) -> tuple[Asked, ...]:
        self.orders += 1
        return super().order(jobs, now)


class Polls:
    """Running jobs in a store, each due, and the crew before them."""

    def __init__(self) -> None:
        self.world = World()
        self.turn_in = 0.0
        self.pace = CountedPace("here", turn_in=lambda: self.turn_in)
        self.world.outside = replace(self.world.outside, pace=self.pace)
        ids = itertools.count()
        self.crew = PollCrew(
            self.world.outside, POLLS, size=8, new_claim=lambda: f"c{next(ids)}", report=self.world.reports.append
        )  # fmt: skip

    async def runs(self, *ages: float) -> list[Job]:
        """Jobs that the cloud knows, sent so many seconds ago and never asked about; in order."""
        now = self.world.clock.now()
        jobs = []
        for n, age in enumerate(ages):
            image = self.world.cloud.put_image(f"image-{n}")
            ticket = await self.world.cloud.submit(Action.SHARE, [image], [ProjectId("p" * 32)])
            sent = now - timedelta(seconds=age)
            jobs.append(await self._store(image, ticket.job_id, sent))
        return jobs

    async def _store(self, image: ImageId, cloud_job: str, sent: datetime) -> Job:
        def step(tx: Transaction) -> Job:
            request = tx.add_request(a_request(cloud_job))
            lane = a_lane(request.id, state=LaneState.RUNNING)
            tx.add_lane(lane, [])
            job = tx.add_job(
                a_job(
                    lane.id, images=(image,), state=JobState.RUNNING, cloud_job=cloud_job, submitted_at=sent,
                    polled_at=sent,
                )
            )  # fmt: skip
            tx.plan_work(DueKind.POLL, str(job.id), self.world.clock.now())
            return job

        return await self.world.store.write(step)

    def asked(self) -> list[str]:
        return [arguments[0] for name, arguments in self.world.cloud.calls if name == "job"]


async def test_the_job_most_worth_a_question_is_asked_about_first_and_one_at_a_time() -> None:
    """Its end is most likely overdue; the others are rated anew before the next question."""
    polls = Polls()
    jobs = await polls.runs(1.0, 8.0, 3.0)

    taken = [await polls.crew.turn() for _ in range(3)]

    assert taken == [1, 1, 1]
    assert polls.asked() == [jobs[n].cloud_job for n in (1, 2, 0)]


async def test_of_very_many_the_order_holds_for_a_while() -> None:
    """To put a thousand in order for each question would leave no time for people."""
    polls = Polls()
    await polls.runs(*[1.0 + n for n in range(100)])

    for _ in range(5):
        assert await polls.crew.turn() == 1
    held = polls.pace.orders
    polls.world.clock.time += 101 * HOLDS
    await polls.crew.turn()

    assert (held, polls.pace.orders) == (1, 2)
    assert len(set(polls.asked())) == 6


async def test_a_clock_that_is_put_back_does_not_keep_an_order_alive() -> None:
    """It would hold for as long as the clock was put back."""
    polls = Polls()
    jobs = await polls.runs(*[2.0] * 50)
    await polls.crew.turn()
    polls.world.clock.time -= timedelta(seconds=1)
    [late] = await polls.runs(100.0)

    await polls.crew.turn()

    assert polls.asked()[-1] == late.cloud_job
    assert len(jobs) == 50


async def test_nothing_is_chosen_while_a_question_waits_for_its_turn() -> None:
    """Chosen early it would be stale, and a row claimed in vain."""
    polls = Polls()
    await polls.runs(5.0)
    polls.turn_in = 0.3

    assert await polls.crew.turn() == 0
    polls.turn_in = 0.0
    assert await polls.crew.turn() == 1


async def test_a_job_that_another_process_asks_about_is_passed_over() -> None:
    """Its row is claimed; the next best is taken instead."""
    polls = Polls()
    jobs = await polls.runs(8.0, 3.0)
    now = polls.world.clock.now()
    await polls.world.store.write(
        lambda tx: tx.claim_due(
            now,
            kinds=[DueKind.POLL],
            until=now + timedelta(minutes=1),
            claim="other",
            limit=1,
            subjects=["1"],
        )
    )

    assert await polls.crew.turn() == 1
    assert polls.asked() == [jobs[1].cloud_job]


async def test_a_row_without_a_running_job_is_cleared_away() -> None:
    """It would keep the crew awake for ever."""
    polls = Polls()
    now = polls.world.clock.now()
    await polls.world.store.write(lambda tx: tx.plan_work(DueKind.POLL, "99", now))

    assert await polls.crew.turn() == 1
    assert await polls.world.store.read(lambda view: view.next_due()) is None


async def test_the_transaction_that_sees_the_end_keeps_what_was_learned() -> None:
    """A crash right after it loses nothing."""
    polls = Polls()
    polls.world.cloud.polls_to_end = 1
    await polls.runs(4.0)

    await polls.crew.turn()

    kept = await polls.world.store.read(lambda view: view.durations())
    assert Durations.from_plain(kept) == polls.pace.durations
    assert list(kept) == ["here/share"]
