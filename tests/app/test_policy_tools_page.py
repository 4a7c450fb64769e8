"""docs/policy.md is true: every command of it prints what stands there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.domain.policy_file import lint, load
from tests.app.policy_page import PAGE, Typed, files, run, typed
from tests.app.stored_requests import fill

TEXT = PAGE.read_text(encoding="utf-8")


@pytest.fixture
async def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of the page and a database, in the current folder."""
    for name, text in files(TEXT).items():
        (tmp_path / name).write_text(text)
    await fill(tmp_path / "imagebot.db")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_has_a_cookbook() -> None:
    """An empty loop proves nothing."""
    assert len([name for name in files(TEXT) if name != "requests.yml"]) >= 12
    assert len(typed(TEXT)) >= 15


@pytest.mark.parametrize("shown", typed(TEXT), ids=lambda shown: shown.command)
def test_a_command_of_the_page_prints_what_the_page_shows(shown: Typed, folder: Path) -> None:
    """A reader compares what they see with what they were told."""
    assert run_outside(shown.command) == (0, shown.printed)


def run_outside(command: str) -> tuple[int, str]:
    """As `run`, in a thread without an event loop: the commands start their own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run, command).result()


@pytest.mark.parametrize("name", [name for name in files(TEXT) if name != "requests.yml"])
def test_a_file_of_the_cookbook_loads_with_its_own_tests(name: str) -> None:
    """Whole, as somebody copies it; it shows no doubtful thing but the one the page explains."""
    text = files(TEXT)[name]
    warnings = [str(problem) for problem in lint(load(text, name))]

    assert "tests:" in text
    assert [warning for warning in warnings if name != "teams.yml"] == []
