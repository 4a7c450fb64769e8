"""Where a region's services answer. Names only, no network. The list and the patterns follow the vendor's
"Regions and Endpoints" page and its Terraform provider, which alone knows that the European cloud ends in
.eu."""

from __future__ import annotations

import difflib
import ipaddress
import re
from urllib.parse import urlsplit

REGIONS: tuple[str, ...] = (
    "ae-ad-1", "af-north-1", "af-south-1",
    "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
    "cn-east-2", "cn-east-3", "cn-east-4", "cn-east-5",
    "cn-north-1", "cn-north-2", "cn-north-4", "cn-north-9", "cn-north-11", "cn-north-12",
    "cn-south-1", "cn-south-2", "cn-south-4", "cn-southwest-2", "cn-southwest-3",
    "eu-ch2", "eu-de", "eu-nl", "eu-west-0", "eu-west-101",
    "la-north-2", "la-south-2", "me-east-1", "my-kualalumpur-1", "na-mexico-1", "ru-moscow-1", "sa-brazil-1",
    "tr-west-1",
)  # fmt: skip
"""Regions known to run IMS. Another one may exist: the list suggests, it never forbids."""

_SHAPE = re.compile(r"[a-z]{2}-[a-z]+-?\d{1,3}|eu-de|eu-nl|eu-ch2")
_OPEN_TELEKOM_CLOUD = {
    "eu-de": "otc.t-systems.com",
    "eu-nl": "otc.t-systems.com",
    "eu-ch2": "sc.otc.t-systems.com",
}


def is_region(text: str) -> bool:
    """Whether the text is spelled like a region, known or not."""
    return text in REGIONS or _SHAPE.fullmatch(text) is not None


def nearest_region(text: str) -> str:
    """The known region that a mistyped one most likely means; empty when none is near."""
    return next(iter(difflib.get_close_matches(text.strip().lower(), REGIONS, n=1, cutoff=0.7)), "")


def domain(region: str) -> str:
    """The domain under which the region's services have their hosts."""
    if region.startswith("eu-west-1"):
        return "myhuaweicloud.eu"
    return _OPEN_TELEKOM_CLOUD.get(region, "myhuaweicloud.com")


def ims_endpoint(region: str) -> str:
    """Address of the Image Management Service, without a trailing slash."""
    return f"https://ims.{region}.{domain(region)}"


def iam_endpoint(region: str) -> str:
    """Address of the identity service that issues tokens for the region, without version and trailing
    slash."""
    return f"https://iam.{region}.{domain(region)}"


def is_loopback(url: str) -> bool:
    """Whether the address is on this machine: plain HTTP is fine there, and no proxy stands between."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
