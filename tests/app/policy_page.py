"""docs/policy.md taken apart: its named files, and its commands with what they print."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from bot.cli.door import app

PAGE = Path(__file__).parents[2] / "docs" / "policy.md"
NAMED = re.compile(r"^```(?:yaml|requests)\n# ([\w.-]+\.yml)\n(.*?)^```", re.DOTALL | re.MULTILINE)
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Typed:
    command: str
    printed: str


def files(page: str) -> dict[str, str]:
    """Each file the page shows whole, by its name."""
    return {found[1]: f"# {found[1]}\n{found[2]}" for found in NAMED.finditer(page)}


def typed(page: str) -> list[Typed]:
    """Each command of the page with the lines printed below it."""
    found = []
    for block in CONSOLE.findall(page):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, printed = part.partition("\n")
            found.append(Typed(command, printed.rstrip("\n")))
    return found


def run(command: str) -> tuple[int, str]:
    """Exit code and standard output of `imagebot ...`, run in this process in the current folder."""
    program, *words = shlex.split(command)
    assert program == "imagebot", command
    result = CliRunner().invoke(app, words, catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        return 1, f"{result.stdout}{result.exception}"
    return result.exit_code, result.stdout.rstrip("\n")
