"""When the cloud is asked about which job (goal G7): the bot's own schedule, LearnedPace as the worker's crew drives it, against
the best schedule that cannot see the ends, and against asking every five seconds.

The clock and the cloud are this module's: time jumps from turn to turn, the bot's code is not told which. It starts
knowing nothing but its prior, and learns on the way from the answers alone. Durations are log-normal; the budget is
five questions a second. Load is jobs a second, each of which takes a question at least, by questions a second.
"""

from __future__ import annotations

import heapq
import math
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from bench.floor import OneKind, least_delay, log_normal
from bot.domain.model import Action, ImageId, Job, JobRowId, LaneId, ProjectId
from bot.domain.states import JobState
from bot.worker.pace import LearnedPace

BUDGET = 5.0
"""Questions a second."""
START = datetime(2026, 1, 1, tzinfo=UTC)
FIXED = 5.0


@dataclass(frozen=True)
class Sort:
    """Jobs of one kind, as the simulated cloud makes them. `spread`: of the logarithm."""

    action: Action
    share: float
    median: float
    spread: float


COPIES = Sort(Action.UNSHARE, 1.0, 20.0, math.log(180 / 20) / 1.645)
"""95 % end within 180 s."""
QUICK = Sort(Action.SHARE, 0.5, 2.0, 0.5)
MIXED = (QUICK, replace(COPIES, share=0.5))


@dataclass(frozen=True, kw_only=True)
class Story:
    """`load`: jobs a second by questions a second. Jobs that come between `warm_up` and `until` (seconds) are counted."""

    sorts: tuple[Sort, ...]
    load: float
    warm_up: float = 300.0
    until: float = 1500.0
    times: int = 1
    """As many rounds: where the goal is close to the bound, the dice of three stories move the ratio past it and back."""


class Schedule(Protocol):
    def begin(self, job: Job, now: datetime) -> float:
        """Seconds until the job is first worth a question."""

    def pick(self, jobs: Sequence[Job], now: datetime) -> Job | None: ...
    def running(self, job: Job, now: datetime) -> float:
        """Seconds until it is worth the next; `job` as it was before this answer."""

    def ended(self, job: Job, now: datetime) -> None: ...


class Ours:
    """The pace as PollCrew and poll_job use it."""

    def __init__(self) -> None:
        self._pace = LearnedPace("eu-west-101")

    def begin(self, job: Job, now: datetime) -> float:
        return self._pace.first_poll(job).total_seconds()

    def pick(self, jobs: Sequence[Job], now: datetime) -> Job | None:
        return next(iter(self._pace.order(jobs, now)), None)

    def running(self, job: Job, now: datetime) -> float:
        return self._pace.next_poll(job, now).total_seconds()

    def ended(self, job: Job, now: datetime) -> None:
        self._pace.ended(job, now)


class Fixed:
    """Every five seconds, the one overdue longest first: as most tools do."""

    def begin(self, job: Job, now: datetime) -> float:
        return FIXED

    def pick(self, jobs: Sequence[Job], now: datetime) -> Job | None:
        return min(jobs, key=lambda job: (job.polled_at or START, job.id), default=None)

    def running(self, job: Job, now: datetime) -> float:
        return FIXED

    def ended(self, job: Job, now: datetime) -> None:
        pass


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Of the jobs that count. `delay`: mean seconds from end to being seen. `questions`: mean number asked about one.
    `in_flight`: mean of all."""

    delay: float
    questions: float
    in_flight: float


@dataclass
class Cloud:
    """Jobs that come at random and end when they end; what was asked and seen."""

    story: Story
    dice: random.Random
    ends: dict[JobRowId, float] = field(default_factory=dict)
    came: dict[JobRowId, float] = field(default_factory=dict)
    next_at: float = 0.0

    def arrivals(self, now: float) -> list[Job]:
        """Those that have come by now."""
        new = []
        while self.next_at <= now:
            sort = self.dice.choices(self.story.sorts, [each.share for each in self.story.sorts])[0]
            id = JobRowId(len(self.ends) + 1)
            self.came[id] = self.next_at
            self.ends[id] = self.next_at + self.dice.lognormvariate(math.log(sort.median), sort.spread)
            new.append(_job(id, sort.action, self.next_at))
            self.next_at += self.dice.expovariate(self.story.load * BUDGET)
        return new


def replay(story: Story, schedule: Schedule, seed: int) -> Figures:
    """The story under the schedule. A turn that no job is worth passes unused until one is."""
    cloud = Cloud(story, random.Random(seed))
    waiting: list[tuple[float, JobRowId, Job]] = []
    due: dict[JobRowId, Job] = {}
    unseen, asked, delays, flying = 0, 0, [], []
    now = 0.0
    while now < story.until or unseen:
        for job in cloud.arrivals(now):
            unseen += _counts(story, cloud, job)
            heapq.heappush(waiting, (cloud.came[job.id] + schedule.begin(job, _at(now)), job.id, job))
        while waiting and waiting[0][0] <= now:
            _, id, job = heapq.heappop(waiting)
            due[id] = job
        picked = schedule.pick(tuple(due.values()), _at(now)) if due else None
        if picked is None:
            now = max(now + 0.02, min(cloud.next_at, waiting[0][0] if waiting else math.inf))
            continue
        del due[picked.id]
        counts = _counts(story, cloud, picked)
        asked += counts
        flying.append(len(due) + len(waiting) + 1)
        if cloud.ends[picked.id] <= now:
            schedule.ended(picked, _at(now))
            if counts:
                unseen -= 1
                delays.append(now - cloud.ends[picked.id])
        else:
            wait = schedule.running(picked, _at(now))
            again = replace(picked, polled_at=_at(now))
            heapq.heappush(waiting, (now + wait, picked.id, again))
        now += 1 / BUDGET
    return Figures(
        delay=statistics.fmean(delays), questions=asked / len(delays), in_flight=statistics.fmean(flying)
    )


def _counts(story: Story, cloud: Cloud, job: Job) -> bool:
    return story.warm_up <= cloud.came[job.id] < story.until


def _job(id: JobRowId, action: Action, at: float) -> Job:
    return Job(
        id=id, lane=LaneId("1.1"), action=action, images=(ImageId("i"),), projects=(ProjectId("p"),),
        state=JobState.RUNNING, created_at=_at(at), submitted_at=_at(at), polled_at=_at(at),
    )  # fmt: skip


def _at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def mean(story: Story, schedule: Callable[[], Schedule], rounds: int) -> Figures:
    """Over so many stories with dice of their own."""
    all_figures = [replay(story, schedule(), seed) for seed in range(1, rounds + 1)]
    return Figures(
        **{
            name: statistics.fmean(getattr(each, name) for each in all_figures)
            for name in vars(all_figures[0])
        }
    )


def floor_of(story: Story, questions: float) -> float:
    """The least mean delay for as many questions a job as were asked."""
    return least_delay(
        [(each.share, OneKind(log_normal(each.median, each.spread))) for each in story.sorts], questions
    )


@dataclass(frozen=True, kw_only=True)
class Delays:
    """Seconds from a job's end to its being seen."""

    mean: float
    p99: float


def burst(jobs: int, seed: int) -> Delays:
    """So many jobs of both kinds sent at the same moment, and none after them. As the store does, no more than the thousand
    that are due longest are put in order for a question."""
    dice, schedule = random.Random(seed), Ours()
    waiting, ends = list[tuple[float, JobRowId, Job]](), dict[JobRowId, float]()
    for id in map(JobRowId, range(1, jobs + 1)):
        sort = dice.choice(MIXED)
        ends[id] = dice.lognormvariate(math.log(sort.median), sort.spread)
        job = _job(id, sort.action, 0.0)
        heapq.heappush(waiting, (schedule.begin(job, START), id, job))
    now, due, delays = 0.0, dict[JobRowId, Job](), list[float]()
    while waiting or due:
        while waiting and waiting[0][0] <= now and len(due) < 1000:
            _, id, job = heapq.heappop(waiting)
            due[id] = job
        picked = schedule.pick(tuple(due.values()), _at(now)) if due else None
        if picked is None:
            now = max(now + 0.02, waiting[0][0] if waiting else 0.0)
            continue
        del due[picked.id]
        if ends[picked.id] <= now:
            schedule.ended(picked, _at(now))
            delays.append(now - ends[picked.id])
        else:
            wait = schedule.running(picked, _at(now))
            heapq.heappush(waiting, (now + wait, picked.id, replace(picked, polled_at=_at(now))))
        now += 1 / BUDGET
    return Delays(mean=statistics.fmean(delays), p99=sorted(delays)[int(0.99 * (len(delays) - 1))])


ONE_KIND = Story(sorts=(COPIES,), load=0.2, times=4)
STORIES = (
    ("one kind of job, median 20 s, p95 180 s, load 0.2", ONE_KIND, 1.10, None),
    ("the same, load 0.5", replace(ONE_KIND, load=0.5, times=1), 1.10, None),
    ("two kinds (2 s; 20 s to minutes), load 0.8", Story(sorts=MIXED, load=0.8), 1.30, 0.65),
    ("the same with some 100 in flight, load 0.6", Story(sorts=MIXED, load=0.6), 1.30, 0.65),
    ("overload: 400 in flight, one kind, load 0.8", replace(ONE_KIND, load=0.8, times=1), None, None),
    ("overload: 400 in flight, two kinds, load 0.9", Story(sorts=MIXED, load=0.9), None, 0.5),
)
"""What is told, the story, and the goals against the floor and against a fixed interval; None: no goal."""


def run(rounds: int = 3, *, quick: bool = False) -> list[dict[str, Any]]:
    """Two rows a story: mean seconds from end to seen, ours against the bound and against a fixed interval."""
    rows = []
    for words, story, to_floor, to_fixed in STORIES:
        short = replace(story, warm_up=150.0, until=450.0) if quick else story
        played = rounds if quick else rounds * story.times
        ours, fixed = mean(short, Ours, played), mean(short, Fixed, played)
        best = floor_of(story, ours.questions)
        rows.append(
            _row(f"{words}: mean s to see an end, against the best blind schedule", best, ours, to_floor)
        )
        rows.append(_row(f"{words}: against asking every 5 s", fixed.delay, ours, to_fixed))
    return rows


def _row(what: str, floor: float, ours: Figures, most: float | None) -> dict[str, Any]:
    return {
        "goal": "G7",
        "what": what,
        "floor": round(floor, 3),
        "ours": round(ours.delay, 3),
        "ratio": round(ours.delay / floor, 3),
        "goal_text": "(no goal)" if most is None else f"<= {most:g}",
        "ok": most is None or ours.delay <= most * floor,
    }


if __name__ == "__main__":
    for row in run():
        print(row)
