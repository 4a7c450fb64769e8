"""Time, pace, and all of the outside together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.model import Job, Limits, RunningJob
from bot.domain.policy import Policy
from bot.ports.chat import AtOnce, Chat, People, Turns
from bot.ports.cloud import Cloud
from bot.ports.store import Store


class Clock(Protocol):
    def now(self) -> datetime:
        """The time, aware, in UTC."""


class Pace(Protocol):
    """When to ask the cloud about which job. Kept by the worker, which learns how long jobs take. Every method but
    `first_poll` is for the event loop's thread alone."""

    def first_poll(self, job: Job) -> timedelta:
        """How long after its submission a job is first asked about."""

    def next_poll(self, job: Job, now: datetime) -> timedelta:
        """How long until a job that was found running at `now` is asked about again. `job` is as it was before this
        question: found running before at `job.polled_at`. Learned from."""

    def ended(self, job: Job, now: datetime) -> None:
        """The job was found ended at `now`; before, at `job.polled_at`, it was not. Learned from."""

    def order(self, jobs: Sequence[RunningJob], now: datetime) -> tuple[RunningJob, ...]:
        """The running jobs in the order in which to ask about them; those too young to be asked about are left out."""

    def turn_in(self) -> float:
        """Seconds until it is time to choose the next job: chosen earlier, it would only wait for its turn."""

    def to_keep(self, now: datetime) -> Mapping[str, Mapping[str, object]]:
        """What was learned and is to be written down now, by kind of job, as JSON values (Transaction.save_durations);
        empty when there is nothing new, or something was written down a moment ago."""


@dataclass(frozen=True, kw_only=True)
class Outside:
    """All of the outside, as the use cases are given it."""

    store: Store
    cloud: Cloud
    chat: Chat
    people: People
    clock: Clock
    pace: Pace
    policy: Callable[[], Policy]
    """The policy in force now."""
    limits: Limits
    command: str = "/image"
    turns: Turns = field(default_factory=AtOnce)
