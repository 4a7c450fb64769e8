"""Our signature is the vendor's, byte for byte."""

from __future__ import annotations

import random
import string
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.huawei.settings import AkSk
from bot.adapters.huawei.signing import Parts, canonical_query, sign

AT = datetime(2026, 1, 15, 10, 11, 12, tzinfo=UTC)
KEY = AkSk(ak="FAKEAK0000000000TEST", sk="FakeSecretKeyForTestVectorsOnly000000000")
PROJECT = {"X-Project-Id": "0123456789abcdef0123456789abcdef"}
JSON = {"Content-Type": "application/json"}
BODY = b'{"images":["d164b5df-1bc3-4c3f-893e-3e471fd16e64"],"projects":["9c61004714024f9586705d090530f9fa"]}'


def official(parts: Parts, key: AkSk, at: datetime) -> tuple[str, str]:
    """Authorization and the sent path with query, by the vendor's own signer."""
    headers: dict[str, Any] = {**parts.headers, "X-Sdk-Date": f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"}
    if key.security_token:
        headers["X-Security-Token"] = key.security_token
    request = SdkRequest(
        method=parts.method,
        schema="https",
        host=parts.host,
        resource_path=parts.path,
        query_params=list(parts.query),
        header_params=headers,
        body=parts.body,
    )
    signed = Signer(SimpleNamespace(ak=key.ak, sk=key.sk)).sign(request)
    return signed.header_params["Authorization"], signed.uri


def agree(parts: Parts, key: AkSk, at: datetime) -> bool:
    query = canonical_query(parts.query)
    sent = f"{parts.path}?{query}" if query else parts.path
    return (sign(parts, key, at)["Authorization"], sent) == official(parts, key, at)


VECTORS = [
    (
        "post",
        Parts(
            method="POST",
            host="ims.eu-west-101.myhuaweicloud.com",
            path="/v1/cloudimages/members",
            headers={**PROJECT, **JSON},
            body=BODY,
        ),
        KEY,
        "content-type;host;x-project-id;x-sdk-date",
        "be01f24bb2f669303e120c9f832832e153854122f2ade5d5f8546bca1082eb7e",
    ),
    (
        "query",
        Parts(
            method="GET",
            host="ims.ap-southeast-3.myhuaweicloud.com",
            path="/v2/cloudimages",
            query=(("name", "web 01/é~"), ("limit", "2"), ("__imagetype", "private")),
            headers={**PROJECT, **JSON},
        ),
        AkSk(ak=KEY.ak, sk=KEY.sk, security_token="FAKETOKEN"),
        "content-type;host;x-project-id;x-sdk-date;x-security-token",
        "2113d246564cca865c59443df01b6cf94724b8e8ed9b694724a68fca012e0384",
    ),
    (
        "get",
        Parts(
            method="GET",
            host="ims.cn-north-4.myhuaweicloud.com",
            path="/v1/cloudimages/job/ff8080814dbd65d7014dbe0d84db0013",
            headers=PROJECT,
        ),
        KEY,
        "host;x-project-id;x-sdk-date",
        "b27aab2109eeef901df329ec234d388622151248e14a01666c359a2818bee989",
    ),
]


@pytest.mark.parametrize(
    ("parts", "key", "names", "signature"), [pytest.param(*rest, id=name) for name, *rest in VECTORS]
)
def test_the_known_vectors_come_out(parts: Parts, key: AkSk, names: str, signature: str) -> None:
    """They were made by the vendor's signer and need no library to be checked."""
    assert sign(parts, key, AT)["Authorization"] == (
        f"SDK-HMAC-SHA256 Access=FAKEAK0000000000TEST, SignedHeaders={names}, Signature={signature}"
    )


def test_three_thousand_requests_are_signed_as_the_vendor_signs_them() -> None:
    """The corners of encoding are where home-made signers fail: spaces, tildes, slashes, other scripts,
    repetitions."""
    rng = random.Random(20260115)
    alphabet = string.ascii_letters + string.digits + " ~-._/%+&=?#:@!'()*,;[]{}|\\^`\"<>éßñ漢字🙂\u200b"

    def text(most: int) -> str:
        return "".join(rng.choices(alphabet, k=rng.randint(0, most)))

    wrong = []
    for number in range(3200):
        values = [text(8) for _ in range(3)]
        query = tuple((text(6) or "k", rng.choice(values)) for _ in range(rng.randint(0, 5)))
        parts = Parts(
            method=rng.choice(["GET", "POST", "DELETE", "put", "PATCH"]),
            host=f"ims.{rng.randint(1, 9)}.example.com" + rng.choice(["", ":8443"]),
            path="/" + text(20),
            query=query + query[:1] * rng.randint(0, 2),
            headers={
                **rng.choice([{}, JSON, {"Content-Type": "text/plain"}, {"X_Under_Score": "x"}]),
                **rng.choice([{}, PROJECT, {"X-Padded": "  a  b "}]),
            },
            body=text(40).encode() if rng.random() < 0.5 else b"",
        )
        key = AkSk(ak=f"AK{number}", sk=text(30) or "s", security_token=rng.choice([None, "TOK/en+="]))
        at = AT + timedelta(seconds=rng.randint(0, 10**8))
        if not agree(parts, key, at):
            wrong.append(parts)

    assert wrong == []


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(
    path=_TEXT,
    query=st.lists(st.tuples(_TEXT, _TEXT), max_size=4),
    body=st.binary(max_size=40),
    token=st.none() | st.from_regex(r"[A-Za-z0-9+/=]{1,20}", fullmatch=True),
)
def test_no_text_is_signed_differently(
    path: str, query: list[tuple[str, str]], body: bytes, token: str | None
) -> None:
    """An image may bear any name, and the name goes into the query."""
    parts = Parts(
        method="POST",
        host="h",
        path="/" + path,
        query=tuple(query),
        headers={**JSON, **PROJECT},
        body=body,
    )

    assert agree(parts, AkSk(ak="a", sk="s", security_token=token), AT)


def test_a_time_of_another_zone_is_signed_in_utc() -> None:
    """The gateway reads the date as UTC and allows 15 minutes."""
    parts = VECTORS[2][1]
    from datetime import timezone

    there = AT.astimezone(timezone(timedelta(hours=8)))

    assert sign(parts, KEY, there) == sign(parts, KEY, AT)
