"""The commands of `imagebot` and how their errors are told."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TextIO

import typer

from bot.app.terminal import printable_lines
from bot.domain.errors import OperatorError

if TYPE_CHECKING:
    from bot.config import Config

app = typer.Typer(
    name="imagebot",
    help="Share Huawei Cloud images from Slack: asked in a command, approved with a button, verified in the cloud.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def say(words: str, *, file: TextIO | None = None) -> None:
    """Prints for people: nothing in it acts on their screen."""
    print(printable_lines(words), file=file or sys.stdout)


def fail(words: str, head: str = "") -> NoReturn:
    """Says why on standard error and ends with exit code 1."""
    say("\n".join(part for part in (head, words) if part), file=sys.stderr)
    raise SystemExit(1)


def env_file() -> Path:
    """`.env` of the folder the command is run in."""
    return Path(".env")


def settings() -> Config:
    """The settings of this process. Raises ConfigError with every problem."""
    from bot.config import Config

    return Config.load(os.environ, env_file=env_file())


def database(path: Path | None) -> Path:
    """The database file a reading command looks at: named, or that of the settings alone (the other settings may be absent)."""
    if path is not None:
        return path
    from bot.config.fields import database_file
    from bot.config.reading import read_given

    given = read_given(os.environ, env_file(), ())
    url = given.values.get("IMAGEBOT_DATABASE", "sqlite:///imagebot.db")
    if not url.startswith("sqlite:///"):
        raise OperatorError(f"IMAGEBOT_DATABASE is not a SQLite address: {url.split('@')[-1]}")
    return database_file(url)


DatabaseOption = Annotated[
    Path | None, typer.Option("--database", help="The database file; default: that of IMAGEBOT_DATABASE.")
]
