"""The port Cloud over HTTP: each method is a call or two of `wire`, made by `caller` within the budget and
behind the gate.

What may be repeated is decided here and nowhere else: a read a few times, a write never, except after a 401
of a token that had run out, because then it surely was not carried out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self, TypeVar

from bot.adapters.huawei import wire
from bot.adapters.huawei.answers import Answer
from bot.adapters.huawei.budget import Budget, Priority
from bot.adapters.huawei.caller import Caller
from bot.adapters.huawei.codes import normal
from bot.adapters.huawei.settings import HuaweiSettings
from bot.adapters.huawei.sharing import SharedReads
from bot.domain.errors import CloudBusyError, CloudDownError, CloudRefusedError
from bot.domain.model import Action, CloudMember, ImageFacts, ImageId, ProjectId
from bot.ports import JobPhase, JobReading, Ticket

T = TypeVar("T")

_FIRST_DELAY = 0.2
_MOST_PAGES = 200
_UNKNOWN_HERE = (404, 405)
_NOT_PUBLISHED = "APIGW.0101"


class HuaweiCloud:
    """Huawei Cloud IMS, or a cloud of its family, as the bot's Cloud."""

    def __init__(self, settings: HuaweiSettings, *, budget: Budget, clock: Callable[[], datetime]) -> None:
        self._settings, self._clock = settings, clock
        self._caller = Caller(settings, budget, clock)
        self._member_lists = SharedReads(self._members)
        self._names: tuple[datetime, tuple[str, ...]] | None = None
        self._job_queries = {"progress": ["progress"], "legacy": ["legacy"]}.get(
            settings.job_endpoint, ["progress", "legacy"]
        )

    def __repr__(self) -> str:
        return f"HuaweiCloud({self._settings.ims_url!r}, region={self._settings.region!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def find_images(self, refs: Sequence[str]) -> Mapping[str, tuple[ImageFacts, ...]]:
        """As the port says. An id is looked up by id, anything else by exact name; where an image of our own
        has the name, images of others that are called the same are left out, for they cannot be meant: only
        an owner may share."""
        distinct = tuple(dict.fromkeys(refs))
        found = await _together(self._find(ref) for ref in distinct)
        return dict(zip(distinct, found, strict=True))

    async def image_names(self) -> tuple[str, ...]:
        """As the port says; up to `names_kept` old."""
        now = self._clock()
        if self._names is None or now - self._names[0] >= self._settings.names_kept:
            project = await self._caller.project_id()
            images = await self._images(owner=project)
            self._names = now, tuple(sorted({image.name for image in images if image.owned and image.name}))
        return self._names[1]

    async def members(self, image: ImageId) -> tuple[CloudMember, ...]:
        """As the port says. Where a list names a project twice, its later entry counts. Whoever asks for the same list at
        the same moment shares one call."""
        return await self._member_lists.get(image)

    async def _members(self, image: ImageId) -> tuple[CloudMember, ...]:
        project = await self._caller.project_id()
        listed = await self._pages(
            lambda marker: wire.list_members(project, image, marker), wire.read_members, Priority.READ_BACK
        )
        return tuple({member.project: member for member in listed}.values())

    async def submit(
        self, action: Action, images: Sequence[ImageId], projects: Sequence[ProjectId]
    ) -> Ticket:
        """As the port says: sent once. The ticket's job has still to be asked for, and its success still to
        be verified."""
        return wire.read_ticket(
            await self._caller.answered(wire.submit(action, images, projects), Priority.WRITE)
        )

    async def job(self, job_id: str) -> JobReading:
        """As the port says. The job query that knew a job is asked first from then on; absent is what none of
        them knows."""
        request_id = ""
        for query in tuple(self._job_queries):
            try:
                reading = await self._ask_for_job(query, job_id)
            except CloudRefusedError as error:
                if error.status not in _UNKNOWN_HERE and normal(error.code) != _NOT_PUBLISHED:
                    raise
                request_id = error.request_id
            else:
                self._job_queries.sort(key=lambda each: each != query)
                return reading
        return JobReading(phase=JobPhase.ABSENT, request_id=request_id)

    async def check(self) -> str:
        """As the port says; asks for the quota, which needs valid credentials and changes nothing."""
        project = await self._caller.project_id()
        quota = await self._read(wire.quota(), wire.read_quota, Priority.LOOKUP)
        used = "{} of {} private images used".format(*quota["image"]) if "image" in quota else "no quota told"
        where = f"{self._settings.ims_url}, region {self._settings.region}, project {project}"
        return f"IMS answers at {where}; we come with {self._caller.kind}; {used}."

    async def close(self) -> None:
        """As the port says: connections are closed; safe to call twice."""
        await self._caller.close()

    async def _find(self, ref: str) -> tuple[ImageFacts, ...]:
        if wire.is_image_id(ref):
            return tuple(image for image in await self._images(id=ref.lower()) if image.id == ref.lower())
        named = [image for image in await self._images(name=ref) if image.name == ref]
        return tuple([image for image in named if image.owned] or named)

    async def _images(
        self, *, id: str | None = None, name: str | None = None, owner: str | None = None
    ) -> tuple[ImageFacts, ...]:
        project = await self._caller.project_id()
        images = await self._pages(
            lambda marker: wire.list_images(id=id, name=name, owner=owner, marker=marker),
            lambda answer: wire.read_images(answer, project),
            Priority.LOOKUP,
        )
        return tuple({image.id: image for image in images}.values())

    async def _ask_for_job(self, query: str, job_id: str) -> JobReading:
        if query == "progress":
            return await self._read(wire.job_progress(job_id), wire.read_job, Priority.POLL)
        project = await self._caller.project_id()
        return await self._read(wire.legacy_job(project, job_id), wire.read_job, Priority.POLL)

    async def _pages(
        self,
        call: Callable[[str | None], wire.Call],
        reader: Callable[[Answer], wire.Page[T]],
        priority: Priority,
    ) -> list[T]:
        """All pages. A marker that comes a second time ends the list: what it leads to was read already."""
        items: list[T] = []
        marker: str | None = None
        seen: set[str] = set()
        while True:
            page = await self._read(call(marker), reader, priority)
            items.extend(page.items)
            if page.next is None or page.next in seen:
                return items
            if len(seen) >= _MOST_PAGES:
                raise CloudBusyError("The cloud's list does not end.")
            marker = page.next
            seen.add(marker)

    async def _read(self, call: wire.Call, reader: Callable[[Answer], T], priority: Priority) -> T:
        """What `reader` makes of the answer; a few times while time remains."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settings.timeouts.wait
        delays = [_FIRST_DELAY * 2**i for i in range(self._settings.reads_retry)]
        while True:
            try:
                return reader(await self._caller.answered(call, priority, deadline=deadline))
            except (CloudBusyError, CloudDownError) as error:
                delay = delays.pop(0) if delays else None
                if delay is None or loop.time() + max(delay, error.retry_after or 0) >= deadline:
                    raise
                await asyncio.sleep(delay)


async def _together(calls: Iterable[Awaitable[T]]) -> list[T]:
    """All results in order; the first failure ends the others and comes out as it is."""

    async def run(call: Awaitable[T]) -> T:
        return await call

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(run(call)) for call in calls]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
