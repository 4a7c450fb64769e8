"""Polling the cloud: our client against the vendor's SDK and against bare aiohttp, one GET of a job each
(goal G5).

The server is a process of its own, and so is each client, so that CPU time is the client's alone and the
SDK's habit of writing into the home directory meets a temporary one.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

JOB, PROJECT = "ff8080814dbd65d7014dbe0d84db0013", "0123456789abcdef0123456789abcdef"
PATH = f"/v1/cloudimages/job/{JOB}"
BODY = json.dumps(
    {"job_id": JOB, "job_type": "imsAddImageMembersJob", "begin_time": "2026-01-15T10:11:12.778Z", "end_time": "",
     "status": "RUNNING", "error_code": None, "fail_reason": None, "entities": {"process_percent": 0.4}}
).encode()  # fmt: skip
AK, SK = "FAKEAK0000000000TEST", "FakeSecretKeyForTestVectorsOnly000000000"
CALLS, WARM_UP = 600, 60
AT_ONCE = (10, 100)


# -- the processes -------------------------------------------------------------------------------------


async def serve() -> None:
    """Answers everything with a running job; prints its address and lives until its input ends."""
    from aiohttp import web

    async def answer(request: web.BaseRequest) -> web.Response:
        return web.Response(body=BODY, content_type="application/json", headers={"X-Request-Id": "r"})

    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


async def _many(call: Callable[[], Coroutine[Any, Any, object]], calls: int, at_once: int) -> None:
    left = iter(range(calls))

    async def caller() -> None:
        for _ in left:
            await call()

    await asyncio.gather(*(caller() for _ in range(at_once)))


async def _timed(call: Callable[[], Coroutine[Any, Any, object]], at_once: int) -> dict[str, float]:
    await _many(call, WARM_UP + at_once, at_once)
    wall, cpu = time.perf_counter(), time.process_time()
    await _many(call, CALLS, at_once)
    return _figures(time.perf_counter() - wall, time.process_time() - cpu)


def _figures(wall: float, cpu: float) -> dict[str, float]:
    return {"rate": CALLS / wall, "cpu_us": cpu * 1e6 / CALLS}


async def ours(url: str, at_once: int) -> dict[str, float]:
    """The adapter as the bot uses it: budget, signature, time-outs, the reading of the job."""
    from bot.adapters.huawei.budget import Budget
    from bot.adapters.huawei.client import HuaweiCloud
    from bot.adapters.huawei.settings import AkSk, HuaweiSettings

    settings = HuaweiSettings(
        region="eu-west-101", endpoint=url, project_id=PROJECT, credentials=AkSk(ak=AK, sk=SK)
    )
    async with HuaweiCloud(settings, budget=Budget(1e5, 10**5), clock=lambda: datetime.now(UTC)) as cloud:
        return await _timed(lambda: cloud.job(JOB), at_once)


async def bare(url: str, at_once: int) -> dict[str, float]:
    """aiohttp with nothing on it: no signature, no check."""
    import aiohttp

    async with aiohttp.ClientSession() as session:

        async def call() -> object:
            async with session.get(url + PATH) as answer:
                return json.loads(await answer.read())

        return await _timed(call, at_once)


def official(url: str, at_once: int) -> dict[str, float]:
    """The vendor's SDK on as many threads as there are calls at once."""
    from huaweicloudsdkcore.auth.credentials import BasicCredentials
    from huaweicloudsdkims.v2 import ImsClient, ShowJobProgressRequest

    credentials = BasicCredentials(AK, SK, PROJECT)
    client = ImsClient.new_builder().with_credentials(credentials).with_endpoint(url).build()
    with ThreadPoolExecutor(at_once) as threads:

        def call(_: int) -> object:
            return client.show_job_progress(ShowJobProgressRequest(job_id=JOB))

        list(threads.map(call, range(WARM_UP + at_once)))
        wall, cpu = time.perf_counter(), time.process_time()
        list(threads.map(call, range(CALLS)))
        return _figures(time.perf_counter() - wall, time.process_time() - cpu)


def _client(which: str, url: str, at_once: int) -> dict[str, float]:
    if which == "official":
        return official(url, at_once)
    return asyncio.run({"ours": ours, "bare": bare}[which](url, at_once))


# -- the measurement -----------------------------------------------------------------------------------


def _measured(which: str, url: str, at_once: int, home: str) -> dict[str, float]:
    environment = {**os.environ, "HOME": home, "NO_PROXY": "127.0.0.1"}
    command = [sys.executable, "-m", "bench.huawei_client", which, url, str(at_once)]
    done = subprocess.run(command, env=environment, capture_output=True, check=True, cwd=_root(), timeout=120)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _root() -> Path:
    return Path(__file__).resolve().parent.parent


def _bests(rounds: int) -> dict[tuple[str, int], dict[str, float]]:
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.huawei_client", "serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=_root(),
    )
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        with tempfile.TemporaryDirectory() as home:
            taken: dict[tuple[str, int], list[dict[str, float]]] = {}
            for _ in range(max(rounds, 1)):
                for at_once in AT_ONCE:
                    for which in ("official", "ours", "bare"):
                        figures = _measured(which, url, at_once, home)
                        taken.setdefault((which, at_once), []).append(figures)
    finally:
        server.communicate(timeout=10)
    return {
        key: {"rate": max(one["rate"] for one in each), "cpu_us": min(one["cpu_us"] for one in each)}
        for key, each in taken.items()
    }


def _row(what: str, floor: float, own: float, goal_text: str, ok: Callable[[float], bool]) -> dict[str, Any]:
    ratio = own / floor
    return {
        "goal": "G5",
        "what": what,
        "floor": round(floor, 1),
        "ours": round(own, 1),
        "ratio": round(ratio, 3),
        "goal_text": goal_text,
        "ok": ok(ratio),
    }


def run(rounds: int = 3) -> list[dict[str, Any]]:
    """Rates and CPU a call against the official SDK, the flatness from 10 to 100 at once, and, for
    orientation, bare aiohttp. Of each the best of `rounds`, taken in turns: other work on the machine only
    ever slows a client, and slows one with many threads less."""
    bests = _bests(rounds)
    rows = []
    for at_once in AT_ONCE:
        theirs, own, raw = (bests[which, at_once] for which in ("official", "ours", "bare"))
        rows += [
            _row(f"polls/s at {at_once} at once, against the official SDK", theirs["rate"], own["rate"],
                 ">= 2.2", lambda ratio: ratio >= 2.2),
            _row(f"CPU us a poll at {at_once} at once, against the official SDK", theirs["cpu_us"], own["cpu_us"],
                 "<= 0.45", lambda ratio: ratio <= 0.45),
            _row(f"polls/s at {at_once} at once, against bare aiohttp", raw["rate"], own["rate"],
                 "(no goal)", lambda ratio: True),
        ]  # fmt: skip
    few, many = (bests["ours", at_once]["rate"] for at_once in AT_ONCE)
    rows.append(
        _row("polls/s, 100 at once against 10 at once", few, many, "0.8 - 1.2", lambda r: 0.8 <= r <= 1.2)
    )
    return rows


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve"]:
            asyncio.run(serve())
        case [which, url, at_once]:
            print(json.dumps(_client(which, url, int(at_once))))
        case _:
            for row in run():
                print(row)
