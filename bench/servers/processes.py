"""Starting the servers, letting only those run that are being measured, and ending them all."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.machine import hurry
from bench.servers.outside import POLICY
from bench.servers.sync_echo import THREADS

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS, STOP_SECONDS = 30.0, 15.0
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


class ServerError(Exception):
    """A server did not start, or did not end as it should; the message holds the end of its log."""


@dataclass(eq=False)
class Server:
    """One process, in a group of its own, that answers at `url`."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    url: str = ""

    def pause(self) -> None:
        os.killpg(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.killpg(self.process.pid, signal.SIGCONT)

    def told(self, pattern: re.Pattern[str]) -> str:
        """What the pattern finds first in the log. Raises ServerError when it is not there in time."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            if found := pattern.search(self.log.read_text(errors="replace")):
                return found[0]
            time.sleep(0.02)
        raise ServerError(f"{self.name} did not start:\n{self.end_of_log()}")

    def end_of_log(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-12:])

    def stop(self) -> None:
        """In good order: by SIGTERM, and by the end of its input. Safe to call twice."""
        if self.process.poll() is not None:
            return
        self.go_on()
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise ServerError(f"{self.name} did not stop:\n{self.end_of_log()}") from None


@contextmanager
def _paused(servers: Sequence[Server]) -> Iterator[None]:
    for server in servers:
        server.pause()
    try:
        yield
    finally:
        for server in servers:
            server.go_on()


@dataclass(frozen=True, kw_only=True)
class Place:
    """All servers of one measurement, in one folder."""

    folder: Path
    team: str
    slack_url: str
    secret: str
    bot: Server
    outside: Server
    prompt: Server
    default: Server
    durable: Server
    sync: Server

    @property
    def database(self) -> Path:
        return self.folder / "imagebot.db"

    @property
    def servers(self) -> tuple[Server, ...]:
        return self.bot, self.outside, self.prompt, self.default, self.durable, self.sync

    @contextmanager
    def alone(self, server: Server) -> Iterator[None]:
        """Only this one runs, so that none disturbs another's figures; with the bot, what stands around it."""
        rest = [s for s in self.servers if s is not server and not (server is self.bot and s is self.outside)]
        with _paused(rest):
            yield


@dataclass(frozen=True, kw_only=True)
class Bots:
    """Several bots, each on a database of its own, and what stands around them all."""

    team: str
    slack_url: str
    secret: str
    outside: Server
    bots: Mapping[str, Server]

    @contextmanager
    def alone(self, name: str) -> Iterator[Server]:
        """Only this bot runs."""
        with _paused([bot for other, bot in self.bots.items() if other != name]):
            yield self.bots[name]


@contextmanager
def bots_on(
    folder: Path, databases: Mapping[str, Path], *, jobs: Sequence[range] = (), **more: str
) -> Iterator[Bots]:
    """A bot for each database, ready; ended at the end. `jobs`: rows of jobs the cloud knows as running. `more`: settings of all
    the bots. Raises ServerError."""
    with ExitStack() as stack:
        outside, said, team = _outside(stack, folder, jobs)
        bots = {}
        for name, database in databases.items():
            settings = {**_settings(folder), **more, "IMAGEBOT_DATABASE": f"sqlite:///{database}"}
            bots[name] = _start(stack, folder, f"imagebot-{name}", ["bot", "serve"], {**said, **settings})
        for bot in bots.values():
            bot.url = bot.told(_ADDRESS)
            bot.told(re.compile("ready_to_serve"))
        secret = said["SLACK_SIGNING_SECRET"]
        yield Bots(team=team, slack_url=outside.url, secret=secret, outside=outside, bots=bots)


@contextmanager
def surroundings(folder: Path) -> Iterator[Surroundings]:
    """What stands around the bot, ready to have servers started beside it; all ended at the end."""
    with ExitStack() as stack:
        outside, said, team = _outside(stack, folder)
        yield Surroundings(folder=folder, team=team, slack_url=outside.url, environment=said)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """A Slack and a cloud, and what a server started beside them is told."""

    folder: Path
    team: str
    slack_url: str
    environment: Mapping[str, str]

    @contextmanager
    def bot(self) -> Iterator[Server]:
        """A bot from nothing: no database yet. Its address is not known yet either."""
        (self.folder / "imagebot.db").unlink(missing_ok=True)
        with ExitStack() as stack:
            yield _start(
                stack,
                self.folder,
                "imagebot",
                ["bot", "serve"],
                {**self.environment, **_settings(self.folder)},
            )

    @contextmanager
    def echo(self) -> Iterator[Server]:
        """The floor: Bolt that acknowledges and does nothing else."""
        names = ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_API_URL")
        with ExitStack() as stack:
            environment = {name: self.environment[name] for name in names}
            yield _start(stack, self.folder, "prompt", ["bench.servers.echo", "prompt"], environment)


def address_of(server: Server) -> str:
    """Where it listens, as soon as it says so. Raises ServerError."""
    return server.told(_ADDRESS)


def _outside(
    stack: ExitStack, folder: Path, jobs: Sequence[range] = ()
) -> tuple[Server, dict[str, str], str]:
    """What stands around a bot, the environment to start one with, and the workspace's id."""
    rows = [str(number) for those in jobs for number in (those.start, len(those))]
    outside = _start(stack, folder, "outside", ["bench.servers.outside", *rows], {})
    said = json.loads(outside.told(re.compile(r"^\{.*\}$", re.MULTILINE)))
    team, outside.url = said.pop("team"), said.pop("url")
    (folder / "policy.yml").write_text(POLICY, encoding="utf-8")
    return outside, said, team


@contextmanager
def started(folder: Path) -> Iterator[Place]:
    """All servers, ready; ended at the end. Raises ServerError."""
    with ExitStack() as stack:
        outside, said, team = _outside(stack, folder)
        echo = {name: said[name] for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_API_URL")}
        gunicorn = ["gunicorn", "-k", "gthread", "-w", "1", "--threads", str(THREADS), "-b", "127.0.0.1:0"]
        gunicorn += ["--no-control-socket", "bench.servers.sync_echo:made()"]
        place = Place(
            folder=folder,
            team=team,
            slack_url=outside.url,
            secret=said["SLACK_SIGNING_SECRET"],
            outside=outside,
            bot=_start(stack, folder, "imagebot", ["bot", "serve"], {**said, **_settings(folder)}),
            prompt=_start(stack, folder, "prompt", ["bench.servers.echo", "prompt"], echo),
            default=_start(stack, folder, "default", ["bench.servers.echo", "default"], echo),
            durable=_start(stack, folder, "durable", ["bench.servers.echo", "durable"], echo),
            sync=_start(stack, folder, "sync", gunicorn, echo),
        )
        for server in (place.bot, place.prompt, place.default, place.durable, place.sync):
            server.url = server.told(_ADDRESS)
        place.bot.told(re.compile("ready_to_serve"))
        yield place


def _settings(folder: Path) -> dict[str, str]:
    """Every setting that is not named here is the default."""
    return {
        "IMAGEBOT_LISTEN": "127.0.0.1:0",
        "IMAGEBOT_POLICY": str(folder / "policy.yml"),
        "IMAGEBOT_DATABASE": f"sqlite:///{folder / 'imagebot.db'}",
    }


def _start(
    stack: ExitStack, folder: Path, name: str, command: list[str], environment: Mapping[str, str]
) -> Server:
    server = launched(stack, folder, name, command, environment)
    hurry(server.process.pid)
    return server


def launched(
    stack: ExitStack, folder: Path, name: str, command: list[str], environment: Mapping[str, str]
) -> Server:
    """A module of ours as a process in that folder, with its log there and nothing of our environment; ended with the stack."""
    log = folder / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT), **environment},
            start_new_session=True,
        )
    server = Server(name, process, log)
    stack.callback(server.stop)
    return server
