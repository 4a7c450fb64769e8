"""The real bot as a process of its own: started, killed, started again, and surely ended. Knows it by its log and its
HTTP pages only."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import Process
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp

import bot
from bot.cli.demo.policy import POLICY
from bot.cli.demo.world import WentWrongError, World

_START_SECONDS = 30.0
_STOP_SECONDS = 6.0
_LOG_LINES = 12
SETTINGS = {
    "IMAGEBOT_LISTEN": "127.0.0.1:0",
    "IMAGEBOT_HTTP_TIMEOUT": "2",
    "IMAGEBOT_LEASE": "3",
    "IMAGEBOT_RETRY_DELAY": "0.3",
    "IMAGEBOT_SETTLE_DELAY": "0.3",
    "IMAGEBOT_SETTLE_READS": "20",
    "IMAGEBOT_SHUTDOWN_TIMEOUT": "4",
}
"""Times made short, so that the story is. The lease must outlast a call."""


@dataclass
class Bot:
    """One bot after the other on the same policy, database and settings, all in `folder`."""

    folder: Path
    world: World
    address: str = ""
    """Of its HTTP pages, while it runs."""
    _process: Process | None = None

    @property
    def policy(self) -> Path:
        return self.folder / "policy.yml"

    @property
    def database(self) -> Path:
        return self.folder / "imagebot.db"

    @property
    def log(self) -> Path:
        return self.folder / "imagebot.log"

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def environment(self) -> dict[str, str]:
        """All the bot gets to know: nothing of this process's own environment."""
        slack, cloud = self.world.slack, self.world.cloud
        return {
            "PYTHONPATH": str(Path(bot.__file__).parents[1]),
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "HUAWEICLOUD_SDK_AK": cloud.ak,
            "HUAWEICLOUD_SDK_SK": cloud.sk,
            "HUAWEICLOUD_SDK_PROJECT_ID": cloud.project_id,
            "IMAGEBOT_IMS_ENDPOINT": cloud.url,
            "IMAGEBOT_POLICY": str(self.policy),
            "IMAGEBOT_DATABASE": f"sqlite:///{self.database}",
            **SETTINGS,
        }

    async def start(self) -> None:
        """Returns once /readyz says so. Raises WentWrongError with the end of the log."""
        self.policy.write_text(POLICY, encoding="utf-8")
        before = len(self._lines())
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "serve", cwd=self.folder, env=self.environment(),
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        try:
            async with asyncio.timeout(_START_SECONDS):
                self.address = await self._listening(before)
                await self._ready()
        except TimeoutError:
            raise self._failed(f"was not ready within {_START_SECONDS:g} seconds") from None

    async def kill(self) -> None:
        """SIGKILL: no time to finish, to save or to say anything."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def stop(self) -> None:
        """Asked to stop, and killed if it does not. Safe to call at any time."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        try:
            process.terminate()
            async with asyncio.timeout(_STOP_SECONDS):
                await process.wait()
        except (TimeoutError, ProcessLookupError):
            await self.kill()
        finally:
            if process.returncode is None:
                process.kill()

    async def run(self, *command: str) -> tuple[int, str]:
        """Exit code and output of another command of the operator, beside the running bot."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", *command, cwd=self.folder, env=self.environment(),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            async with asyncio.timeout(_START_SECONDS):
                output, _ = await process.communicate()
        except TimeoutError:
            raise WentWrongError(f"{command[0]} did not end within {_START_SECONDS:g} seconds.") from None
        finally:
            if process.returncode is None:
                process.kill()
        return process.returncode or 0, output.decode(errors="replace").strip()

    def complaints(self) -> tuple[str, ...]:
        """What the log has to say on trouble: its last lines that are more than information, or, if there are none or the
        bot has ended, simply its last lines."""
        lines = self._lines()
        loud = [line for line in lines if '"level": "info"' not in line]
        if self._process is not None and self._process.returncode is not None:
            return (f"The bot has ended with exit code {self._process.returncode}.", *lines[-_LOG_LINES:])
        return tuple((loud or lines)[-_LOG_LINES:])

    # -- waiting ---------------------------------------------------------------------------------------------------

    async def _listening(self, before: int) -> str:
        """The address in the log's line `ready_to_serve`, of the lines after `before`."""
        while True:
            for line in self._lines()[before:]:
                with suppress(ValueError):
                    event = json.loads(line)
                    if isinstance(event, dict) and event.get("event") == "ready_to_serve":
                        return str(event["address"])
            await self._pause()

    async def _ready(self) -> None:
        async with aiohttp.ClientSession() as session:
            while True:
                with suppress(aiohttp.ClientError):
                    async with session.get(f"{self.address}/readyz") as answer:
                        if answer.status == 200:
                            return
                await self._pause()

    async def _pause(self) -> None:
        if self._process is not None and self._process.returncode is not None:
            raise self._failed(f"ended with exit code {self._process.returncode}")
        await asyncio.sleep(0.05)

    def _lines(self) -> list[str]:
        return (
            self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.exists() else []
        )

    def _failed(self, what: str) -> WentWrongError:
        return WentWrongError(f"The bot {what}. The end of its log:", log=tuple(self._lines()[-_LOG_LINES:]))
