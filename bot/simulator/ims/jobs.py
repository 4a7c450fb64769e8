"""Asynchronous jobs: made by a call, carried on by the clock alone, shown in two shapes. No task, no thread.

A job's pairs are put on one timeline; whoever looks (a request, a test) first lets everything due happen.
Shapes: IMS API reference, "Querying the Status" and "Querying the Progress of an Asynchronous Job".
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from bot.simulator.ims.answers import reason
from bot.simulator.ims.records import Job, Kind, Pair, Switches
from bot.simulator.ims.world import World

_INIT_SHARE = 0.25
"""A job is INIT for this part of its time."""


def wire_time(at: datetime | None) -> str:
    """Such as 2024-11-06T06:30:00.778Z; empty for a job that has not ended."""
    return "" if at is None else f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


@dataclass
class JobDesk:
    switches: Switches
    world: World
    jobs: list[Job] = field(default_factory=list)
    by_id: dict[str, Job] = field(default_factory=dict)
    _timeline: list[tuple[datetime, int, Job, Pair | None, bool]] = field(default_factory=list)
    """(when, order, job, pair, whether it is the job's last); without a pair the job merely starts to run."""
    _steps: int = 0

    def open(
        self,
        kind: Kind,
        images: tuple[str, ...],
        projects: tuple[str, ...],
        *,
        owner: str,
        ending: str = "",
        member_status: str = "",
    ) -> Job:
        """A job over images x projects, begun now."""
        begin, seconds = self.world.now(), self._seconds(kind)
        due = None if ending == "job_never_ends" else begin + timedelta(seconds=seconds)
        job = Job(
            id=uuid4().hex,
            kind=kind,
            owner=owner,
            images=images,
            projects=projects,
            begin=begin,
            due=due,
            ending=ending,
            member_status=member_status,
        )
        self.jobs.append(job)
        self.by_id[job.id] = job
        whole = (due - begin) if due else timedelta(seconds=seconds)
        self._at(begin + whole * _INIT_SHARE, job, None)
        if due is not None:
            self._plan(job, due)
        return job

    def settle(self) -> None:
        """Everything due by now has happened afterwards."""
        now = self.world.now()
        while self._timeline and self._timeline[0][0] <= now:
            at, _, job, pair, last = heapq.heappop(self._timeline)
            if pair is None:
                job.state = "RUNNING"
                continue
            self.world.apply(job, pair, at)
            if last:
                self._finish(job, at)

    def forget(self, before: datetime) -> None:
        """Jobs that ended before then are gone."""
        self.jobs[:] = [job for job in self.jobs if job.end is None or job.end >= before]
        self.by_id = {job.id: job for job in self.jobs}

    def _seconds(self, kind: str) -> float:
        given = self.switches.job_seconds
        return given(kind) if callable(given) else given

    def _plan(self, job: Job, due: datetime) -> None:
        pairs = job.pairs
        for number, pair in enumerate(pairs, start=1):
            part = number / len(pairs) if self.switches.progressive else 1.0
            last = number == len(pairs)
            self._at(due if last else job.begin + (due - job.begin) * part, job, pair, last=last)

    def _at(self, when: datetime, job: Job, pair: Pair | None, *, last: bool = False) -> None:
        self._steps += 1
        heapq.heappush(self._timeline, (when, self._steps, job, pair, last))

    def _finish(self, job: Job, at: datetime) -> None:
        codes = [code for pair in job.pairs if (code := job.told(pair))]
        if job.ending == "job_fail_but_shared":
            codes = ["IMG.0112" if job.kind == "add" else "IMG.0113"]
        job.end, job.state = at, "FAIL" if codes else "SUCCESS"
        job.error_code = codes[0] if codes else ""

    # -- the wire --------------------------------------------------------------------------------------

    def status_body(self, job: Job) -> dict[str, Any]:
        """The answer of the deprecated GET /v1/{project}/jobs/{id}."""
        return self._body(job, {"results": self._results(job)} if job.end else {})

    def progress_body(self, job: Job) -> dict[str, Any]:
        """The answer of GET /v1/cloudimages/job/{id}."""
        done = len(job.results) / len(job.pairs)
        entities: dict[str, Any] = {"process_percent": 1.0 if job.end else round(done, 2), "current_task": ""}
        if self.switches.results_in_progress and job.end:
            entities["results"] = self._results(job)
        return self._body(job, entities)

    def _body(self, job: Job, entities: dict[str, Any]) -> dict[str, Any]:
        return {
            "job_id": job.id,
            "job_type": job.job_type,
            "begin_time": wire_time(job.begin),
            "end_time": wire_time(job.end),
            "status": job.state,
            "error_code": job.error_code or None,
            "fail_reason": reason(job.error_code) if job.error_code else None,
            "entities": entities,
        }

    def _results(self, job: Job) -> list[dict[str, str]]:
        """One entry an image, or a pair; none for a delete job (the vendor's example shows an empty list)."""

        def word(*pairs: Pair) -> str:
            failed = job.ending == "job_fail_but_shared" or any(job.told(pair) for pair in pairs)
            return "failed" if failed else "success"

        if job.kind == "delete":
            return []
        if self.switches.results_with_project:
            return [{"image_id": i, "project_id": p, "status": word((i, p))} for i, p in job.pairs]
        return [
            {"image_id": image, "status": word(*((image, project) for project in job.projects))}
            for image in job.images
        ]
