"""What the simulator remembers and what can be switched: plain values, hardly any behaviour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

Now = Callable[[], datetime]
Pair = tuple[str, str]
"""(image id, project id)."""
Kind = Literal["add", "delete", "update"]


class Switches:
    """What is unknown of the real service, or differs from place to place. May be changed at any time."""

    legacy_only: bool = False
    """Only GET /v1/{project}/jobs/{id} exists (Open Telekom Cloud)."""
    current_only: bool = False
    """Only GET /v1/cloudimages/job/{id} exists."""
    page_info_array: bool = False
    """page_info of member lists is a list of one, as in the vendor's OpenAPI example."""
    marker_always: bool = False
    """The last page of members has a next_marker too, as in the vendor's example; an empty page follows."""
    results_in_progress: bool = False
    """The current job endpoint carries entities.results as the deprecated one does."""
    results_with_project: bool = False
    """entities.results has an entry a pair (2022 example); otherwise one an image (2024 example)."""
    progressive: bool = False
    """Pairs take effect one after the other while the job runs, not all at its end."""
    late_checks: bool = False
    """What cannot be shared, and with whom, is found by the job and not by the call."""
    existing_member: Literal["keep", "refuse"] = "keep"
    """Adding a member that is there: harmless, or IMG.0112."""
    missing_member: Literal["ignore", "fail"] = "ignore"
    """Deleting a member that is not there: harmless, or IMG.0113."""
    absent_job_status: int = 404
    """The HTTP status for a job id the service does not know."""
    requests_per_second: float | None = None
    """Above this many requests in one second of the clock: 429 APIGW.0308."""
    tenant_limit: int = 256
    full_ecs_limit: int = 10
    windows_shareable: bool = False
    token_seconds: float = 86400.0
    lock_after: int = 5
    """More consecutive failures than this lock an access key, and an IAM user."""
    lock_seconds: float = 300.0
    skew_seconds: float = 900.0
    require_auth: bool = True
    job_seconds: Callable[[str], float] | float = 1.0
    """How long a job takes; a callable is given "add", "delete" or "update"."""


@dataclass(kw_only=True)
class Image:
    """One image, with the facts that decide whether it can be shared."""

    id: str
    name: str
    owner: str
    created_at: datetime
    updated_at: datetime
    kind: Literal["system", "data", "full-ecs"] = "system"
    os: str = "Ubuntu 24.04 server 64bit"
    status: str = "active"
    encrypted: bool = False
    windows: bool = False
    public: bool = False
    marketplace: bool = False
    tags: tuple[str, ...] = ()
    size: int = 1_073_741_824
    """Bytes."""
    min_disk: int = 40
    enterprise_project_id: str = "0"
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Wire fields to put over those the simulator makes; None takes a field away."""


@dataclass(kw_only=True)
class Member:
    """One (image, project) pair that exists."""

    row: int
    """Ever growing; the paging marker is made of it."""
    image: str
    project: str
    status: str
    created_at: datetime
    updated_at: datetime


class Effect(NamedTuple):
    """A pair really changed by an API call."""

    at: datetime
    what: str
    """"add" or "delete"."""
    image: str
    project: str


@dataclass(kw_only=True)
class Call:
    """One request as it arrived. A password in it is replaced by stars."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    """Parsed JSON; text when it is not JSON; None without a body."""
    at: datetime
    status: int | None = None
    """None until answered, and for good when the connection was cut instead."""
    request_id: str = ""


@dataclass(kw_only=True)
class Job:
    """One asynchronous job. `state` is the wire's word: INIT, RUNNING, SUCCESS or FAIL."""

    id: str
    kind: Kind
    owner: str
    images: tuple[str, ...]
    projects: tuple[str, ...]
    begin: datetime
    due: datetime | None
    """When it will end; None: never."""
    member_status: str = ""
    """What an update sets."""
    ending: str = ""
    """A fault that decides how it ends."""
    state: str = "INIT"
    end: datetime | None = None
    results: dict[Pair, str] = field(default_factory=dict)
    """Per finished pair the truth: "" done, otherwise the error code."""
    lies: set[Pair] = field(default_factory=set)
    """Pairs that failed though the job says they did not."""
    error_code: str = ""

    @property
    def pairs(self) -> tuple[Pair, ...]:
        return tuple((image, project) for image in self.images for project in self.projects)

    @property
    def job_type(self) -> str:
        """As in "Querying the Status of an Asynchronous Job"."""
        return {"add": "imsAddImageMembersJob", "delete": "imsDelImageMembersJob"}.get(
            self.kind, "imsUpdateImageMembersJob"
        )

    def told(self, pair: Pair) -> str:
        """What the job claims of this pair: "" or an error code."""
        if self.ending == "job_success_but_missing" or pair in self.lies:
            return ""
        return self.results.get(pair, "")
