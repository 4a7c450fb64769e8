"""What it costs to sign one call: our signer against the vendor's, on the same requests in the same run (goal
G11)."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

from bot.adapters.huawei.settings import AkSk
from bot.adapters.huawei.signing import Parts, canonical_query, sign

HOST, PROJECT = "ims.eu-west-101.myhuaweicloud.com", "0123456789abcdef0123456789abcdef"
KEY = AkSk(ak="FAKEAK0000000000TEST", sk="FakeSecretKeyForTestVectorsOnly000000000")
AT = datetime(2026, 1, 15, 10, 11, 12, tzinfo=UTC)
STAMP = "20260115T101112Z"
CALLS = (
    Parts(
        method="POST",
        host=HOST,
        path="/v1/cloudimages/members",
        headers={"X-Project-Id": PROJECT, "Content-Type": "application/json"},
        body=json.dumps(
            {"images": ["d164b5df-1bc3-4c3f-893e-3e471fd16e64"], "projects": ["9" * 32]}
        ).encode(),
    ),
    Parts(
        method="GET",
        host=HOST,
        path="/v2/cloudimages",
        query=(("name", "web 01/é~"), ("enterprise_project_id", "all_granted_eps"), ("limit", "100")),
        headers={"X-Project-Id": PROJECT},
    ),
    Parts(
        method="GET",
        host=HOST,
        path="/v1/cloudimages/job/ff8080814dbd65d7014dbe0d84db0013",
        headers={"X-Project-Id": PROJECT},
    ),
)
_OFFICIAL = Signer(SimpleNamespace(ak=KEY.ak, sk=KEY.sk))


def ours(parts: Parts) -> tuple[str, str]:
    """Authorization and the query to send."""
    return sign(parts, KEY, AT)["Authorization"], canonical_query(parts.query)


def official(parts: Parts) -> tuple[str, str]:
    """The same by the vendor's signer, which makes the address to send as it signs."""
    request = SdkRequest(
        method=parts.method,
        schema="https",
        host=parts.host,
        resource_path=parts.path,
        query_params=list(parts.query),
        header_params={**parts.headers, "X-Sdk-Date": STAMP},
        body=parts.body,
    )
    signed = _OFFICIAL.sign(request)
    return signed.header_params["Authorization"], signed.uri.partition("?")[2]


def _microseconds(signer: Callable[[Parts], object], repetitions: int) -> float:
    begun = time.process_time()
    for _ in range(repetitions):
        for parts in CALLS:
            signer(parts)
    return (time.process_time() - begun) * 1e6 / (repetitions * len(CALLS))


def run(rounds: int = 3) -> list[dict[str, Any]]:
    """One row: median microseconds a call over `rounds`, ours and the vendor's taken in turns."""
    if any(ours(parts) != official(parts) for parts in CALLS):
        raise AssertionError("the two signers do not agree")
    taken = [(_microseconds(official, 1000), _microseconds(ours, 1000)) for _ in range(max(rounds, 1))]
    floor, own = (statistics.median(column) for column in zip(*taken, strict=True))
    return [
        {
            "goal": "G11",
            "what": "sign one call, us of CPU, against the official signer",
            "floor": round(floor, 1),
            "ours": round(own, 1),
            "ratio": round(own / floor, 3),
            "goal_text": "<= 0.5",
            "ok": own <= 0.5 * floor,
        }
    ]


if __name__ == "__main__":
    for row in run():
        print(row)
