"""Checks an SDK-HMAC-SHA256 signature from the vendor's description alone (API Signing Guide). No state.

It works on the request line and headers exactly as received, because that is what the gateway sees.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote

ALGORITHM = "SDK-HMAC-SHA256"
_HEADER = re.compile(
    ALGORITHM + r" Access=(?P<access>[^,\s]+), ?SignedHeaders=(?P<headers>[a-z0-9;-]+), ?"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True, kw_only=True)
class Received:
    """A request as it came over the wire."""

    method: str
    path: str
    """Still percent-encoded, without the query."""
    query: str
    """Still percent-encoded, without the question mark."""
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What the Authorization header says."""

    access: str
    signed: tuple[str, ...]
    signature: str


def read_claim(header: str) -> Claim | None:
    """The parts of an Authorization header; None when it is not of this algorithm's form."""
    found = _HEADER.fullmatch(header)
    if found is None:
        return None
    return Claim(
        access=found["access"], signed=tuple(found["headers"].split(";")), signature=found["signature"]
    )


def read_date(text: str) -> datetime | None:
    """The instant of an X-Sdk-Date such as 20260115T101112Z; None when it is not one."""
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def query_pairs(query: str) -> list[tuple[str, str]]:
    """Decoded (name, value) pairs in the order sent. A plus stays a plus: only percent-encoding counts."""
    pairs = (part.partition("=") for part in query.split("&") if part)
    return [(unquote(name), unquote(value)) for name, _, value in pairs]


def _encode(text: str) -> str:
    return quote(text, safe="~")


def canonical_request(received: Received, signed: tuple[str, ...]) -> bytes:
    """Method, URI, query, signed headers, their names, hash of the body: one a line."""
    path = "/".join(_encode(segment) for segment in unquote(received.path).split("/"))
    query = "&".join(
        f"{_encode(name)}={_encode(value)}" for name, value in sorted(query_pairs(received.query))
    )
    headers = "".join(f"{name}:{received.headers[name].strip()}\n" for name in signed)
    stated = received.headers.get("x-sdk-content-sha256", "")
    digest = stated if stated and received.body else hashlib.sha256(received.body).hexdigest()
    lines = [
        received.method,
        path if path.endswith("/") else path + "/",
        query,
        headers,
        ";".join(signed),
        digest,
    ]
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def flaw(received: Received, claim: Claim, secret: str) -> str:
    """Why the signature does not hold, in the gateway's words; "" when it does."""
    if list(claim.signed) != sorted(claim.signed) or not {"host", "x-sdk-date"} <= set(claim.signed):
        return "verify aksk signature fail, SignedHeaders must be sorted and name host and x-sdk-date"
    if not set(claim.signed) <= set(received.headers):
        return "verify aksk signature fail, a signed header was not received"
    stated = received.headers.get("x-sdk-content-sha256", "UNSIGNED-PAYLOAD")
    if stated not in ("UNSIGNED-PAYLOAD", hashlib.sha256(received.body).hexdigest()):
        return "verify aksk signature fail, the body is not the one that was hashed"
    digest = hashlib.sha256(canonical_request(received, claim.signed)).hexdigest()
    to_sign = f"{ALGORITHM}\n{received.headers['x-sdk-date']}\n{digest}"
    expected = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return "" if hmac.compare_digest(expected, claim.signature) else "verify aksk signature fail"
