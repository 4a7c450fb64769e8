"""An image service that lives in memory: implements bot.ports.Cloud, passes
tests/contracts/cloud_contract.py, and can be asked what it received and what really happened. Trouble is
ordered beforehand; nothing is ever patched.

A job takes effect when it ends, and it ends with its `polls_to_end`-th poll.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from bot.domain.errors import (
    AnswerLostError,
    CloudAuthError,
    CloudBusyError,
    CloudDownError,
    CloudRefusedError,
)
from bot.domain.model import Action, CloudMember, ImageFacts, ImageId, ImageKind, ProjectId
from bot.ports import JobPhase, JobReading, Ticket

Method = Literal["find_images", "image_names", "members", "submit", "job", "check"]
Trouble = Literal["refuse", "busy", "down", "auth", "lose_before", "lose_after"]
Ending = Literal["fail", "fail_but_shared", "success_but_missing", "absent", "never"]
Pair = tuple[ImageId, ProjectId]

HOME = ProjectId("5a1e0000000000000000000000000001")
"""Our own project."""
STRANGER = ProjectId("f" * 32)


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """One batch call that reached the cloud, whatever became of it."""

    action: Action
    images: tuple[ImageId, ...]
    projects: tuple[ProjectId, ...]
    job_id: str = ""
    """Empty when it was not carried out."""

    @property
    def pairs(self) -> tuple[Pair, ...]:
        return tuple((image, project) for image in self.images for project in self.projects)


@dataclass(kw_only=True)
class MemoryJob:
    call: Submitted
    polls_left: int
    ending: Ending | None = None
    ended: bool = False
    failed: dict[Pair, str] = field(default_factory=dict)
    """Pairs that were not carried out, with the code why."""
    admits: dict[Pair, str] = field(default_factory=dict)
    """Those of them the job tells of."""


@dataclass(kw_only=True)
class _Ordered:
    trouble: Trouble
    method: Method | None
    code: str
    retry_after: float | None


@dataclass(kw_only=True)
class _PlannedFailure:
    code: str
    times: int | None
    lie: bool


@dataclass
class MemoryCloud:
    """`fail("busy", method="submit")` orders trouble for the next fitting call; several orders are met one
    after another. Trouble of a read comes out as it is: it stands for a read that was repeated in vain."""

    polls_to_end: int = 2
    reads_to_show: int = 0
    """How many times the member list is read before the effect of a call with a lost answer shows."""
    calls: list[tuple[Method, tuple[Any, ...]]] = field(default_factory=list)
    """Every call that was made, failed ones too: the method and its arguments."""
    submitted: list[Submitted] = field(default_factory=list)
    """Every batch call that reached the cloud, refused ones and those with a lost answer too."""
    effects: list[tuple[Action, ImageId, ProjectId]] = field(default_factory=list)
    """Each pair that was really added or removed by a call, in order."""
    redundant: list[tuple[Action, ImageId, ProjectId]] = field(default_factory=list)
    """Adds of a member that was there, removals of one that was not: a careful client causes none."""
    closed: bool = False
    images: dict[ImageId, ImageFacts] = field(default_factory=dict)
    jobs: dict[str, MemoryJob] = field(default_factory=dict)
    absent_projects: set[ProjectId] = field(default_factory=set)
    """Projects that the cloud says do not exist."""
    _members: dict[ImageId, dict[ProjectId, str]] = field(default_factory=dict)
    _orders: deque[_Ordered] = field(default_factory=deque)
    _endings: deque[Ending] = field(default_factory=deque)
    _planned: dict[Pair, _PlannedFailure] = field(default_factory=dict)
    _unseen: list[tuple[int, MemoryJob]] = field(default_factory=list)

    # -- arranging -------------------------------------------------------------------------------------

    def put_image(self, name: str, *, id: str | None = None, **facts: Any) -> ImageId:
        """An active, plain image of our own with every fact known, unless `facts` (fields of ImageFacts) say
        otherwise; its id."""
        number = len(self.images) + 1
        image_id = ImageId(id or f"00000000-0000-4000-8000-{number:012d}")
        owner = facts.pop("owner", HOME)
        usual = {
            "kind": ImageKind.SYSTEM,
            "encrypted": False,
            "windows": False,
            "os": "Ubuntu 24.04 server 64bit",
            "status": "active",
            "owner": owner,
            "owned": None if owner is None else owner == HOME,
            "public": False,
            "marketplace": False,
            "size_gb": 40.0,
        }
        self.images[image_id] = ImageFacts(id=image_id, name=name, **{**usual, **facts})
        return image_id

    def edit_image(self, id: ImageId, **facts: Any) -> None:
        self.images[id] = replace(self.images[id], **facts)

    def remove_image(self, id: ImageId) -> None:
        del self.images[id]
        self._members.pop(id, None)

    def put_member(self, image: ImageId, project: ProjectId, status: str = "pending") -> None:
        """In the console, behind everybody's back: the pair stands there with this status."""
        self._members.setdefault(image, {})[project] = status

    def drop_member(self, image: ImageId, project: ProjectId) -> None:
        self._members.get(image, {}).pop(project, None)

    # -- trouble ---------------------------------------------------------------------------------------

    def fail(
        self,
        trouble: Trouble,
        *,
        method: Method | None = None,
        times: int = 1,
        code: str = "",
        retry_after: float | None = None,
    ) -> None:
        """The next `times` calls (of `method`) go wrong in this way. lose_before: the answer is lost and it
        was not carried out; lose_after: it was, or its job was begun."""
        ordered = _Ordered(trouble=trouble, method=method, code=code, retry_after=retry_after)
        self._orders.extend([ordered] * times)

    def end_next_job(self, ending: Ending) -> None:
        """How the next job that is begun ends."""
        self._endings.append(ending)

    def fail_pair(
        self,
        image: ImageId,
        project: ProjectId,
        code: str = "IMG.0112",
        *,
        times: int | None = None,
        lie: bool = False,
    ) -> None:
        """Jobs fail at this pair (`times` of them; None: all); with `lie` they say they did not."""
        self._planned[(image, project)] = _PlannedFailure(code=code, times=times, lie=lie)

    # -- the truth -------------------------------------------------------------------------------------

    def members_of(self, image: ImageId) -> dict[ProjectId, str]:
        return dict(self._members.get(image, {}))

    def called(self, method: Method) -> int:
        """How many times."""
        return sum(1 for name, _ in self.calls if name == method)

    def settle(self) -> None:
        """Time passes: all jobs end, and all their effects show."""
        for job in self.jobs.values():
            self._end(job)
        self._unseen.clear()

    # -- Cloud -----------------------------------------------------------------------------------------

    async def find_images(self, refs: Sequence[str]) -> Mapping[str, tuple[ImageFacts, ...]]:
        self._enter("find_images", tuple(refs))
        return found_among(self.images, refs)

    async def image_names(self) -> tuple[str, ...]:
        self._enter("image_names")
        return names_among(self.images)

    async def members(self, image: ImageId) -> tuple[CloudMember, ...]:
        self._enter("members", image)
        self._show_unseen()
        if image not in self.images:
            raise CloudRefusedError("No such image.", status=400, code="IMG.0027")
        listed = self._members.get(image, {})
        return tuple(CloudMember(project=project, status=status) for project, status in listed.items())

    async def submit(
        self, action: Action, images: Sequence[ImageId], projects: Sequence[ProjectId]
    ) -> Ticket:
        call = Submitted(action=action, images=tuple(images), projects=tuple(projects))
        self.calls.append(("submit", (action, call.images, call.projects)))
        order = self._next_order("submit")
        if order is not None and order.trouble in ("down", "busy", "auth"):
            self._raise(order)
        self.submitted.append(call)
        if order is not None and order.trouble != "lose_after":
            self._raise(order)
        self._check_call(call)
        job = self._begin(call)
        if order is not None:
            self._unseen.append((self.reads_to_show, job))
            self._raise(order)
        return Ticket(job_id=job.call.job_id, request_id=f"req-{len(self.calls)}")

    async def job(self, job_id: str) -> JobReading:
        self._enter("job", job_id)
        job = self.jobs.get(job_id)
        if job is None or job.ending == "absent":
            return JobReading(phase=JobPhase.ABSENT)
        job.polls_left -= 1
        if job.polls_left > 0 or job.ending == "never":
            first = job.polls_left == self.polls_to_end - 1
            phase, status = (JobPhase.WAITING, "INIT") if first else (JobPhase.RUNNING, "RUNNING")
            return JobReading(phase=phase, status=status)
        self._end(job)
        failed = bool(job.admits) or job.ending in ("fail", "fail_but_shared")
        code = next(iter(job.admits.values()), "IMG.0112") if failed else ""
        bad = {image for image, _ in job.admits}
        return JobReading(
            phase=JobPhase.FAILED if failed else JobPhase.SUCCEEDED,
            status="FAIL" if failed else "SUCCESS",
            error_code=code,
            reason=f"the cloud gave {code}" if failed else "",
            results={image: "fail" if image in bad else "success" for image in job.call.images},
        )

    async def check(self) -> str:
        self._enter("check")
        return f"A cloud in memory answers for project {HOME}."

    async def close(self) -> None:
        self.closed = True

    # -- how it works ----------------------------------------------------------------------------------

    def _enter(self, method: Method, *arguments: Any) -> None:
        self.calls.append((method, arguments))
        if order := self._next_order(method):
            self._raise(order)

    def _next_order(self, method: Method) -> _Ordered | None:
        order = next((one for one in self._orders if one.method in (None, method)), None)
        if order is not None:
            self._orders.remove(order)
        return order

    def _raise(self, order: _Ordered) -> None:
        match order.trouble:
            case "refuse":
                raise CloudRefusedError("The cloud said no.", status=400, code=order.code or "IMG.0061")
            case "busy":
                raise CloudBusyError(retry_after=order.retry_after)
            case "down":
                raise CloudDownError
            case "auth":
                raise CloudAuthError(code=order.code or "APIGW.0301")
            case "lose_before" | "lose_after":
                raise AnswerLostError

    def _check_call(self, call: Submitted) -> None:
        for image in call.images:
            facts = self.images.get(image)
            if facts is None:
                raise CloudRefusedError("No such image.", status=400, code="IMG.0027")
            if not facts.owned:
                raise CloudRefusedError("Not the owner.", status=400, code="IMG.0047")
        if self.absent_projects & set(call.projects):
            raise CloudRefusedError("No such project.", status=400, code="IMG.0108")

    def _begin(self, call: Submitted) -> MemoryJob:
        job_id = f"{len(self.jobs) + 1:032x}"
        call = self.submitted[-1] = replace(call, job_id=job_id)
        ending = self._endings.popleft() if self._endings else None
        job = self.jobs[job_id] = MemoryJob(call=call, polls_left=self.polls_to_end, ending=ending)
        return job

    def _end(self, job: MemoryJob) -> None:
        if job.ended or job.ending == "never":
            return
        job.ended = True
        for pair in job.call.pairs:
            code = self._failure(job, pair)
            if not code:
                self._carry_out(job.call.action, pair)

    def _failure(self, job: MemoryJob, pair: Pair) -> str:
        """The code with which this pair fails in this job; empty when it does not."""
        planned = self._planned.get(pair)
        if planned is not None and planned.times != 0:
            planned.times = None if planned.times is None else planned.times - 1
            job.failed[pair] = planned.code
            if not planned.lie:
                job.admits[pair] = planned.code
        elif job.ending == "fail":
            job.failed[pair] = job.admits[pair] = "IMG.0112"
        elif job.ending == "success_but_missing":
            job.failed[pair] = "IMG.0112"
        return job.failed.get(pair, "")

    def _carry_out(self, action: Action, pair: Pair) -> None:
        image, project = pair
        there = project in self._members.get(image, {})
        if there == (action is Action.SHARE):
            self.redundant.append((action, *pair))
            return
        self.effects.append((action, *pair))
        if action is Action.SHARE:
            self.put_member(image, project)
        else:
            self.drop_member(image, project)

    def _show_unseen(self) -> None:
        """Effects of calls with a lost answer show, each after its number of reads."""
        waiting = self._unseen
        self._unseen = [(reads - 1, job) for reads, job in waiting if reads > 0]
        for reads, job in waiting:
            if reads <= 0:
                self._end(job)


def found_among(
    images: Mapping[ImageId, ImageFacts], refs: Sequence[str]
) -> Mapping[str, tuple[ImageFacts, ...]]:
    """As Cloud.find_images, where these are all there are."""
    found = {}
    for ref in refs:
        by_id = images.get(ImageId(ref.lower()))
        named = [image for image in images.values() if image.name == ref]
        own = [image for image in named if image.owned]
        found[ref] = (by_id,) if by_id else tuple(own or named)
    return found


def names_among(images: Mapping[ImageId, ImageFacts]) -> tuple[str, ...]:
    """As Cloud.image_names."""
    return tuple(sorted({image.name for image in images.values() if image.owned and image.name}))
