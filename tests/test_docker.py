"""The Dockerfile: its promises are read from it, and its build steps are really run, outside Docker."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Stage:
    base: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def last(self, word: str) -> str:
        return [text for step, text in self.steps if step == word][-1]

    def environment(self) -> dict[str, str]:
        found = [shlex.split(text) for word, text in self.steps if word == "ENV"]
        return dict(pair.split("=", 1) for pairs in found for pair in pairs)


def parse(text: str) -> list[Stage]:
    """The stages of a Dockerfile, with ARG defaults filled in."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    for line in filter(None, (line.strip() for line in "\n".join(lines).replace("\\\n", " ").splitlines())):
        word, _, rest = line.partition(" ")
        if word == "ARG":
            arguments.update([rest.split("=", 1)])
        elif word == "FROM":
            base, _, name = re.sub(r"\$\{(\w+)\}", lambda m: arguments[m[1]], rest).partition(" AS ")
            stages.append(Stage(base, name))
        else:
            stages[-1].steps.append((word, re.sub(r"\s+", " ", rest) if word != "HEALTHCHECK" else rest))
    return stages


STAGES = parse((ROOT / "Dockerfile").read_text())
BUILD, RUN = STAGES


def copies(stage: Stage) -> Iterator[tuple[str, list[str], str]]:
    """(stage it comes from or "", sources, destination) of every COPY."""
    for word, text in stage.steps:
        if word == "COPY":
            flags = [part for part in text.split() if part.startswith("--")]
            *sources, target = [part for part in text.split() if not part.startswith("--")]
            yield next((f[7:] for f in flags if f.startswith("--from=")), ""), sources, target


def healthcheck() -> list[str]:
    return json.loads(RUN.last("HEALTHCHECK").partition("CMD ")[2])


# -- what it promises --------------------------------------------------------------------------


def test_every_base_is_a_pinned_tag() -> None:
    """The same commit must give the same image next month."""
    for stage in STAGES:
        assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", stage.base), stage.base


def test_the_bot_runs_as_a_numbered_user_without_rights() -> None:
    """Kubernetes can only check runAsNonRoot when the user is a number."""
    user, _, group = RUN.last("USER").partition(":")

    assert int(user) >= 10000
    assert int(group) >= 10000


def test_nothing_but_the_data_folder_is_written_to() -> None:
    """So the image runs with a read-only root."""
    environment = RUN.environment()

    assert json.loads(RUN.last("VOLUME")) == ["/data"]
    assert environment["IMAGEBOT_DATABASE"].startswith("sqlite:////data/")
    assert environment["TMPDIR"] == "/data"
    assert environment["PYTHONDONTWRITEBYTECODE"] == "1"
    user = RUN.last("USER")
    assert [text for word, text in RUN.steps if word == "COPY" and user in text] == [
        f"--from=build --chown={user} /opt/data /data"
    ]


def test_it_starts_the_bot_and_stops_it_softly() -> None:
    """SIGTERM lets work in hand end; a shell in between would swallow it."""
    assert json.loads(RUN.last("ENTRYPOINT")) == ["imagebot"]
    assert json.loads(RUN.last("CMD")) == ["serve"]
    assert RUN.last("STOPSIGNAL") == "SIGTERM"
    assert RUN.last("EXPOSE") == RUN.environment()["IMAGEBOT_LISTEN"].rpartition(":")[2]


def test_the_environment_of_the_image_is_valid_settings() -> None:
    """A default of the image that the bot refuses would break every container."""
    from bot.config import Config

    needed = {
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1",
        "IMAGEBOT_REGION": "eu-de",
        "HUAWEICLOUD_SDK_AK": "a",
        "HUAWEICLOUD_SDK_SK": "b",
        "HUAWEICLOUD_SDK_PROJECT_ID": "c",
    }
    config = Config.load({**RUN.environment(), **needed}, env_file=None)

    assert config.service.database_file == Path("/data/imagebot.db")


def test_everything_copied_exists_and_reaches_the_build() -> None:
    """A file that .dockerignore holds back fails only on the machine that builds."""
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    let_in = [rule[1:] for rule in rules if rule.startswith("!")]

    assert rules[0] == "*"
    for origin, sources, _ in (copy for stage in STAGES for copy in copies(stage)):
        for source in sources:
            if origin:
                assert origin == BUILD.name
                continue
            assert (ROOT / source).exists(), source
            assert any(fnmatch.fnmatch(source, rule) or source.startswith(f"{rule}/") for rule in let_in), (
                source
            )


def test_no_secret_is_baked_in() -> None:
    """Whoever can pull the image could read it."""
    from bot.config import SETTINGS

    secrets = {row.name for row in SETTINGS if row.secret}

    assert not secrets & {name for stage in STAGES for name in stage.environment()}


# -- the health check --------------------------------------------------------------------------


@contextmanager
def server(status: int) -> Iterator[tuple[int, list[str]]]:
    """A server that answers everything with one status: its port, and the paths it was asked for."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Nothing: the test asks for the paths."""

    with HTTPServer(("127.0.0.1", 0), Answer) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield listening.server_port, asked
        finally:
            listening.shutdown()
            thread.join()


def run_healthcheck(listen: str) -> int:
    command = healthcheck()
    assert command[0] == "python"
    # A proxy that is set for the cloud must not be asked for our own health.
    environ = {
        "IMAGEBOT_LISTEN": listen,
        "http_proxy": "http://127.0.0.1:1",
        "HTTP_PROXY": "http://127.0.0.1:1",
    }
    return subprocess.run([sys.executable, *command[1:]], env=environ, capture_output=True).returncode


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1", "localhost"])
def test_a_bot_that_answers_is_healthy(host: str) -> None:
    """The address it listens on is not always one that can be called."""
    with server(200) as (port, asked):
        assert run_healthcheck(f"{host}:{port}") == 0

    assert asked == ["/healthz"]


def test_a_bot_that_says_it_is_ill_is_not_healthy() -> None:
    """Else nothing ever restarts it."""
    with server(503) as (port, _):
        assert run_healthcheck(f"0.0.0.0:{port}") != 0


def test_a_bot_that_does_not_answer_is_not_healthy() -> None:
    """A closed port is the plainest way to be dead."""
    with server(200) as (port, _):
        pass

    assert run_healthcheck(f"0.0.0.0:{port}") != 0


# -- the build ---------------------------------------------------------------------------------

PLACES = re.compile(r"(?<![\w./*$-])/(opt|src|data|etc)(?=[/ \"':]|$)")


class Builder:
    """Runs the steps of a stage with every absolute path moved below `root`."""

    def __init__(self, root: Path, bin: Path) -> None:
        self.root, self.bin = root, bin

    def moved(self, text: str) -> str:
        return PLACES.sub(lambda found: f"{self.root}/{found[1]}", text)

    def build(self, stage: Stage, others: dict[str, Path]) -> None:
        here = self.root
        inherited = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        environment = {**inherited, "PATH": f"{self.bin}:/usr/bin:/bin", "HOME": str(self.root)}
        for word, text in stage.steps:
            if word == "ENV":
                environment |= {
                    name: self.moved(v) for name, v in stage.environment().items() if name != "PATH"
                }
            elif word == "WORKDIR":
                here = Path(self.moved(text))
                here.mkdir(parents=True, exist_ok=True)
            elif word == "COPY":
                self.copy(text, here, others)
            elif word == "RUN":
                done = subprocess.run(
                    ["/bin/sh", "-c", self.moved(text)],
                    cwd=here,
                    env=environment,
                    capture_output=True,
                    text=True,
                )
                assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"

    def copy(self, text: str, here: Path, others: dict[str, Path]) -> None:
        [(origin, sources, target)] = copies(Stage("", "", [("COPY", text)]))
        for source in sources:
            start = others[origin] / source.lstrip("/") if origin else ROOT / source
            end = here / self.moved(target)
            if start.is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(
                    start, end, symlinks=True, dirs_exist_ok=True, ignore=None if origin else ignored
                )
            else:
                end.mkdir(parents=True, exist_ok=True)
                shutil.copy(start, end)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of the finished image, as far as the build made it."""
    base = tmp_path_factory.mktemp("docker")
    bin = base / "bin"
    bin.mkdir()
    python = bin / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys._base_executable}" "$@"\n')  # type: ignore[attr-defined]
    python.chmod(0o755)
    root = base / "root"
    root.mkdir()
    Builder(root, bin).build(BUILD, {})
    # The second stage starts from nothing, at the same place: a virtual environment cannot be moved.
    root.rename(base / "build")
    root.mkdir()
    Builder(root, bin).build(RUN, {BUILD.name: base / "build"})
    return root


def run(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environ = {
        "PATH": f"{root}/opt/imagebot/bin",
        "HOME": "/",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TERM": "dumb",
    }
    return subprocess.run(command, env=environ, cwd=root / "data", capture_output=True, text=True, timeout=60)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.xdist_group("docker")
def test_the_image_has_the_bot_and_nothing_to_develop_it_with(built: Path) -> None:
    """What works only because a test library is installed fails in production first."""
    python = str(built / "opt/imagebot/bin/python")
    said = run(built, str(built / "opt/imagebot/bin/imagebot"), "--help")

    assert said.returncode == 0, said.stderr
    assert "serve" in said.stdout
    for absent in ("pytest", "mypy", "hypothesis", "pip", "hatchling", "huaweicloudsdkcore", "tests"):
        assert run(built, python, "-c", f"import {absent}").returncode == 1, absent


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.xdist_group("docker")
def test_every_module_of_the_image_can_be_imported_and_is_compiled(built: Path) -> None:
    """A read-only image that compiles at every start takes three times as long to answer."""
    site = next((built / "opt/imagebot/lib").glob("python3*/site-packages"))
    sources = sorted(path for path in (site / "bot").rglob("*.py"))
    names = [
        ".".join(path.relative_to(site).with_suffix("").parts).removesuffix(".__init__") for path in sources
    ]
    wanted = [name for name in names if not name.endswith("__main__")]
    done = run(built, str(built / "opt/imagebot/bin/python"), "-W", "error::ImportWarning", "-c",
               f"import importlib; [importlib.import_module(n) for n in {wanted}]")  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert wanted
    for path in sources:
        assert list((path.parent / "__pycache__").glob(f"{path.stem}.*.pyc")), path
