"""The IMS endpoints: read the request strictly, ask the world or the desk, write the answer.

Who calls was settled before. Paths and bodies: IMS API reference, "Image Sharing", "Image Jobs", "Image
Quota" and the native OpenStack counterparts.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.simulator.ims import listing
from bot.simulator.ims.answers import gateway, ims
from bot.simulator.ims.cloud import Cloud
from bot.simulator.ims.faults import JOB_ENDINGS, JOB_READINGS
from bot.simulator.ims.records import Job, Kind, Member
from bot.simulator.ims.signing import query_pairs

CALLER: web.RequestKey[str] = web.RequestKey("caller", str)
"""The project the request acts for."""
_BATCH = "/v1/cloudimages/members"
_ANSWERS = ("accepted", "rejected")


def _query(request: web.Request) -> list[tuple[str, str]]:
    return query_pairs(request.raw_path.partition("?")[2])


async def _body(
    request: web.Request, required: dict[str, type], optional: dict[str, type] | None = None
) -> dict[str, Any]:
    """The JSON object, its fields known and of their types; IMG.0007 for none, IMG.0001 for anything else."""
    raw = await request.read()
    if not raw.strip():
        raise ims("IMG.0007")
    if request.content_type != "application/json":
        raise ims("IMG.0001", "Content-Type must be application/json")
    try:
        body = json.loads(raw)
    except ValueError:
        raise ims("IMG.0001", "not JSON") from None
    known = required | (optional or {})
    if not isinstance(body, dict) or not set(required) <= set(body) <= set(known):
        raise ims("IMG.0001", f"the fields are {', '.join(known)}")
    if any(not isinstance(value, known[name]) for name, value in body.items()):
        raise ims("IMG.0001", "a field is of the wrong type")
    return body


def _ids(body: dict[str, Any], name: str) -> tuple[str, ...]:
    """At least one id, each counted once, in the order given."""
    ids = body[name]
    if not ids or any(not isinstance(id, str) for id in ids):
        raise ims("IMG.0001", f"{name} must be a list of at least one id")
    return tuple(dict.fromkeys(ids))


def _member_fields(member: Member) -> dict[str, Any]:
    return {
        "status": member.status,
        "created_at": listing.stamp(member.created_at),
        "updated_at": listing.stamp(member.updated_at),
        "image_id": member.image,
        "member_id": member.project,
        "member_type": "project",
        "schema": "/v2/schemas/member",
    }


@dataclass
class Routes:
    cloud: Cloud

    def table(self) -> list[web.RouteDef]:
        native, listed = "/v2/images/{image}/members", "/v1/{project}/cloudimages/{image}/members"
        return [
            web.post(_BATCH, self._batch("add")),
            web.delete(_BATCH, self._batch("delete")),
            web.put(_BATCH, self.answer_batch),
            web.get("/v1/cloudimages/job/{job}", self.job_progress, allow_head=False),
            web.get("/v1/cloudimages/quota", self.quota, allow_head=False),
            web.get("/v1/{project}/jobs/{job}", self.job_status, allow_head=False),
            web.get(listed, self.members, allow_head=False),
            web.get(listed + "/{member}", self.member, allow_head=False),
            web.get("/v2/cloudimages", self.images, allow_head=False),
            web.get(native, self.members, allow_head=False),
            web.post(native, self.add_member),
            web.get(native + "/{member}", self.member, allow_head=False),
            web.put(native + "/{member}", self.answer_member),
            web.delete(native + "/{member}", self.delete_member),
        ]

    # -- the batch calls -------------------------------------------------------------------------------

    def _batch(self, kind: Kind) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def serve(request: web.Request) -> web.Response:
            body = await _body(
                request, {"images": list, "projects": list}, {"domains": list, "organizations": list}
            )
            if body.get("domains") or body.get("organizations"):
                raise ims("IMG.0105", "the simulator knows projects only")
            images, projects = _ids(body, "images"), _ids(body, "projects")
            self.cloud.world.check_batch(kind, images, projects, request[CALLER])
            return self._opened(request, kind, images, projects)

        return serve

    async def answer_batch(self, request: web.Request) -> web.Response:
        """A receiver accepts or rejects."""
        required: dict[str, type] = {"images": list, "project_id": str, "status": str}
        body = await _body(request, required, {"vault_id": str})
        if body["status"] not in _ANSWERS:
            raise ims("IMG.0001", "status is accepted or rejected")
        images, project = _ids(body, "images"), body["project_id"]
        for image in images:
            found = self.cloud.world.image(image)
            self.cloud.world.check_answer(
                found, project, request[CALLER], body["status"], body.get("vault_id", "")
            )
        return self._opened(request, "update", images, (project,), status=body["status"])

    def _opened(
        self,
        request: web.Request,
        kind: Kind,
        images: tuple[str, ...],
        projects: tuple[str, ...],
        *,
        status: str = "",
    ) -> web.Response:
        fault = self.cloud.faults.take(f"{request.method} {request.path}", JOB_ENDINGS)
        job = self.cloud.desk.open(
            kind,
            images,
            projects,
            owner=request[CALLER],
            ending=fault.what if fault else "",
            member_status=status,
        )
        return web.json_response({"job_id": job.id})

    # -- jobs, quota, images ---------------------------------------------------------------------------

    async def job_progress(self, request: web.Request) -> web.Response:
        if self.cloud.switches.legacy_only:
            raise gateway("APIGW.0101")
        return web.json_response(self.cloud.desk.progress_body(self._job(request)))

    async def job_status(self, request: web.Request) -> web.Response:
        if self.cloud.switches.current_only:
            raise gateway("APIGW.0101")
        self._check_project(request)
        return web.json_response(self.cloud.desk.status_body(self._job(request)))

    def _job(self, request: web.Request) -> Job:
        absent = self.cloud.faults.take(f"{request.method} {request.path}", JOB_READINGS)
        job = self.cloud.desk.by_id.get(request.match_info["job"])
        if absent or job is None or job.owner != request[CALLER]:
            raise ims("IMG.0023", "no such job", status=self.cloud.switches.absent_job_status)
        return job

    async def quota(self, request: web.Request) -> web.Response:
        own = [image for image in self.cloud.world.images.values() if image.owner == request[CALLER]]
        limit = self.cloud.switches.tenant_limit
        rows = (
            ("image", len(own), 100, 1000),
            ("image_shared", 0, limit, 256),
            ("image_member", 0, limit, 256),
        )
        resources = [
            {"type": t, "used": used, "quota": quota, "min": 1, "max": top} for t, used, quota, top in rows
        ]
        return web.json_response({"quotas": {"resources": resources}})

    async def images(self, request: web.Request) -> web.Response:
        return web.json_response(
            {"images": listing.select(self.cloud.world, _query(request), request[CALLER])}
        )

    # -- members ---------------------------------------------------------------------------------------

    async def members(self, request: web.Request) -> web.Response:
        self._check_project(request)
        image = self.cloud.world.image(request.match_info["image"])
        seen = self.cloud.world.visible_members(image, request[CALLER])
        limit, after = self._paging(request)
        page = [member for member in seen if member.row > after][:limit]
        info: dict[str, Any] = {"current_count": len(page)}
        if page and (self.cloud.switches.marker_always or page[-1] is not seen[-1]):
            info["next_marker"] = base64.b64encode(str(page[-1].row).encode()).decode()
        page_info = [info] if self.cloud.switches.page_info_array else info
        fields = [_member_fields(member) for member in page]
        return web.json_response({"members": fields, "schema": "/v2/schemas/members", "page_info": page_info})

    def _paging(self, request: web.Request) -> tuple[int, int]:
        """How many at most, and after which row."""
        pairs = _query(request)
        query = dict(pairs)
        limit = query.pop("limit", "500")
        marker = query.pop("marker", "")
        if query or len(pairs) > len(dict(pairs)) or not limit.isdecimal() or not 1 <= int(limit) <= 1000:
            raise ims(
                "IMG.0017", "limit is 1 to 1000, marker the next_marker of the page before; nothing else"
            )
        try:
            return int(limit), int(base64.b64decode(marker, validate=True)) if marker else 0
        except (ValueError, binascii.Error):
            raise ims("IMG.0017", "marker is not a next_marker") from None

    async def member(self, request: web.Request) -> web.Response:
        self._check_project(request)
        image = self.cloud.world.image(request.match_info["image"])
        wanted = request.match_info["member"]
        for member in self.cloud.world.visible_members(image, request[CALLER]):
            if member.project == wanted:
                return web.json_response(_member_fields(member))
        raise ims("IMG.0114", wanted, status=404)

    async def add_member(self, request: web.Request) -> web.Response:
        """Native: one pair, at once."""
        project = (await _body(request, {"member": str}))["member"]
        return self._change_now(request, "add", project)

    async def delete_member(self, request: web.Request) -> web.Response:
        project = request.match_info["member"]
        if self.cloud.world.member(request.match_info["image"], project) is None:
            self.cloud.world.check_batch("delete", [request.match_info["image"]], [project], request[CALLER])
            raise ims("IMG.0113", project, status=404)
        return self._change_now(request, "delete", project)

    def _change_now(self, request: web.Request, kind: Kind, project: str) -> web.Response:
        world, image = self.cloud.world, request.match_info["image"]
        world.check_batch(kind, [image], [project], request[CALLER])
        code = world.change(kind, (image, project), world.now())
        if code:
            raise ims(code, status=409 if code == "IMG.0112" else None)
        there = world.member(image, project)
        return web.Response(status=204) if there is None else web.json_response(_member_fields(there))

    async def answer_member(self, request: web.Request) -> web.Response:
        body = await _body(request, {"status": str}, {"vault_id": str})
        if body["status"] not in _ANSWERS:
            raise ims("IMG.0001", "status is accepted or rejected")
        world, project = self.cloud.world, request.match_info["member"]
        image = world.image(request.match_info["image"])
        world.check_answer(image, project, request[CALLER], body["status"], body.get("vault_id", ""))
        world.put(image.id, project, body["status"], world.now())
        return web.json_response(_member_fields(world.shared[image.id][project]))

    def _check_project(self, request: web.Request) -> None:
        """A project in the path must be the caller's."""
        if request.match_info.get("project", request[CALLER]) != request[CALLER]:
            raise ims("IMG.0030", "the project of the path is not that of the credentials")
