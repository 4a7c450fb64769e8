"""The hand behind the cloud: SimIms starts it, arranges and changes it, and tells what really happened.

What is changed here is changed as in the vendor's console: it appears in no list of API effects.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Literal, Protocol
from uuid import uuid4

from bot.simulator.ims.cloud import Cloud
from bot.simulator.ims.control import Control
from bot.simulator.ims.faults import Faults
from bot.simulator.ims.gate import Gate, Key
from bot.simulator.ims.jobs import JobDesk
from bot.simulator.ims.records import Call, Effect, Image, Job, Now, Switches
from bot.simulator.ims.server import Server
from bot.simulator.ims.world import PlannedFailure, World

HUAWEI_PROJECT = "f" * 32
"""Owner of public images, when none is given."""


class HasNow(Protocol):
    def now(self) -> datetime: ...


def _now(clock: HasNow | Now | None) -> Now:
    if clock is None:
        return lambda: datetime.now(UTC)
    return clock if callable(clock) else clock.now


class SimIms(Switches):
    """A small strict Huawei Cloud IMS, with its gateway and IAM, on 127.0.0.1.

    `clock` is a callable or an object with now(), both aware; without it the machine's clock is used. Every
    switch of `Switches` is taken as a keyword and may be set as an attribute at any time.
    """

    def __init__(
        self,
        *,
        region: str = "eu-west-101",
        project_id: str = "5a1e0000000000000000000000000001",
        ak: str = "SIMAK000000000000000",
        sk: str = "SimulatedSecretKeyOfNobody00000000000000",
        job_seconds: Callable[[str], float] | float = 1.0,
        iam_user: tuple[str, str, str] = ("ACCOUNT", "user", "password"),
        clock: HasNow | Now | None = None,
        require_auth: bool = True,
        skew_seconds: float = 900.0,
        **switches: Any,
    ) -> None:
        self.region, self.project_id, self.ak, self.sk, self.iam_user = region, project_id, ak, sk, iam_user
        self.job_seconds, self.require_auth, self.skew_seconds = job_seconds, require_auth, skew_seconds
        for name, value in switches.items():
            self.set_switch(name, value)
        now = _now(clock)
        world = World(self, region, now)
        self._cloud = Cloud(
            switches=self,
            world=world,
            desk=JobDesk(self, world),
            gate=Gate(self, now, project_id),
            faults=Faults(),
            project=project_id,
            user=iam_user,
        )
        self._server = Server(self._cloud, Control(self.state, self._actions()).table())
        self.url = ""
        self.add_project(project_id)
        self.add_key(project_id, ak=ak, sk=sk)

    async def start(self, port: int = 0) -> str:
        """The base url of IMS and of IAM (IAM answers below /v3)."""
        self.url = await self._server.start(port)
        return self.url

    async def stop(self) -> None:
        await self._server.stop()

    def set_switch(self, name: str, value: Any) -> None:
        """TypeError for a name that is no switch."""
        if name not in Switches.__annotations__:
            raise TypeError(f"no switch {name!r}; there are {', '.join(Switches.__annotations__)}")
        setattr(self, name, value)

    # -- arranging -------------------------------------------------------------------------------------

    def add_image(
        self,
        name: str,
        *,
        id: str | None = None,
        kind: Literal["system", "data", "full-ecs"] = "system",
        owner: str | None = None,
        public: bool = False,
        tags: Sequence[str] = (),
        **facts: Any,
    ) -> str:
        """Its id. `facts` are fields of `Image`: encrypted, windows, os, status, marketplace, size, min_disk,
        enterprise_project_id, extra (wire fields to add, or to leave out when None)."""
        now, id = self._cloud.world.now(), id or str(uuid4())
        owner = owner or (HUAWEI_PROJECT if public else self.project_id)
        facts = {"windows": str(facts.get("os", "")).startswith("Windows")} | facts
        image = Image(
            id=id,
            name=name,
            kind=kind,
            owner=owner,
            public=public,
            tags=tuple(tags),
            created_at=now,
            updated_at=now,
            **facts,
        )
        self._cloud.world.images[id] = image
        return id

    def edit_image(self, id: str, **fields: Any) -> None:
        """Sets fields of `Image`; AttributeError for one it has not."""
        self._settle()
        image = self._cloud.world.images[id]
        for name, value in fields.items():
            if not hasattr(image, name):
                raise AttributeError(f"an image has no {name!r}")
            setattr(image, name, value)
        image.updated_at = self._cloud.world.now()

    def remove_image(self, id: str) -> None:
        """The image is gone, and with it its members."""
        self._settle()
        del self._cloud.world.images[id]
        self._cloud.world.shared.pop(id, None)

    def add_project(self, id: str, region: str | None = None) -> None:
        """A project that exists; one in another region is as good as unknown."""
        self._cloud.world.projects[id] = region or self.region

    def add_key(
        self, project: str, *, ak: str = "", sk: str = "", security_token: str = ""
    ) -> tuple[str, str]:
        """An access key that works for this project, for a receiver's own calls too: (ak, sk)."""
        ak, sk = ak or f"SIMAK{secrets.token_hex(8).upper()}", sk or secrets.token_hex(20)
        self._cloud.gate.keys[ak] = Key(secret=sk, project=project, security_token=security_token)
        return ak, sk

    def set_member(self, image: str, project: str, status: str = "pending") -> None:
        """In the console, behind everybody's back: the pair stands there with this status."""
        self._settle()
        self._cloud.world.put(image, project, status, self._cloud.world.now())

    def drop_member(self, image: str, project: str) -> None:
        self._settle()
        self._cloud.world.shared.get(image, {}).pop(project, None)

    def accept(self, project: str, image: str) -> None:
        """The receiver accepts in the console; KeyError when nothing was offered."""
        self._answer(project, image, "accepted")

    def reject(self, project: str, image: str) -> None:
        self._answer(project, image, "rejected")

    def _answer(self, project: str, image: str, status: str) -> None:
        self._settle()
        if self._cloud.world.member(image, project) is None:
            raise KeyError(f"{image} was not offered to {project}")
        self._cloud.world.put(image, project, status, self._cloud.world.now())

    # -- trouble ---------------------------------------------------------------------------------------

    def begin_job(self, id: str, image: str, project: str) -> None:
        """A job under this id that somebody began and that never ends."""
        job = self._cloud.desk.open(
            "add", (image,), (project,), owner=self.project_id, ending="job_never_ends"
        )
        del self._cloud.desk.by_id[job.id]
        job.id = id
        self._cloud.desk.by_id[id] = job

    def forget_jobs(self, before: datetime) -> None:
        """Jobs that ended before then are known no longer, as the real service knows none for ever."""
        self._settle()
        self._cloud.desk.forget(before)

    def fail_pair(
        self, image: str, project: str, code: str = "IMG.0112", times: int | None = None, *, lie: bool = False
    ) -> None:
        """Jobs fail at this pair (`times` of them; None: all); with `lie` they say they did not."""
        self._cloud.world.failures[(image, project)] = PlannedFailure(code=code, lie=lie, times=times)

    def fault(self, what: str, *, times: int = 1, match: str = "", retry_after: float | None = None) -> None:
        """The next `times` requests whose "METHOD /path" contains `match` meet this trouble.

        `retry_after` (seconds) is for 429. ValueError, naming all that exist, for one that does not.
        """
        self._cloud.faults.add(what, times=times, match=match, retry_after=retry_after)

    def clear_faults(self) -> None:
        self._cloud.faults.waiting.clear()
        self._cloud.world.failures.clear()

    def expire_tokens(self) -> None:
        """Every token issued so far is out of date."""
        self._cloud.gate.expire_tokens()

    # -- the truth -------------------------------------------------------------------------------------

    def members(self, image_id: str) -> dict[str, str]:
        """Status by project id, of the pairs that exist now."""
        self._settle()
        return {member.project: member.status for member in self._cloud.world.members(image_id)}

    @property
    def images(self) -> dict[str, Image]:
        """By id."""
        return self._cloud.world.images

    @property
    def jobs(self) -> list[Job]:
        """Oldest first, as they stand now."""
        self._settle()
        return self._cloud.desk.jobs

    @property
    def calls(self) -> list[Call]:
        """Everything received, oldest first (the newest 50,000), refused and cut calls too."""
        return self._cloud.calls

    def writes(self) -> list[Call]:
        """The batch calls among them."""
        return [
            c
            for c in self.calls
            if c.path == "/v1/cloudimages/members" and c.method in ("POST", "DELETE", "PUT")
        ]

    @property
    def effects(self) -> list[Effect]:
        """Each pair an API call really added or deleted, in order."""
        self._settle()
        return self._cloud.world.effects

    @property
    def redundant(self) -> list[Effect]:
        """Adds of a member that was there, deletes of one that was not: a careful client causes none."""
        self._settle()
        return self._cloud.world.redundant

    def state(self) -> dict[str, Any]:
        """All of the truth in plain values, the newest 200 calls of it; what GET /sim/state answers."""
        members = {image: self.members(image) for image in self.images}
        jobs = [
            {
                name: getattr(job, name)
                for name in ("id", "kind", "images", "projects", "state", "begin", "end", "error_code")
            }
            for job in self.jobs
        ]
        return {
            "project_id": self.project_id,
            "images": [asdict(image) | {"members": members[image.id]} for image in self.images.values()],
            "projects": self._cloud.world.projects,
            "jobs": jobs,
            "effects": [effect._asdict() for effect in self.effects],
            "redundant": [effect._asdict() for effect in self.redundant],
            "calls": [asdict(call) for call in self.calls[-200:]],
            "faults": [asdict(fault) for fault in self._cloud.faults.waiting],
        }

    def _actions(self) -> dict[str, Callable[..., Any]]:
        """What POST /sim/NAME may do."""
        return {
            "fault": self.fault,
            "fail_pair": self.fail_pair,
            "clear_faults": self.clear_faults,
            "expire_tokens": self.expire_tokens,
            "set_switch": self.set_switch,
            "add_image": self.add_image,
            "edit_image": self.edit_image,
            "remove_image": self.remove_image,
            "add_project": self.add_project,
            "set_member": self.set_member,
            "drop_member": self.drop_member,
            "accept": self.accept,
            "reject": self.reject,
        }

    def _settle(self) -> None:
        self._cloud.desk.settle()
