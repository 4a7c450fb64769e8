"""The check of SDK-HMAC-SHA256, held against published vectors and against the official signer."""

from __future__ import annotations

import importlib
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.simulator.ims import signing
from bot.simulator.ims.signing import Received
from tests.simulator.test_ims_client import Official, ShiftedClock, plain, refusal, running, sdk

AK, SK = "FAKEAK0000000000TEST", "FakeSecretKeyForTestVectorsOnly000000000"
COMMON = {"x-sdk-date": "20260115T101112Z", "x-project-id": "0123456789abcdef0123456789abcdef"}
BODY = b'{"images":["d164b5df-1bc3-4c3f-893e-3e471fd16e64"],"projects":["9c61004714024f9586705d090530f9fa"]}'


def _received(signature: str, path: str, **more: Any) -> Received:
    headers = COMMON | {"host": "ims.eu-west-101.myhuaweicloud.com"} | more.pop("headers", {})
    signed = ";".join(sorted(headers))
    headers["authorization"] = f"SDK-HMAC-SHA256 Access={AK}, SignedHeaders={signed}, Signature={signature}"
    return Received(path=path, headers=headers, **({"method": "GET", "query": "", "body": b""} | more))


V1 = _received(
    "be01f24bb2f669303e120c9f832832e153854122f2ade5d5f8546bca1082eb7e",
    "/v1/cloudimages/members",
    method="POST",
    body=BODY,
    headers={"content-type": "application/json"},
)
V2 = _received(
    "2113d246564cca865c59443df01b6cf94724b8e8ed9b694724a68fca012e0384",
    "/v2/cloudimages",
    query="__imagetype=private&limit=2&name=web%2001%2F%C3%A9~",
    headers={
        "host": "ims.ap-southeast-3.myhuaweicloud.com",
        "content-type": "application/json",
        "x-security-token": "FAKETOKEN",
    },
)
V3 = _received(
    "b27aab2109eeef901df329ec234d388622151248e14a01666c359a2818bee989",
    "/v1/cloudimages/job/ff8080814dbd65d7014dbe0d84db0013",
    headers={"host": "ims.cn-north-4.myhuaweicloud.com"},
)


def _flaw(received: Received, secret: str = SK) -> str:
    claim = signing.read_claim(received.headers["authorization"])
    return "no claim" if claim is None else signing.flaw(received, claim, secret)


@pytest.mark.parametrize("vector", [V1, V2, V3], ids=["a batch call", "a query", "a bare look"])
def test_what_the_official_signer_signed_is_accepted(vector: Received) -> None:
    """Vectors computed once with the vendor's signer."""
    assert _flaw(vector) == ""


@pytest.mark.parametrize(
    "changed",
    [
        replace(V1, method="DELETE"),
        replace(V1, path="/v1/cloudimages/member"),
        replace(V1, body=BODY.replace(b"9c", b"9d")),
        replace(V2, query=V2.query.replace("limit=2", "limit=3")),
        replace(V2, query=V2.query.replace("%20", "+")),
        replace(V2, headers=V2.headers | {"x-security-token": "OTHER"}),
        replace(V3, headers=V3.headers | {"x-project-id": "f" * 32}),
        replace(V3, headers=V3.headers | {"x-sdk-date": "20260115T101113Z"}),
        replace(V3, headers={name: v for name, v in V3.headers.items() if name != "x-project-id"}),
    ],
)
def test_nothing_signed_can_be_changed(changed: Received) -> None:
    """A check that lets one part through would pass a client that signs it wrongly."""
    assert "verify aksk signature fail" in _flaw(changed)


def test_the_order_of_a_query_as_sent_does_not_matter() -> None:
    """The algorithm sorts; a client need not send what it sorted."""
    assert _flaw(replace(V2, query="&".join(reversed(V2.query.split("&"))))) == ""


def test_host_and_date_must_be_signed() -> None:
    """Without them a signature could be replayed elsewhere and forever."""
    bare = V3.headers["authorization"].replace("host;", "")

    assert "must be sorted and name host" in _flaw(replace(V3, headers=V3.headers | {"authorization": bare}))


_TEXT = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["Cs"]), min_size=1, max_size=8
)


@settings(max_examples=60, deadline=None)
@given(
    segments=st.lists(_TEXT.filter(lambda s: "/" not in s), max_size=3),
    query=st.dictionaries(_TEXT, _TEXT, max_size=4),
    body=st.binary(max_size=20),
)
def test_it_agrees_with_the_official_signer(segments: list[str], query: dict[str, str], body: bytes) -> None:
    """Two independent readings of one algorithm."""
    sdk()
    signer = importlib.import_module("huaweicloudsdkcore.signer.signer").Signer(SimpleNamespace(ak=AK, sk=SK))
    request = importlib.import_module("huaweicloudsdkcore.sdk_request").SdkRequest(
        method="POST",
        schema="https",
        host="ims.example.com",
        resource_path="/v1/" + "/".join(quote(s, safe="~") for s in segments),
        query_params=list(query.items()),
        header_params={"X-Sdk-Date": "20260115T101112Z", "Content-Type": "application/json"},
        body=body,
    )

    signed = signer.sign(request)

    path, _, sent_query = signed.uri.partition("?")
    headers = {name.lower(): value for name, value in signed.header_params.items()}
    received = Received(method="POST", path=path, query=sent_query, headers=headers, body=body)
    assert _flaw(received) == ""


async def test_more_than_five_wrong_signatures_lock_the_key_for_five_minutes() -> None:
    """The real gateway does; a client that retries a 401 in a loop must be seen to harm itself."""
    clock = ShiftedClock()
    async with running(clock=clock, skew_seconds=1000) as sim:
        wrong, right = Official(sim, sk="wrong"), Official(sim)

        refused = [await refusal(wrong.call("show_image_quota")) for _ in range(6)]
        locked_out = await refusal(right.call("show_image_quota"))
        clock.advance(301)

        assert refused == [(401, "APIGW.0301")] * 6
        assert locked_out == (401, "APIGW.0301")
        assert (await right.call("show_image_quota")).quotas


async def test_the_lock_says_so_in_the_gateways_words() -> None:
    """The client may recognise the lock only by this text."""
    async with running() as sim:
        client = Official(sim, sk="wrong")
        for _ in range(5):
            await refusal(client.call("show_image_quota"))

        with pytest.raises(Exception, match="AK access failed to reach the limit,forbidden"):
            await client.call("show_image_quota")


async def test_a_right_signature_in_between_forgets_the_failures() -> None:
    """Only consecutive failures count."""
    async with running() as sim:
        wrong, right = Official(sim, sk="wrong"), Official(sim)

        for client in [wrong] * 5 + [right] + [wrong] * 5:
            if client is wrong:
                await refusal(client.call("show_image_quota"))
            else:
                await client.call("show_image_quota")

        assert (await right.call("show_image_quota")).quotas


async def test_an_unknown_key_is_named() -> None:
    """The operator must see which key is meant."""
    async with running() as sim:
        with pytest.raises(Exception, match="ak:NOSUCHKEY,err:ak not exist"):
            await Official(sim, ak="NOSUCHKEY").call("show_image_quota")


async def test_a_clock_sixteen_minutes_off_is_refused() -> None:
    """The gateway allows fifteen; a drifting machine must be told."""
    clock = ShiftedClock()
    async with running(clock=clock) as sim:
        clock.advance(14 * 60)
        near = await Official(sim).call("show_image_quota")
        clock.advance(2 * 60)

        assert near.quotas
        with pytest.raises(Exception, match="signature expired"):
            await Official(sim).call("show_image_quota")


async def test_a_key_works_for_its_own_project_only() -> None:
    """X-Project-Id and the project of a path must be those of the key."""
    async with running() as sim:
        client = Official(sim, project="a" * 32)

        assert await refusal(client.call("show_image_quota")) == (400, "IMG.0030")


async def test_a_temporary_key_needs_its_security_token() -> None:
    """Temporary keys are refused without it, whatever the signature."""
    async with running() as sim:
        ak, sk = sim.add_key(sim.project_id, security_token="token")

        assert await refusal(Official(sim, ak=ak, sk=sk).call("show_image_quota")) == (401, "APIGW.0301")


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "AWS4-HMAC-SHA256 Credential=x"}, {"X-Auth-Token": "MII"}]
)
async def test_nobody_comes_in_without_credentials(headers: dict[str, str]) -> None:
    """Strictness is what the simulator is for."""
    async with running() as sim:
        status, answered, body = await plain(sim, "GET", "/v1/cloudimages/quota", headers=headers)

        assert (status, body["error_code"]) == (401, "APIGW.0301")
        assert body["request_id"] == answered["X-Request-Id"]
