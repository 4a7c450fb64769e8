"""The signature of a call to the cloud: for any method, path, query, headers and body it is the vendor's own signer's, and what is
signed is what is sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

from bot.adapters.huawei.settings import AkSk
from bot.adapters.huawei.signing import Parts, canonical_query, sign
from tests.fuzz.draw import Source
from tests.fuzz.target import Judge, Target, broken

AT = datetime(2026, 1, 15, 10, 11, 12, tzinfo=UTC)
METHODS = ("GET", "POST", "DELETE", "PUT", "PATCH", "get", "Post")
HEADERS: tuple[dict[str, str], ...] = (
    {}, {"Content-Type": "application/json"}, {"Content-Type": "application/json;charset=utf8"}, {"Content-Type": "text/plain"},
    {"Content-Type": "application/bson"}, {"X-Project-Id": "0123456789abcdef0123456789abcdef"}, {"X_Under_Score": "x"},
    {"X-Padded": "  a  b "}, {"X-Empty": ""}, {"x-lower": "1"}, {"X-UPPER": "2"}, {"Accept": "*/*"},
)  # fmt: skip
ODD = "~-._/%+&=?#:@!'()*,;[]{}|\\^`\"<> \t\néß漢🙂\u200b%2F%7e%C3%A9%zz%%00"
Signing = Callable[[Parts, AkSk, datetime], dict[str, str]]


def judge_of(sign: Signing = sign, canonical_query: Callable[[Any], str] = canonical_query) -> Judge:
    """The judge of a signer."""

    def judge(data: bytes) -> None:
        source = Source(data)
        parts, key = _parts(source), _key(source)
        at = AT + timedelta(seconds=source.integer(0, 2**27))
        query = canonical_query(parts.query)
        sent = f"{parts.path}?{query}" if query else parts.path
        ours, theirs = (sign(parts, key, at).get("Authorization"), sent), official(parts, key, at)
        if ours != theirs:
            broken(f"{parts} is signed as {ours}, and by the vendor as {theirs}")

    return judge


def official(parts: Parts, key: AkSk, at: datetime) -> tuple[str, str]:
    """Authorization, and the path with the query as they are sent, by the vendor's signer."""
    headers: dict[str, Any] = {**parts.headers, "X-Sdk-Date": f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"}
    if key.security_token:
        headers["X-Security-Token"] = key.security_token
    request = SdkRequest(
        method=parts.method, schema="https", host=parts.host, resource_path=parts.path, query_params=list(parts.query),
        header_params=headers, body=parts.body,
    )  # fmt: skip
    signed = Signer(SimpleNamespace(ak=key.ak, sk=key.sk)).sign(request)
    return signed.header_params["Authorization"], signed.uri


def _parts(source: Source) -> Parts:
    headers: dict[str, str] = {}
    for one in source.some(lambda: source.choose(HEADERS), 4):
        headers |= one
    return Parts(
        method=source.choose(METHODS),
        host=source.choose(("ims.eu-west-101.myhuaweicloud.com", "h", "h:8443", "[::1]:1")),
        path="/" + _text(source, 40),
        query=tuple((_text(source, 10), _text(source, 10)) for _ in range(source.byte() % 5)),
        headers=headers,
        body=source.chunk() if source.flag() else b"",
    )


def _key(source: Source) -> AkSk:
    sk = "".join(f"{byte:02x}" for byte in source.chunk(20)) or "s"
    return AkSk(ak=f"AK{source.byte()}", sk=sk, security_token=source.choose((None, "TOK/en+=", "t")))


def _text(source: Source, most: int) -> str:
    """Text that an address can hold: anything but lone surrogates."""
    if source.flag():
        return "".join(source.choose(ODD) for _ in range(source.byte() % 8))
    return source.chunk(most).decode("utf-8", "ignore")


TARGET = Target(
    name="cloud_signing",
    promise="any call is signed exactly as the vendor's signer signs it",
    make=judge_of,
    tokens=("%2F", "%7e", "%", "//", "/../", "~", "+", "é", "漢"),
    longest=1_024,
    weight=3,
)
