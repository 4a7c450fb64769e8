"""docs/commands.md says what the parser does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.domain.errors import CommandError
from bot.domain.parse import USAGES, parse, unparse

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "commands.md"
EXAMPLES = re.findall(r"^/image (.+)\n([→✗]) (.+)$", PAGE.read_text(), re.MULTILINE)


@pytest.mark.parametrize(("typed", "mark", "expected"), EXAMPLES)
def test_an_example_of_the_page_means_what_the_page_says(typed: str, mark: str, expected: str) -> None:
    """People copy examples; a wrong one teaches an error."""
    if mark == "→":
        assert unparse(parse(typed)) == expected
    else:
        with pytest.raises(CommandError) as caught:
            parse(typed)
        assert caught.value.message == expected


def test_the_page_has_examples_of_both_kinds_and_no_odd_line() -> None:
    """A line the test above does not recognise would be a promise nobody checks."""
    text = PAGE.read_text()
    typed = [line for line in text.splitlines() if line.startswith("/image ")]
    from_table = sum(len(usage.examples) for usage in USAGES)

    assert {mark for _, mark, _ in EXAMPLES} == {"→", "✗"}
    assert len(typed) == len(EXAMPLES) + from_table


def test_the_table_of_the_page_is_made_from_the_parsers_own() -> None:
    """A new sub-command must not be missing from the page."""
    result = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", "docs/commands.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert result.returncode == 0, result.stdout + result.stderr
