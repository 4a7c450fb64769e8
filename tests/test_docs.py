"""The documents: what they promise must be there."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from bot import cli
from bot.cli.door import app
from bot.config import SETTINGS, AccessKey, Config

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
LINK = re.compile(r"(?<!!)\[[^\]\n]+\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def prose(path: Path) -> str:
    """The document without its fenced blocks."""
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as they are made on the usual hosts."""
    titles = re.findall(r"^#+ +(.+?) *$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def made(text: str) -> set[str]:
    """Targets of every `make X` in a piece of text."""
    lines = re.findall(r"^\s*(?:\$ )?make\b(.*)$", text, re.MULTILINE)
    return {
        word for line in lines for word in line.split("#")[0].split() if re.fullmatch(r"[a-z][a-z-]*", word)
    }


# -- links and commands ------------------------------------------------------------------------


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_link_between_documents_leads_somewhere(document: Path) -> None:
    """A reader who follows a link has a question."""
    for target in LINK.findall(prose(document)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (document.parent / path).resolve() if path else document
        assert there.exists(), target
        assert not anchor or there.suffix != ".md" or anchor in anchors(there), target


def test_what_the_readme_tells_to_make_can_be_made() -> None:
    """The first command a newcomer types must exist."""
    told = {
        target
        for document in DOCUMENTS
        for block in FENCE.findall(document.read_text())
        for target in made(block)
    }

    assert {"demo", "check"} <= told
    assert told <= make_targets()


def test_the_gate_runs_what_the_readme_tells() -> None:
    """Else the two commands a newcomer types are the two nobody tries."""
    readme = {t for block in FENCE.findall((ROOT / "README.md").read_text()) for t in made(block)}
    gate = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / ".ci/run").read_text()))

    assert readme <= gate
    assert gate <= make_targets()


def test_the_makefile_lists_every_target() -> None:
    """`make` alone is the table of contents."""
    listed = re.findall(r"^([a-z][a-z-]*):.*## \w", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert set(listed) == make_targets()


def commands() -> Iterator[str]:
    """Every command of the operator's door, such as "policy check"."""
    for module in pkgutil.iter_modules(cli.__path__, "bot.cli."):
        importlib.import_module(module.name)

    def walk(command: Any, words: tuple[str, ...]) -> Iterator[str]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield " ".join(words)
        else:
            for word, one in inner.items():
                yield from walk(one, (*words, word))

    yield from walk(typer.main.get_command(app), ())


def test_every_command_of_the_door_is_documented() -> None:
    """An operator looks into the documents when something is wrong, not before."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)

    assert [command for command in commands() if f"imagebot {command}" not in text] == []


def test_every_command_that_is_documented_exists() -> None:
    """A command that is only in the documents is worse than none."""
    known = set(commands())
    groups = {command.split()[0] for command in known if " " in command}
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    told = re.findall(
        r"(?:^|[`/ ])imagebot ([a-z]+)(?: ([a-z]+))?", "\n".join(re.findall(r"`[^`\n]+`", text))
    )

    assert told
    for first, second in told:
        assert (f"{first} {second}" if first in groups else first) in known, f"imagebot {first} {second}"


# -- decisions and versions --------------------------------------------------------------------


@pytest.mark.parametrize("record", DECISIONS, ids=name)
def test_every_decision_has_its_number_a_date_and_a_place_in_the_list(record: Path) -> None:
    """A decision without a date cannot be weighed against a later one."""
    title, _, date, _, *text = record.read_text(encoding="utf-8").splitlines()

    assert title.startswith(f"# {record.name[:4]} ")
    assert re.fullmatch(r"20\d\d-[01]\d-[0-3]\d", date)
    assert len(" ".join(text)) > 200
    assert f"]({record.name}) | {title[7:]} |" in (record.parent / "README.md").read_text(encoding="utf-8")


def test_the_changelog_knows_the_present_version() -> None:
    """Whoever upgrades reads it first."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


# -- settings ----------------------------------------------------------------------------------


def test_the_example_environment_loads() -> None:
    """A copy of it is how everybody begins."""
    config = Config.load({}, env_file=ROOT / ".env.example")

    assert config.slack.socket_mode
    assert isinstance(config.cloud.credentials, AccessKey)


def test_every_setting_the_documents_name_exists() -> None:
    """A renamed setting lives on in the documents."""
    known = {row.name for row in SETTINGS} | {f"{row.name}_FILE" for row in SETTINGS if row.secret}

    for document in DOCUMENTS:
        told = set(re.findall(r"\bIMAGEBOT_[A-Z_]*[A-Z]\b", document.read_text(encoding="utf-8")))
        assert told <= known, name(document)


def test_every_log_event_is_explained() -> None:
    """Whoever reads the log at night needs to know what to do."""
    explained = (ROOT / "docs/operations.md").read_text(encoding="utf-8")

    assert {event for event in log_events() if f"`{event}`" not in explained} == set()


def log_events() -> Iterator[str]:
    """The first argument of every call of a logger."""
    for path in sorted((ROOT / "bot").rglob("*.py")):
        if "simulator" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            at, method, first = node.func.value, node.func.attr, node.args[0]
            levels = ("debug", "info", "warning", "error", "exception", "critical")
            logs = isinstance(at, ast.Name) and at.id.strip("_") in ("log", "logger") and method in levels
            if logs and isinstance(first, ast.Constant):
                yield str(first.value)


def test_every_test_that_a_promise_names_exists() -> None:
    """A promise without its test is a wish."""
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    written = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    named = re.findall(r"`(test_\w+)`", page)
    assert len(named) > 30
    assert [name for name in named if f"def {name}(" not in written] == []
    files = re.findall(r"`(tests/[\w/]+\.py)`", page)
    assert [file for file in files if not (ROOT / file).exists()] == []
