"""Images, projects and members: what exists, what may be shared, what one change does. No HTTP, no job.

Rules: IMS user guide, "Restrictions on image sharing"; codes: IMS API reference, "Error Codes".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.simulator.ims.answers import ims
from bot.simulator.ims.records import Effect, Image, Job, Kind, Member, Now, Pair, Switches

_IMAGE_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PROJECT_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(kw_only=True)
class PlannedFailure:
    """A pair that shall fail when a job comes to it."""

    code: str
    lie: bool = False
    times: int | None = None
    """None: always."""


@dataclass
class World:
    switches: Switches
    region: str
    now: Now
    images: dict[str, Image] = field(default_factory=dict)
    projects: dict[str, str] = field(default_factory=dict)
    """Region by project id."""
    shared: dict[str, dict[str, Member]] = field(default_factory=dict)
    """Members by image id, then by project id."""
    effects: list[Effect] = field(default_factory=list)
    redundant: list[Effect] = field(default_factory=list)
    """Adds of what was there already, deletes of what was not."""
    failures: dict[Pair, PlannedFailure] = field(default_factory=dict)
    _row: int = 0

    # -- looking ---------------------------------------------------------------------------------------

    def image(self, id: str) -> Image:
        """The image; IMG.0066 for what is no image id, IMG.0027 for one that does not exist."""
        if not _IMAGE_ID.fullmatch(id):
            raise ims("IMG.0066", id)
        if id not in self.images:
            raise ims("IMG.0027", id)
        return self.images[id]

    def members(self, image: str) -> tuple[Member, ...]:
        """In the order they were added."""
        return tuple(sorted(self.shared.get(image, {}).values(), key=lambda member: member.row))

    def member(self, image: str, project: str) -> Member | None:
        return self.shared.get(image, {}).get(project)

    def visible_members(self, image: Image, caller: str) -> tuple[Member, ...]:
        """All for the owner; for a receiver only itself; IMG.0027 for anybody else."""
        everyone = self.members(image.id)
        if caller == image.owner:
            return everyone
        own = tuple(member for member in everyone if member.project == caller)
        if not own and not image.public:
            raise ims("IMG.0027", image.id)
        return own

    # -- judging a call --------------------------------------------------------------------------------

    def check_batch(self, kind: Kind, images: Sequence[str], projects: Sequence[str], caller: str) -> None:
        """Raises the first refusal the call itself gets."""
        for project in projects:
            if not _PROJECT_ID.fullmatch(project):
                raise ims("IMG.0067", project)
        for found in [self.image(id) for id in images]:
            if found.public:
                raise ims("IMG.0089", found.id)
            if found.owner != caller:
                raise ims("IMG.0047", found.id)
            if kind == "add" and not self.switches.late_checks:
                self._check_sharing(found, projects)

    def check_answer(self, image: Image, project: str, caller: str, status: str, vault: str) -> None:
        """Raises what a receiver's accept or reject is refused with."""
        if caller != project:
            raise ims("IMG.0026")
        if self.member(image.id, project) is None:
            raise ims("IMG.0086", image.id)
        if status == "accepted" and image.kind == "full-ecs" and not vault:
            raise ims("IMG.0001", "vault_id is mandatory for a full-ECS image")

    def _check_sharing(self, image: Image, projects: Sequence[str]) -> None:
        for project in projects:
            code = self._barred(image, project)
            if code:
                raise ims(code, f"{image.id} {project}")
        if len(set(self.shared.get(image.id, {})) | set(projects)) > self._limit(image):
            raise ims("IMG.0088", image.id)

    def _barred(self, image: Image, project: str) -> str:
        """The code that forbids this pair, or ""."""
        bars = (
            (image.marketplace, "IMG.0107"),
            (image.encrypted, "IMG.0098"),
            (image.windows and not self.switches.windows_shareable, "IMG.0105"),
            (image.status != "active", "IMG.0046"),
            (project == image.owner, "IMG.0076"),
            (self.projects.get(project) != self.region, "IMG.0108"),
        )
        return next((code for barred, code in bars if barred), "")

    def _limit(self, image: Image) -> int:
        return self.switches.full_ecs_limit if image.kind == "full-ecs" else self.switches.tenant_limit

    # -- changing --------------------------------------------------------------------------------------

    def apply(self, job: Job, pair: Pair, at: datetime) -> None:
        """One pair of a job is carried out, and its result noted in the job."""
        planned = self._planned(pair)
        if job.ending == "job_success_but_missing":
            job.results[pair] = "IMG.0112" if job.kind == "add" else "IMG.0113"
        elif planned is not None:
            job.results[pair] = planned.code
            if planned.lie:
                job.lies.add(pair)
        else:
            job.results[pair] = self.change(job.kind, pair, at, status=job.member_status)

    def change(self, kind: Kind, pair: Pair, at: datetime, *, status: str = "") -> str:
        """The pair is added, deleted or answered; "" or the code why not."""
        image, project = self.images.get(pair[0]), pair[1]
        if image is None:
            return "IMG.0027"
        there = self.member(*pair)
        if kind == "add":
            return self._add(image, project, there, at)
        if there is None:
            if kind == "delete":
                self.redundant.append(Effect(at, "delete", *pair))
            return "" if kind == "delete" and self.switches.missing_member == "ignore" else "IMG.0113"
        if kind == "delete":
            del self.shared[image.id][project]
            self.effects.append(Effect(at, "delete", *pair))
        else:
            there.status, there.updated_at = status, at
        return ""

    def _add(self, image: Image, project: str, there: Member | None, at: datetime) -> str:
        effect = Effect(at, "add", image.id, project)
        if there is not None and there.status != "rejected":
            self.redundant.append(effect)
            return "IMG.0112" if self.switches.existing_member == "refuse" else ""
        code = self._barred(image, project) if self.switches.late_checks else ""
        if not code and there is None and len(self.shared.get(image.id, {})) >= self._limit(image):
            code = "IMG.0088"
        if not code:
            self.put(image.id, project, "pending", at)
            self.effects.append(effect)
        return code

    def put(self, image: str, project: str, status: str, at: datetime) -> None:
        """The pair stands there with this status, whatever was before."""
        there = self.member(image, project)
        if there is not None:
            there.status, there.updated_at = status, at
            return
        self._row += 1
        self.shared.setdefault(image, {})[project] = Member(
            row=self._row, image=image, project=project, status=status, created_at=at, updated_at=at
        )

    def _planned(self, pair: Pair) -> PlannedFailure | None:
        planned = self.failures.get(pair)
        if planned is not None and planned.times is not None:
            planned.times -= 1
            if planned.times <= 0:
                del self.failures[pair]
        return planned
