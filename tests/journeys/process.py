"""The bot as an operator runs it: a process of its own, started, killed and started again on the stage's database."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.journeys.cast import CANARIES
from tests.journeys.stage import Stage

ROOT = Path(__file__).parents[2]


def environ_of(values: Mapping[str, str]) -> dict[str, str]:
    """Nothing of ours but what finds Python and the project."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **values}


@dataclass(frozen=True, kw_only=True)
class Ended:
    code: int
    out: str
    err: str


async def imagebot(*words: str, values: Mapping[str, str], folder: Path, seconds: float = 60) -> Ended:
    """A command of the operator, run to its end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *words, env=environ_of(values), cwd=folder, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()
        raise
    return Ended(code=process.returncode or 0, out=out.decode(), err=err.decode())


def assert_discreet(ended: Ended) -> None:
    """No secret and no stack."""
    said = ended.out + ended.err
    assert [what for what, secret in CANARIES.items() if secret in said] == []
    assert "Traceback" not in said


class Process:
    """One run of `imagebot serve`. Its log goes into the stage's, to be looked through for secrets."""

    def __init__(self, stage: Stage, process: asyncio.subprocess.Process) -> None:
        self._stage, self._process = stage, process
        self._ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stderr is not None
        async for raw in self._process.stderr:
            line = raw.decode("utf-8", "replace")
            self._stage.log.write(line)
            if '"ready_to_serve"' in line and not self._ready.done():
                self._ready.set_result(json.loads(line)["address"])
        if not self._ready.done():
            self._ready.set_exception(RuntimeError(f"did not start:\n{self._stage.log.getvalue()[-3000:]}"))

    async def ready(self, seconds: float = 40) -> str:
        async with asyncio.timeout(seconds):
            return await self._ready

    async def kill(self) -> None:
        """SIGKILL, no matter what it does just now."""
        self._process.kill()
        await self._ended()

    async def terminate(self, seconds: float = 10) -> int:
        """SIGTERM; the exit code. TimeoutError when it takes longer."""
        self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(seconds):
            return await self._ended()

    async def hang_up(self) -> None:
        """SIGHUP: read the policy again."""
        self._process.send_signal(signal.SIGHUP)

    async def _ended(self) -> int:
        code = await self._process.wait()
        await self._reading
        return code

    async def close(self) -> None:
        if self._process.returncode is None:
            await self.kill()


@asynccontextmanager
async def served(stage: Stage) -> AsyncIterator[Process]:
    """The bot as a process, ready; killed at the end when it still runs."""
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "serve", env=environ_of(stage.environ()), cwd=stage.folder,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    process = Process(stage, started)
    try:
        stage.answers_at(await process.ready())
        yield process
    finally:
        await process.close()
