"""Huawei Cloud IMS, as the use cases see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.domain.model import Action, CloudMember, ImageFacts, ImageId, ProjectId


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """The cloud took a batch call."""

    job_id: str
    request_id: str = ""


class JobPhase(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ABSENT = "absent"
    """The cloud knows no such job."""


@dataclass(frozen=True, kw_only=True)
class JobReading:
    """What the cloud says of a job. Succeeded is not proof for a pair; only the member list is."""

    phase: JobPhase
    status: str = ""
    """In the cloud's own word."""
    error_code: str = ""
    reason: str = ""
    results: Mapping[ImageId, str] | None = None
    """Per image what the cloud said, where it said anything."""
    request_id: str = ""


class Cloud(Protocol):
    """Huawei Cloud IMS. Every call may raise CloudAuthError, CloudBusyError, CloudDownError, CloudRefusedError, and
    AnswerLostError. Reads repeat themselves within reason; writes are never repeated by the adapter."""

    async def find_images(self, refs: Sequence[str]) -> Mapping[str, tuple[ImageFacts, ...]]:
        """For each reference (an id or an exact name) the images it may mean: none, one, or several. `shared_with` is None."""

    async def image_names(self) -> tuple[str, ...]:
        """Names of our own images, for suggestions. May be cached for a while."""

    async def members(self, image: ImageId) -> tuple[CloudMember, ...]:
        """The whole member list (all pages), projects only."""

    async def submit(
        self, action: Action, images: Sequence[ImageId], projects: Sequence[ProjectId]
    ) -> Ticket:
        """Asks for every image x project. AnswerLostError when it was sent and no answer came: it may have happened.
        Any other error: it surely did not."""

    async def job(self, job_id: str) -> JobReading: ...
    async def check(self) -> str:
        """One plain sentence on what was reached and as whom, for the doctor and readiness; raises when it cannot."""

    async def close(self) -> None: ...
