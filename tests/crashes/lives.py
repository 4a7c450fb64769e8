"""The lives of the bot: each one process of `imagebot serve`, its log a file in the stage's folder."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.journeys.process import ROOT, environ_of
from tests.journeys.stage import Stage

READY = b'"ready_to_serve"'
LOOK = 0.01
"""Seconds between two looks at a log."""


@dataclass(kw_only=True)
class Life:
    """One process. `code` is set at its end; negative: the signal that ended it."""

    pid: int
    log: Path
    code: asyncio.Future[int]
    stopping: bool = False
    address: str = ""

    @property
    def over(self) -> bool:
        return self.code.done()

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    async def ready(self, seconds: float = 40) -> bool:
        """True once it serves, False when it ended before."""
        async with asyncio.timeout(seconds):
            while not (self.address or self.over):
                for line in self.log.read_bytes().splitlines() if self.log.exists() else ():
                    if READY in line and line.endswith(b"}"):
                        self.address = json.loads(line)["address"]
                if not self.address:
                    await asyncio.sleep(LOOK)
        return bool(self.address)

    def send(self, sign: signal.Signals) -> None:
        """Nothing for one that is over."""
        if not self.over:
            with suppress(ProcessLookupError):
                os.kill(self.pid, sign)

    async def kill(self) -> int:
        self.send(signal.SIGKILL)
        return await self.code

    def ask_to_stop(self) -> None:
        self.stopping = True
        self.send(signal.SIGTERM)

    async def terminate(self, seconds: float = 15) -> int:
        self.ask_to_stop()
        async with asyncio.timeout(seconds):
            return await asyncio.shield(self.code)


@dataclass
class Cradle:
    """Starts lives. `bear` forks them from a warm process; `bear(fresh=True)` starts a new interpreter, as an operator does."""

    process: asyncio.subprocess.Process
    _births: dict[int, asyncio.Future[int]] = field(default_factory=dict)
    _deaths: dict[int, asyncio.Future[int]] = field(default_factory=dict)
    _waits: set[asyncio.Task[None]] = field(default_factory=set)
    _orders: int = 0

    async def listen(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            said: dict[str, Any] = json.loads(line)
            waiting = self._births if "pid" in said else self._deaths
            future = waiting.pop(said["id"], None)
            if future is not None and not future.done():
                future.set_result(said.get("pid", said.get("code", 0)))

    async def bear(
        self, stage: Stage, *, fresh: bool = False, doom: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None, logs: Path | None = None, nobody: bool = False,
        posts_a_second: float | None = None,
    ) -> Life:  # fmt: skip
        """`logs`: a folder for its log, when the stage's is in trouble. `nobody`: under a user who may only what the modes of
        files allow."""
        self._orders += 1
        order, loop = self._orders, asyncio.get_running_loop()
        log = (logs or stage.folder) / f"life-{order}.log"
        values = environ_of({**stage.environ(), **(environ or {})})
        if fresh:
            return await self._fresh(values, stage.folder, log)
        birth, death = loop.create_future(), loop.create_future()
        self._births[order], self._deaths[order] = birth, death
        what = {
            "id": order, "environ": values, "folder": str(stage.folder), "log": str(log), "doom": dict(doom or {}),
            "nobody": nobody, "posts_a_second": posts_a_second,
        }  # fmt: skip
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(what).encode() + b"\n")
        await self.process.stdin.drain()
        return Life(pid=await birth, log=log, code=death)

    async def _fresh(self, values: Mapping[str, str], folder: Path, log: Path) -> Life:
        with log.open("ab") as stream:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "serve", env=values, cwd=folder, stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL, stderr=stream,
            )  # fmt: skip
        code = asyncio.get_running_loop().create_future()

        async def wait() -> None:
            ended = await process.wait()
            if not code.done():
                code.set_result(ended)

        task = asyncio.create_task(wait())
        self._waits.add(task)
        task.add_done_callback(self._waits.discard)
        return Life(pid=process.pid, log=log, code=code)


@asynccontextmanager
async def cradle() -> AsyncIterator[Cradle]:
    """Closed at the end, with whoever still lives."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.crashes.cradle", env=environ_of({}), cwd=ROOT, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, limit=1 << 20,
    )  # fmt: skip
    here = Cradle(process)
    listening = asyncio.create_task(here.listen())
    try:
        yield here
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
        await listening


@asynccontextmanager
async def alive(here: Cradle, stage: Stage, **how: Any) -> AsyncIterator[Life]:
    """`how` as for Cradle.bear. A life that serves; killed at the end when it still lives. Its log goes into the stage's, for the
    judges."""
    life = await here.bear(stage, **how)
    try:
        assert await life.ready(), f"did not start:\n{life.said()}"
        stage.answers_at(life.address)
        yield life
    finally:
        await life.kill()
        stage.log.write(life.said())
