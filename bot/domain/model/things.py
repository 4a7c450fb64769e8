"""The cloud's images, projects and member lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.model.ids import ImageId, ImageKind, ProjectId


@dataclass(frozen=True, kw_only=True)
class ImageFacts:
    """What IMS says of an image. None means unknown: the field was absent or the look-up failed."""

    id: ImageId
    name: str = ""
    kind: ImageKind | None = None
    encrypted: bool | None = None
    windows: bool | None = None
    os: str | None = None
    """The os version as the cloud spells it, such as "Ubuntu 24.04 server 64bit"."""
    status: str | None = None
    """The cloud's word; "active" can be shared."""
    owner: str | None = None
    """Project id of the owner."""
    owned: bool | None = None
    """Whether our own project owns it; only the owner may share."""
    public: bool | None = None
    marketplace: bool | None = None
    size_gb: float | None = None
    tags: frozenset[str] = frozenset()
    created_at: datetime | None = None
    shared_with: frozenset[ProjectId] | None = None
    """Projects that are on its member list and have not rejected it; None when the list could not be read."""

    @property
    def active(self) -> bool | None:
        return None if self.status is None else self.status == "active"


@dataclass(frozen=True, kw_only=True)
class ProjectFacts:
    """A receiving project, from the policy's register."""

    id: ProjectId
    name: str
    env: str | None = None
    tenant: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CloudMember:
    """One entry of an image's member list, as the cloud shows it."""

    project: ProjectId
    status: str
    """pending, accepted or rejected."""
