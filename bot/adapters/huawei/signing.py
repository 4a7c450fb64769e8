"""Signing a call with an access key: SDK-HMAC-SHA256, as the vendor's "API Signing Guide" has it. Pure: no
clock, no network.

The gateway computes the same from what it receives, so the canonical query made here is the very query to be
sent.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote, unquote

from bot.adapters.huawei.settings import AkSk

ALGORITHM = "SDK-HMAC-SHA256"
_EMPTY_HASH = sha256(b"").hexdigest()
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*").fullmatch
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_.~/-]*").fullmatch
"""Most texts need no encoding, and to see that is quicker than to do it."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What of a call is signed."""

    method: str
    host: str
    """As in the Host header: with the port unless it is the scheme's own."""
    path: str
    """As sent, percent-encoded or not."""
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def canonical_query(query: Sequence[tuple[str, str]]) -> str:
    """The query in the order and spelling that is both signed and sent: sorted, everything but A-Z a-z 0-9 -
    . _ ~ encoded."""
    return "&".join([f"{_encoded(key)}={_encoded(value)}" for key, value in sorted(query)])


def canonical_path(path: str) -> str:
    """The path as it is signed, which ends with a slash even where the path sent does not."""
    encoded = path if _PLAIN_PATH(path) else quote(unquote(path), safe="~/")
    return encoded if encoded.endswith("/") else encoded + "/"


def sign(parts: Parts, key: AkSk, at: datetime) -> dict[str, str]:
    """All headers to send: those of `parts`, Host, X-Sdk-Date, X-Security-Token for a temporary key, and
    Authorization.

    `at` must be within 15 minutes of the gateway's own clock. All headers of `parts` are signed, so they must
    reach the gateway unchanged; one with an underscore in its name is sent unsigned, as gateways drop such
    names.
    """
    moment = _stamp(at.astimezone(UTC))
    headers = {**parts.headers, "Host": parts.host, "X-Sdk-Date": moment}
    if key.security_token:
        headers["X-Security-Token"] = key.security_token
    content_type = headers.get("Content-Type", "")
    if content_type and not content_type.startswith(("application/json", "application/bson")):
        headers["X-Sdk-Content-Sha256"] = "UNSIGNED-PAYLOAD"
    signed = sorted([(name.lower(), value.strip()) for name, value in headers.items() if "_" not in name])
    names = ";".join([name for name, _ in signed])
    lines = "".join([f"{name}:{value}\n" for name, value in signed])
    body_hash = _EMPTY_HASH
    if parts.body:
        body_hash = headers.get("X-Sdk-Content-Sha256") or sha256(parts.body).hexdigest()
    asked = f"{parts.method.upper()}\n{canonical_path(parts.path)}\n{canonical_query(parts.query)}"
    canonical = f"{asked}\n{lines}\n{names}\n{body_hash}"
    to_sign = f"{ALGORITHM}\n{moment}\n{sha256(canonical.encode()).hexdigest()}"
    signature = _keyed(key.sk).copy()
    signature.update(to_sign.encode())
    proof = f"Access={key.ak}, SignedHeaders={names}, Signature={signature.hexdigest()}"
    headers["Authorization"] = f"{ALGORITHM} {proof}"
    return headers


def _encoded(text: str) -> str:
    return text if _PLAIN(text) else quote(text, safe="~")


def _stamp(at: datetime) -> str:
    """Such as 20260115T101112Z; strftime takes four times as long."""
    return f"{at.year:04}{at.month:02}{at.day:02}T{at.hour:02}{at.minute:02}{at.second:02}Z"


@lru_cache(maxsize=4)
def _keyed(secret: str) -> hmac.HMAC:
    """The secret key, ready to sign: a copy of it is cheaper than to begin anew with each call."""
    return hmac.new(secret.encode(), digestmod=sha256)
