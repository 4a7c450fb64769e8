"""The flood itself: requests that run in the cloud, with their cards in one channel, and the minute in which all of them end."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.lifecycle import job_step
from bot.domain.model import (
    NO_REQUIREMENT,
    Action,
    ImageFacts,
    ImageId,
    Job,
    JobRowId,
    Lane,
    LaneId,
    Member,
    MessageRef,
    Outcome,
    Person,
    ProjectFacts,
    ProjectId,
    Request,
    RequestId,
    Verdict,
)  # fmt: skip
from bot.domain.notices import NoticeKind
from bot.domain.states import JobEvent, JobState, LaneState, MemberOutcome, RequestState
from bot.ports import Store, Transaction, View
from bot.usecases.advance_job import save_job_step

PAIRS = 2
FAILURES = 0.03
_NOTICES = 5
"""A result makes at most so many: its own, a drawing of its card, part of a digest."""


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How many requests end, with so many lanes each, within so many seconds."""

    requests: int
    lanes: int
    seconds: float = 60.0


class Flood:
    """Every lane of every request ends once, in no order."""

    def __init__(self, store: Store, sizes: Sizes, channel: str, chance: random.Random) -> None:
        self._store, self._sizes, self._channel, self._chance = store, sizes, channel, chance
        self._ends: list[tuple[datetime, JobRowId]] = []
        self.cards: dict[RequestId, str] = {}
        """The ts of each request's card."""
        self.last_at = 0.0
        """When the last result was there."""

    @property
    def next_at(self) -> datetime | None:
        return self._ends[0][0] if self._ends else None

    async def prepare(self, now: datetime) -> None:
        """All of them run, and their cards stand."""
        jobs = await self._store.write(
            lambda tx: [job for n in range(self._sizes.requests) for job in self._asked(tx, n, now)]
        )
        self._chance.shuffle(jobs)
        step = timedelta(seconds=self._sizes.seconds / len(jobs))
        self._ends = [(now + step * index, job) for index, job in enumerate(jobs)]

    async def happens(self, now: datetime) -> None:
        """Everything that ends until now, each in a transaction of its own."""
        while self._ends and self._ends[0][0] <= now:
            at, job = self._ends.pop(0)
            failed = self._chance.random() < FAILURES
            await self._store.write(lambda tx, at=at, job=job, failed=failed: _ends(tx, job, at, failed))  # type: ignore[misc]
            self.last_at = at.timestamp()

    def delivered(self, view: View) -> list[float]:
        """For each result, how many seconds after it the channel said it."""
        found = []
        for number in range(1, self._sizes.requests * self._sizes.lanes * _NOTICES + _NOTICES):
            notice = view.notice(number)
            if notice is not None and notice.kind is NoticeKind.THREAD:
                if notice.delivered_at is None:
                    raise RuntimeError(f"result {number} was never said: {notice.state}")
                found.append((notice.delivered_at - notice.created_at).total_seconds())
        return found

    def _asked(self, tx: Transaction, number: int, now: datetime) -> Iterable[JobRowId]:
        request = tx.add_request(_request(number, self._channel, now))
        self.cards[request.id] = f"1700000000.{request.id:06d}"
        tx.add_card(request.id, MessageRef(channel=self._channel, ts=self.cards[request.id]))
        for lane_number in range(1, self._sizes.lanes + 1):
            lane = _lane(request, lane_number, now)
            members = tuple(_members(lane))
            tx.add_lane(lane, members)
            job = tx.add_job(_job(lane, members, now))
            tx.save_members([replace(member, job=job.id) for member in members])
            yield job.id


def _ends(tx: Transaction, id: JobRowId, at: datetime, failed: bool) -> None:
    job = tx.job(id)
    assert job is not None
    outcome = MemberOutcome.FAILED if failed else MemberOutcome.DONE
    why = "IMG.0045: the project has reached its quota of shared images" if failed else ""
    tx.save_members([replace(member, outcome=outcome, detail=why) for member in tx.members(job.lane)])
    save_job_step(tx, job_step(job, JobEvent.MEMBERS_READ), "members_read", at)


def _request(number: int, channel: str, now: datetime) -> Request:
    return Request(
        id=RequestId(0), action=Action.SHARE, requester=Person("T0ACME", f"U0PERSON{number % 40:02d}"), channel=channel,
        text="share", image_refs=("base",), project_refs=("shop",), reason="CHG-4711", duration=None,
        state=RequestState.PLANNED, created_at=now, dedupe_key=f"flood-{number}",
    )  # fmt: skip


def _lane(request: Request, number: int, now: datetime) -> Lane:
    verdict = Verdict(outcome=Outcome.ALLOW, requirement=NO_REQUIREMENT, rules=("dev-self-service",))
    return Lane(
        id=LaneId(f"{request.id}.{number}"), request=request.id, number=number, state=LaneState.VERIFYING,
        verdict=verdict, plan_hash="0" * 16, created_at=now,
    )  # fmt: skip


def _members(lane: Lane) -> Iterable[Member]:
    for number in range(1, PAIRS + 1):
        image = ImageFacts(id=ImageId(f"image-{lane.number}"), name=f"base-ubuntu-{lane.number:02d}")
        project = ProjectFacts(id=ProjectId(f"project-{number}"), name=f"shop-{number:02d}")
        yield Member(lane=lane.id, image=image, project=project)


def _job(lane: Lane, members: tuple[Member, ...], now: datetime) -> Job:
    return Job(
        id=JobRowId(0), lane=lane.id, action=Action.SHARE, images=tuple({m.image.id: None for m in members}),
        projects=tuple(m.project.id for m in members), state=JobState.VERIFYING, created_at=now,
        cloud_job="ff8080814dbd65d7014dbe0d84db0013", submitted_at=now,
    )  # fmt: skip
