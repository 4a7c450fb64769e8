"""A cloud that works while nobody looks: jobs take effect pair by pair as time passes, and what they say of themselves need not
be true. Keeps what really happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from bot.domain.errors import (
    AnswerLostError,
    CloudAuthError,
    CloudBusyError,
    CloudDownError,
    CloudRefusedError,
)
from bot.domain.model import Action, CloudMember, ImageFacts, ImageId, ProjectId
from bot.ports import JobPhase, JobReading, Ticket
from tests.fakes.memory_cloud import MemoryCloud, found_among, names_among
from tests.invariants.evidence import Call, Change, Collected, Listing, Pictured
from tests.simulation.chance import Chance, Fault

Pair = tuple[ImageId, ProjectId]
LAG = 6.0
"""Seconds by which a member list lags behind at most."""


@dataclass(kw_only=True)
class ImsJob:
    id: str
    call: Call
    ends: float
    """When it ends; infinite: never."""
    effects: list[tuple[float, Pair]]
    """What it does, and when."""
    says_ok: bool = True
    forgotten: float = float("inf")
    """When the cloud no longer knows it."""


class SimulatedIms:
    """`now`: seconds that pass. The images are those of a cloud in memory, which also makes them."""

    def __init__(self, now: Callable[[], float], chance: Chance, seed: int, seen: Collected) -> None:
        self._now, self._chance, self._seen = now, chance, seen
        self._dice = Random(f"{seed}/ims")
        self._made = MemoryCloud()
        self.members_now: dict[ImageId, dict[ProjectId, str]] = {}
        self.jobs: dict[str, ImsJob] = {}
        self.busy_until = 0.0

    @property
    def images(self) -> dict[ImageId, ImageFacts]:
        return self._made.images

    # -- what people do in the console ------------------------------------------------------------------------

    def put_image(self, name: str, **facts: Any) -> ImageId:
        id = self._made.put_image(name, **facts)
        self._seen.images.append(Pictured(at=self._now(), image=id, facts=self.images[id]))
        return id

    def remove_image(self, id: ImageId) -> None:
        self.pass_time()
        if id in self.images:
            self._made.remove_image(id)
            self._seen.images.append(Pictured(at=self._now(), image=id, facts=None))
        for project in list(self.members_now.get(id, {})):
            self.set_member((id, project), None)

    def set_member(self, pair: Pair, status: str | None, *, by: str = "", at: float | None = None) -> None:
        listed = self.members_now.setdefault(pair[0], {})
        if listed.get(pair[1]) == status:
            return
        if status is None:
            del listed[pair[1]]
        else:
            listed[pair[1]] = status
        when = self._now() if at is None else at
        self._seen.changes.append(Change(at=when, image=pair[0], project=pair[1], status=status, by=by))

    def pass_time(self) -> None:
        """What jobs have done by now."""
        due = sorted(
            (at, job.id, pair) for job in self.jobs.values() for at, pair in job.effects if at <= self._now()
        )
        for at, id, pair in due:
            job = self.jobs[id]
            job.effects.remove((at, pair))
            there = pair[1] in self.members_now.get(pair[0], {})
            if pair[0] in self.images and there != (job.call.action is Action.SHARE):
                self.set_member(pair, None if there else "pending", by=id, at=at)

    # -- bot.ports.Cloud --------------------------------------------------------------------------------------

    def find_images(self, refs: Sequence[str]) -> Mapping[str, tuple[ImageFacts, ...]]:
        self._trouble(read=True)
        return found_among(self.images, refs)

    def image_names(self) -> tuple[str, ...]:
        self._trouble(read=True)
        return names_among(self.images)

    def members(self, image: ImageId) -> tuple[CloudMember, ...]:
        self._trouble(read=True)
        self.pass_time()
        if image not in self.images:
            self._seen.listings.append(Listing(at=self._now(), image=image, members={}))
            raise CloudRefusedError("No such image.", status=400, code="IMG.0027")
        listed = dict(self.members_now.get(image, {}))
        dice = self._chance.strikes(Fault.STALE_LIST) if self._changed_lately(image) else None
        if dice is not None:
            listed = self._as_of(image, self._now() - dice.uniform(0.1, LAG))
        self._seen.listings.append(Listing(at=self._now(), image=image, members=listed))
        return tuple(CloudMember(project=project, status=status) for project, status in listed.items())

    def submit(self, action: Action, images: Sequence[ImageId], projects: Sequence[ProjectId]) -> Ticket:
        self._trouble(read=False)
        call = Call(at=self._now(), action=action, images=tuple(images), projects=tuple(projects))
        if self._chance.strikes(Fault.CLOUD_REFUSES):
            self._seen.calls.append(call)
            raise CloudRefusedError("The quota is used up.", status=400, code="IMG.0061")
        if self._chance.strikes(Fault.SUBMIT_LOST_BEFORE):
            self._seen.calls.append(call)
            raise AnswerLostError
        if any(image not in self.images or not self.images[image].owned for image in images):
            self._seen.calls.append(call)
            raise CloudRefusedError("No such image.", status=400, code="IMG.0027")
        job = self._begin(call)
        if self._chance.strikes(Fault.SUBMIT_LOST_AFTER):
            raise AnswerLostError
        return Ticket(job_id=job.id, request_id=f"req-{len(self._seen.calls)}")

    def job(self, job_id: str) -> JobReading:
        self._trouble(read=True)
        self.pass_time()
        job = self.jobs.get(job_id)
        if job is None or job.forgotten <= self._now():
            return JobReading(phase=JobPhase.ABSENT)
        if self._now() < job.ends:
            return JobReading(phase=JobPhase.RUNNING, status="RUNNING")
        if job.says_ok:
            return JobReading(phase=JobPhase.SUCCEEDED, status="SUCCESS")
        return JobReading(phase=JobPhase.FAILED, status="FAIL", error_code="IMG.0112", reason="it went wrong")

    def check(self) -> str:
        return "A simulated cloud."

    # -- how it works -----------------------------------------------------------------------------------------

    def _trouble(self, *, read: bool) -> None:
        if self._now() < self.busy_until:
            raise CloudBusyError(retry_after=round(min(self.busy_until - self._now(), 20.0), 1))
        if dice := self._chance.strikes(Fault.CLOUD_BUSY):
            raise CloudBusyError(retry_after=dice.choice((None, 1.0, 5.0, 20.0)))
        if self._chance.strikes(Fault.CLOUD_AUTH):
            raise CloudAuthError(code="APIGW.0301")
        if self._chance.strikes(Fault.CLOUD_DOWN):
            raise CloudDownError

    def _begin(self, call: Call) -> ImsJob:
        id = f"{len(self.jobs) + 1:032x}"
        call = replace(call, job_id=id)
        self._seen.calls.append(call)
        start = self._now()
        lasts = min(self._dice.lognormvariate(0.7, 0.7), 60.0)
        if slow := self._chance.strikes(Fault.JOB_SLOW):
            lasts = slow.uniform(20, 400)
        effects = [(start + self._dice.uniform(0, lasts), pair) for pair in call.pairs]
        job = ImsJob(id=id, call=call, ends=start + lasts, effects=sorted(effects))
        self._twist(job)
        self.jobs[id] = job
        return job

    def _twist(self, job: ImsJob) -> None:
        """At most one way in which the job is not what it should be."""
        if self._chance.strikes(Fault.JOB_FAILS):
            job.says_ok, job.effects = False, []
        elif dice := self._chance.strikes(Fault.JOB_PARTIAL):
            job.says_ok, job.effects = False, [one for one in job.effects if dice.random() < 0.5]
        elif self._chance.strikes(Fault.JOB_FAILS_DONE):
            job.says_ok = False
        elif dice := self._chance.strikes(Fault.JOB_LIES):
            gone = dice.randrange(len(job.effects))
            job.effects = [one for n, one in enumerate(job.effects) if n != gone and dice.random() < 0.6]
        elif dice := self._chance.strikes(Fault.JOB_LOST):
            job.forgotten = job.call.at + dice.uniform(0, 10)
        elif dice := self._chance.strikes(Fault.JOB_STUCK):
            job.ends = float("inf")
            job.effects = job.effects if dice.random() < 0.5 else []

    def _changed_lately(self, image: ImageId) -> bool:
        since = self._now() - LAG
        return any(change.image == image and change.at > since for change in reversed(self._seen.changes))

    def _as_of(self, image: ImageId, at: float) -> dict[ProjectId, str]:
        """The member list as it was then."""
        listed: dict[ProjectId, str] = {}
        for change in sorted(self._seen.changes, key=lambda c: c.at):
            if change.image == image and change.at <= at:
                if change.status is None:
                    listed.pop(change.project, None)
                else:
                    listed[change.project] = change.status
        return listed
