"""Ids and the two actions."""

from __future__ import annotations

from enum import StrEnum
from typing import NewType

RequestId = NewType("RequestId", int)
LaneId = NewType("LaneId", str)
"""`<request>.<number>`, such as "12.1"."""
JobRowId = NewType("JobRowId", int)
InboxId = NewType("InboxId", int)
ImageId = NewType("ImageId", str)
"""A UUID in lower case."""
ProjectId = NewType("ProjectId", str)
"""32 lower-case hex digits."""
GroupName = NewType("GroupName", str)


class Action(StrEnum):
    SHARE = "share"
    UNSHARE = "unshare"


class ImageKind(StrEnum):
    SYSTEM = "system"
    DATA = "data"
    FULL_ECS = "full-ecs"
