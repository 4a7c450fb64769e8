"""From IMS's record of an image to the facts the policy judges. Pure. What the record does not say is None,
never a guess, and no date, size or new field can make it fail."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.adapters.huawei.answers import clean
from bot.domain.model import ImageFacts, ImageId, ImageKind

_DATES = ("%d-%b-%Y %H:%M:%S:%f", "%Y-%m-%d %H:%M:%S")
_KINDS = {
    "dataimage": ImageKind.DATA,
    "fusioncompute": ImageKind.SYSTEM,
    "ironic": ImageKind.SYSTEM,
    "isoimage": ImageKind.SYSTEM,
}


def read_image(record: Mapping[str, Any], project: str) -> ImageFacts:
    """The facts of one entry of ListImages; `project` is our own, which tells `owned`."""
    owner = clean(record.get("owner"), 64).lower() or None
    return ImageFacts(
        id=ImageId(clean(record.get("id"), 64).lower()),
        name=clean(record.get("name")),
        kind=_kind(record),
        encrypted=_encrypted(record),
        windows=_windows(record),
        os=clean(record.get("__os_version")) or clean(record.get("__platform")) or None,
        status=clean(record.get("status"), 64).lower() or None,
        owner=owner,
        owned=None if owner is None else owner == project.lower(),
        public=_public(record),
        marketplace=_marketplace(record),
        size_gb=_size(record),
        tags=_tags(record),
        created_at=read_date(record.get("created_at")),
    )


def _truth(value: object) -> bool | None:
    """Booleans of the `__` fields are strings."""
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "false": False, "0": False}.get(clean(value, 10).strip().lower())


def _kind(record: Mapping[str, Any]) -> ImageKind | None:
    if _truth(record.get("__whole_image")):
        return ImageKind.FULL_ECS
    return _KINDS.get(clean(record.get("virtual_env_type"), 64).lower())


def _encrypted(record: Mapping[str, Any]) -> bool | None:
    """IMS leaves the key's id out of the record of an unencrypted image. Only in a record that has the fields
    every record has does its absence prove anything; an explicit null proves nothing either."""
    if "__system__cmkid" in record:
        key = record["__system__cmkid"]
        return bool(key.strip()) if isinstance(key, str) else None
    return False if record.get("owner") and record.get("status") and record.get("__imagetype") else None


def _windows(record: Mapping[str, Any]) -> bool | None:
    system = clean(record.get("__os_type"), 64).lower()
    return system == "windows" if system else None


def _public(record: Mapping[str, Any]) -> bool | None:
    visibility, kind = (
        clean(record.get("visibility"), 64).lower(),
        clean(record.get("__imagetype"), 64).lower(),
    )
    return None if not (visibility or kind) else visibility == "public" or kind == "gold"


def _marketplace(record: Mapping[str, Any]) -> bool | None:
    kind = clean(record.get("__imagetype"), 64).lower()
    if clean(record.get("__productcode")).strip() or kind == "market":
        return True
    return False if kind else None


def _size(record: Mapping[str, Any]) -> float | None:
    """GiB of the image's file where IMS tells it (in bytes), else of the smallest disk it fits."""
    for name, unit in (("__image_size", 1024**3), ("image_size", 1024**3), ("min_disk", 1)):
        try:
            size = float(record.get(name) or 0) / unit
        except (TypeError, ValueError, OverflowError):
            continue
        if size > 0 and math.isfinite(size):
            return round(size, 3)
    return None


def _tags(record: Mapping[str, Any]) -> frozenset[str]:
    found = set()
    for field in ("tags", "image_tags"):
        listed = record.get(field)
        for tag in listed if isinstance(listed, list) else ():
            if isinstance(tag, dict):
                found.add(f"{clean(tag.get('key'))}={clean(tag.get('value'))}")
            elif text := clean(tag):
                found.add(text)
    return frozenset(found)


def read_date(value: object) -> datetime | None:
    """A date in any of the spellings IMS uses, in UTC; None for any other."""
    text = clean(value, 64).strip()
    try:
        return _in_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        pass
    for form in _DATES:
        try:
            return _in_utc(datetime.strptime(text, form))  # noqa: DTZ007 - made aware at once
        except (ValueError, OverflowError):
            continue
    return None


def _in_utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
