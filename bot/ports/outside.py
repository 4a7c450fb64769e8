"""Time, pace, and all of the outside together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.model import Job, Limits
from bot.domain.policy import Policy
from bot.ports.chat import Chat, People
from bot.ports.cloud import Cloud
from bot.ports.store import Store


class Clock(Protocol):
    def now(self) -> datetime:
        """The time, aware, in UTC."""


class Pace(Protocol):
    """When to ask the cloud about a job again. Kept by the worker, which learns how long jobs take."""

    def first_poll(self, job: Job) -> timedelta:
        """How long after its submission a job is first asked about."""

    def next_poll(self, job: Job, now: datetime) -> timedelta:
        """How long until a job that was found running at `now` is asked about again."""

    def ended(self, job: Job, now: datetime) -> None:
        """The job was found ended at `now`; before, at `job.polled_at`, it was not. Learned from."""


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
