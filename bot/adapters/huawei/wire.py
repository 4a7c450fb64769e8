"""Each call of IMS and IAM: how it is asked and how its answer is read. Pure: no network, no clock, no
signature.

Follows the vendor's "Image Management Service API Reference" (members, job query, quota, list images) and
"Obtaining a User Token". A reader is given a successful answer; what it cannot use is CloudBusyError for a
read and AnswerLostError for a write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from bot.adapters.huawei.answers import Answer, as_object, clean, objects
from bot.adapters.huawei.codes import explain
from bot.adapters.huawei.facts import read_date, read_image
from bot.adapters.huawei.settings import Password
from bot.domain.errors import AnswerLostError, BugError, CloudAuthError, CloudBusyError
from bot.domain.model import Action, CloudMember, ImageFacts, ImageId, ProjectId
from bot.ports import JobPhase, JobReading, Ticket

T = TypeVar("T")

IMAGES_A_PAGE = 100
MEMBERS_A_PAGE = 500
_JOB_ID = re.compile(r"[\w-]{1,128}", re.ASCII)
_IMAGE_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_METHODS = {Action.SHARE: "POST", Action.UNSHARE: "DELETE"}
_PHASES = {
    "init": JobPhase.WAITING,
    "running": JobPhase.RUNNING,
    "success": JobPhase.SUCCEEDED,
    "fail": JobPhase.FAILED,
    "failed": JobPhase.FAILED,
    "error": JobPhase.FAILED,
}
_UNKNOWN_TOKEN_LIFE = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request, before it is signed."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T]):
    """A piece of a list, and the marker that asks for the next; None at the end."""

    items: tuple[T, ...]
    next: str | None


@dataclass(frozen=True, kw_only=True)
class Token:
    """What IAM gave for a password."""

    value: str
    issued_at: datetime
    expires_at: datetime
    project_id: str

    def __repr__(self) -> str:
        return f"Token(project_id={self.project_id!r}, expires_at={self.expires_at.isoformat()})"


# -- images --------------------------------------------------------------------------------------------------


def is_image_id(ref: str) -> bool:
    return _IMAGE_ID.fullmatch(ref) is not None


def list_images(
    *, id: str | None = None, name: str | None = None, owner: str | None = None, marker: str | None = None
) -> Call:
    """Images of every type and every enterprise project: an image that is shared with somebody has the type
    `shared`, no longer `private`, on its owner's side too, and without all_granted_eps only the default
    enterprise project is searched."""
    wanted = {"id": id, "name": name, "owner": owner, "marker": marker}
    given = tuple((key, value) for key, value in wanted.items() if value is not None)
    fixed = (("enterprise_project_id", "all_granted_eps"), ("limit", str(IMAGES_A_PAGE)))
    return Call(method="GET", path="/v2/cloudimages", query=given + fixed)


def read_images(answer: Answer, project: str) -> Page[ImageFacts]:
    """A page of images. Where the answer has no marker, the last id of a full page is one."""
    body = answer.document()
    listed = body.get("images")
    if not isinstance(listed, list):
        raise _unreadable(answer)
    images = tuple(read_image(record, project) for record in objects(listed) if clean(record.get("id")))
    following = _next_marker(body)
    if following is None and len(listed) >= IMAGES_A_PAGE and images:
        following = images[-1].id
    return Page(items=images, next=following)


# -- members -------------------------------------------------------------------------------------------------


def list_members(project: str, image: ImageId, marker: str | None = None) -> Call:
    query = (("limit", str(MEMBERS_A_PAGE)), *((("marker", marker),) if marker is not None else ()))
    return Call(
        method="GET", path=f"/v1/{_segment(project)}/cloudimages/{_segment(image)}/members", query=query
    )


def read_members(answer: Answer) -> Page[CloudMember]:
    """A page of the member list without accounts and organizations. A member without a type is a project:
    older clouds know no other."""
    body = answer.document()
    listed = body.get("members")
    if not isinstance(listed, list):
        raise _unreadable(answer)
    members = tuple(
        CloudMember(project=ProjectId(project), status=clean(entry.get("status"), 64).lower())
        for entry in objects(listed)
        if (clean(entry.get("member_type"), 64).lower() or "project") == "project"
        and (project := clean(entry.get("member_id"), 64).lower())
    )
    return Page(items=members, next=_next_marker(body) if listed else None)


def _next_marker(body: Mapping[str, Any]) -> str | None:
    """The vendor's schema has page_info as an object, its example as a list of one."""
    info = body.get("page_info")
    for candidate in (as_object(info), *objects(info)):
        if marker := clean(candidate.get("next_marker"), 400):
            return marker
    return None


# -- batch calls and their jobs ------------------------------------------------------------------------------


def submit(action: Action, images: Sequence[ImageId], projects: Sequence[ProjectId]) -> Call:
    """Share or unshare every image x project; both carry a body. Raises BugError when there is nothing to
    do."""
    if not images or not projects:
        raise BugError("a batch call needs at least one image and one project")
    body = {"images": list(dict.fromkeys(images)), "projects": list(dict.fromkeys(projects))}
    data = json.dumps(body, separators=(",", ":")).encode()
    return Call(method=_METHODS[action], path="/v1/cloudimages/members", body=data)


def read_ticket(answer: Answer) -> Ticket:
    """The job's id. Raises AnswerLostError where there is none: the cloud said yes, so something may have
    happened."""
    job_id = answer.document().get("job_id")
    if not isinstance(job_id, str) or _JOB_ID.fullmatch(job_id) is None:
        message = f"The cloud said yes (HTTP {answer.status}) but named no job; it may have been carried out."
        raise AnswerLostError(message, request_id=answer.request_id)
    return Ticket(job_id=job_id, request_id=answer.request_id)


def job_progress(job_id: str) -> Call:
    """The present job query (ShowJobProgress)."""
    return Call(method="GET", path=f"/v1/cloudimages/job/{_segment(job_id)}")


def legacy_job(project: str, job_id: str) -> Call:
    """The deprecated job query (ShowJob): the only one of older clouds, and the only one said to tell results
    per image."""
    return Call(method="GET", path=f"/v1/{_segment(project)}/jobs/{_segment(job_id)}")


def read_job(answer: Answer) -> JobReading:
    """Where the job is. A status the vendor does not list counts as running: only a known word ends a job."""
    body = answer.document()
    status = clean(body.get("status"), 64)
    if not status:
        raise _unreadable(answer)
    entities = as_object(body.get("entities"))
    code = next((c for part in (body, entities) if (c := clean(part.get("error_code"), 60))), "")
    said = (body.get("fail_reason"), entities.get("error"), entities.get("addition_error_msg"))
    reason = next((s for words in said if (s := clean(words).strip())), "")
    return JobReading(
        phase=_PHASES.get(status.strip().lower(), JobPhase.RUNNING),
        status=status,
        error_code=code,
        reason=explain(code, reason),
        results=dict(_results(entities)) or None,
        request_id=answer.request_id,
    )


def _results(entities: Mapping[str, Any]) -> Iterator[tuple[ImageId, str]]:
    """Per image the cloud's word. Of several entries for one image a bad one counts, so it comes last."""
    parts = [(entry.get("image_id"), entry.get("status")) for entry in objects(entities.get("results"))]
    for sub in objects(entities.get("sub_jobs_result")):
        parts.append((as_object(sub.get("entities")).get("image_id"), sub.get("status")))
    found = [(clean(image, 64).lower(), clean(status, 64)) for image, status in parts]
    for image, status in sorted(found, key=lambda item: item[1].lower() != "success"):
        if image:
            yield ImageId(image), status


# -- quota and token -----------------------------------------------------------------------------------------


def quota() -> Call:
    return Call(method="GET", path="/v1/cloudimages/quota")


def read_quota(answer: Answer) -> Mapping[str, tuple[int, int]]:
    """Used and allowed, by type such as image; raises CloudBusyError when this is not IMS speaking."""
    body = answer.document()
    if "quotas" not in body:
        raise _unreadable(answer)
    resources = objects(as_object(body["quotas"]).get("resources"))
    return {
        clean(entry.get("type"), 64): (used, allowed)
        for entry in resources
        if isinstance(used := entry.get("used"), int) and isinstance(allowed := entry.get("quota"), int)
    }


def issue_token(who: Password, *, project_id: str | None, region: str) -> Call:
    """A token scoped to one project, by id, else by name; the region's own project has the region's name."""
    scope = {"id": project_id} if project_id else {"name": who.project_name or region}
    user = {"domain": {"name": who.user_domain_name}, "name": who.username, "password": who.password}
    identity = {"methods": ["password"], "password": {"user": user}}
    body = json.dumps(
        {"auth": {"identity": identity, "scope": {"project": scope}}}, separators=(",", ":")
    ).encode()
    return Call(method="POST", path="/v3/auth/tokens", query=(("nocatalog", "true"),), body=body)


def read_token(answer: Answer, now: datetime) -> Token:
    """The token. An unreadable time of expiry counts as an hour. Raises CloudAuthError where there is no
    token."""
    value = answer.headers.get("x-subject-token", "").strip()
    token = as_object(answer.document().get("token"))
    if not value:
        message = "The identity service answered without a token; check its address (OS_AUTH_URL)."
        raise CloudAuthError(message, status=answer.status, request_id=answer.request_id)
    return Token(
        value=value,
        issued_at=now,
        expires_at=read_date(token.get("expires_at")) or now + _UNKNOWN_TOKEN_LIFE,
        project_id=clean(as_object(token.get("project")).get("id"), 64).lower(),
    )


def _segment(value: str) -> str:
    """One segment of a path, whatever the text."""
    return quote(value, safe="").replace(".", "%2E") if value in (".", "..") else quote(value, safe="")


def _unreadable(answer: Answer) -> CloudBusyError:
    message = f"The cloud's answer (HTTP {answer.status}) could not be read."
    return CloudBusyError(message, request_id=answer.request_id)
