"""GET /v2/cloudimages: an image in wire fields, and which images a query selects. Changes nothing.

Facts: IMS API reference, "Querying Images"; the default enterprise project is of the OpenAPI definition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from bot.simulator.ims.answers import ims
from bot.simulator.ims.records import Image
from bot.simulator.ims.world import World

_WORDS: Mapping[str, str] = {
    "__imagetype": "gold private shared market",
    "visibility": "public private shared",
    "member_status": "accepted rejected pending",
    "status": "queued saving deleted killed active",
    "__os_type": "Linux Windows Other",
    "virtual_env_type": "FusionCompute Ironic DataImage IsoImage",
    "__isregistered": "true false",
    "__whole_image": "true false",
    "protected": "true false",
    "sort_dir": "asc desc",
    "sort_key": "name container_format disk_format min_ram min_disk status id size created_at updated_at",
}
"""Where only some words are allowed."""
_EQUAL = frozenset(
    (
        *(
            "id",
            "name",
            "owner",
            "status",
            "visibility",
            "protected",
            "min_disk",
            "min_ram",
            "container_format",
        ),
        *("disk_format", "virtual_env_type", "__imagetype", "__os_type", "__platform", "__os_bit"),
        *("__isregistered", "__whole_image", "__system__cmkid"),
    )
)
"""Parameters that must equal the field of their name."""
_TIMES = frozenset({"created_at", "updated_at"})
_CONTROLS = frozenset(
    {"member_status", "enterprise_project_id", "tag", "limit", "marker", "sort_key", "sort_dir"}
)
KNOWN = _EQUAL | _TIMES | _CONTROLS
_DEFAULTS = {"protected": "false", "__whole_image": "false"}


def stamp(at: datetime) -> str:
    """Such as 2018-09-06T14:03:27Z."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def render(world: World, image: Image) -> dict[str, Any]:
    """The image in wire fields. Booleans of `__` fields are strings there."""
    shared = bool(world.members(image.id))
    kind = "gold" if image.public else "market" if image.marketplace else "shared" if shared else "private"
    fields: dict[str, Any] = {
        "schema": "/v2/schemas/image",
        "id": image.id,
        "name": image.name,
        "owner": image.owner,
        "status": image.status,
        "visibility": "public" if image.public else "shared" if shared else "private",
        "protected": image.public,
        "created_at": stamp(image.created_at),
        "updated_at": stamp(image.updated_at),
        "file": f"/v2/images/{image.id}/file",
        "self": f"/v2/images/{image.id}",
        "checksum": "d41d8cd98f00b204e9800998ecf8427e",
        "container_format": "bare",
        "disk_format": "zvhd2",
        "min_disk": image.min_disk,
        "min_ram": 0,
        "size": image.size,
        "virtual_size": None,
        "tags": list(image.tags),
        "hw_firmware_type": "bios",
        "enterprise_project_id": image.enterprise_project_id,
        "virtual_env_type": "DataImage" if image.kind == "data" else "FusionCompute",
        "__imagetype": kind,
        "__image_source_type": "uds",
        "__image_size": str(image.size),
        "__isregistered": "true",
        "__lazyloading": "true",
        "__support_kvm": "true",
        "__os_bit": "64",
        "__os_type": "Windows" if image.windows else "Linux",
        "__platform": "Windows" if image.windows else image.os.partition(" ")[0],
        "__os_version": image.os,
    }
    fields |= _special(image)
    return {name: value for name, value in (fields | dict(image.extra)).items() if _kept(image, name, value)}


def _special(image: Image) -> dict[str, Any]:
    """The fields that only some images carry."""
    fields: dict[str, Any] = {}
    if image.encrypted:
        fields["__system__cmkid"] = str(uuid5(NAMESPACE_OID, image.id))
    if image.kind == "full-ecs":
        fields |= {"__whole_image": "true", "__backup_id": str(uuid5(NAMESPACE_OID, "backup" + image.id))}
    if image.marketplace:
        fields |= {"__productcode": "sim00001", "__is_offshelved": "false"}
    return fields


def _kept(image: Image, name: str, value: object) -> bool:
    return not (value is None and name in image.extra)


def select(world: World, query: Sequence[tuple[str, str]], caller: str) -> list[dict[str, Any]]:
    """The images of one page; IMG.0017 for a parameter that is unknown, repeated or out of its values."""
    wanted = _checked(query)
    found = [render(world, image) for image in _visible(world, wanted, caller)]
    found = [fields for fields in found if _matches(fields, {"__isregistered": "true"} | wanted)]
    return _page(found, wanted)


def _checked(query: Sequence[tuple[str, str]]) -> dict[str, str]:
    wanted: dict[str, str] = {}
    for name, value in query:
        if name not in KNOWN or name in wanted:
            raise ims("IMG.0017", f"{name} is not a parameter of this query, or given twice")
        if name in _WORDS and value not in _WORDS[name].split():
            raise ims("IMG.0024" if name == "__imagetype" else "IMG.0017", f"{name}={value}")
        if name in _TIMES and not _compares(value):
            raise ims("IMG.0017", f"{name}={value}")
        wanted[name] = value
    if "member_status" in wanted and wanted.get("visibility") != "shared":
        raise ims("IMG.0017", "member_status needs visibility=shared")
    limit = wanted.get("limit", "500")
    if not limit.isdecimal() or not 1 <= int(limit) <= 1000:
        raise ims("IMG.0017", f"limit={limit}")
    return wanted


def _visible(world: World, wanted: Mapping[str, str], caller: str) -> list[Image]:
    """Own images of the enterprise project, public ones, and shared ones with the answer asked for."""
    status = wanted.get("member_status")
    # The default "0" is the vendor's; that a query by id finds the image wherever it is, is a guess.
    enterprise = wanted.get("enterprise_project_id", "all_granted_eps" if "id" in wanted else "0")
    kept = []
    for image in world.images.values():
        member = world.member(image.id, caller)
        if member is not None:
            seen = member.status == (status or "accepted")
        elif image.owner == caller:
            seen = status is None and enterprise in ("all_granted_eps", image.enterprise_project_id)
        else:
            seen = status is None and image.public
        if seen:
            kept.append(image)
    return kept


def _matches(fields: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    for name, value in wanted.items():
        have = fields.get(name, _DEFAULTS.get(name))
        if name in _EQUAL and (str(have).lower() if isinstance(have, bool) else str(have)) != value:
            return False
        if name in _TIMES and not _time_fits(str(have), value):
            return False
        if name == "tag" and value not in fields.get("tags", ()):
            return False
    return True


def _compares(value: str) -> bool:
    operator, _, time = value.partition(":")
    try:
        datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007 - only its form is of interest
    except ValueError:
        return False
    return operator in ("gt", "gte", "lt", "lte", "eq", "neq")


def _time_fits(have: str, value: str) -> bool:
    operator, _, time = value.partition(":")
    order = (have > time) - (have < time)
    return (
        order
        in {"gt": (1,), "gte": (1, 0), "lt": (-1,), "lte": (-1, 0), "eq": (0,), "neq": (1, -1)}[operator]
    )


def _page(found: list[dict[str, Any]], wanted: Mapping[str, str]) -> list[dict[str, Any]]:
    key, descending = wanted.get("sort_key", "created_at"), wanted.get("sort_dir", "desc") == "desc"
    found.sort(key=lambda fields: (fields.get(key, ""), fields["id"]), reverse=descending)
    start = 0
    if "marker" in wanted:
        ids = [fields["id"] for fields in found]
        if wanted["marker"] not in ids:
            raise ims("IMG.0017", "marker is not the id of an image of this list")
        start = ids.index(wanted["marker"]) + 1
    return found[start : start + int(wanted.get("limit", "500"))]
