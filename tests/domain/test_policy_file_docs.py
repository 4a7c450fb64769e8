"""docs/policy.md is true: its examples load, and its tables are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from bot.domain.policy import FACTS, Effect, Operator
from bot.domain.policy_file import grammar, load
from bot.domain.policy_file.examples import IMAGE_KEYS, REQUEST_KEYS
from bot.domain.policy_file.load import SECTIONS
from bot.domain.policy_file.rules import RULE_KEYS

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def table(heading: str) -> list[list[str]]:
    """The words in back-ticks of each row of the first table under a heading, row by row."""
    part = PAGE.split(f"\n### {heading}\n", 1)[1].split("\n#", 1)[0]
    rows = [line for line in part.splitlines() if line.startswith("| `")]
    return [re.findall(r"`([^`]+)`", row.split("|")[1]) for row in rows]


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_every_example_of_the_page_is_a_policy_that_keeps_its_promises(number: int) -> None:
    """Each is completed by the groups and projects of the first."""
    whole = yaml.safe_load(BLOCKS[0]) | yaml.safe_load(BLOCKS[number])

    assert load(yaml.safe_dump(whole), "docs/policy.md").rules


def test_the_page_has_examples() -> None:
    """An empty loop proves nothing."""
    assert len(BLOCKS) >= 5


def test_the_page_lists_exactly_the_facts_there_are() -> None:
    """With their type and in the words of the code."""
    rows = [row for row in PAGE.split("\n### Facts\n", 1)[1].splitlines() if row.startswith("| `")]
    listed = {row.split("`")[1]: row for row in rows[: len(FACTS) + 1]}

    assert set(listed) == {*FACTS, "project.labels.NAME"}
    for name, fact in FACTS.items():
        assert f"| {fact.type} |" in listed[name]
        assert fact.about.split(",")[0].split(" in defaults")[0] in listed[name] or fact.choices
        assert all(f"`{choice}`" in listed[name] for choice in fact.choices)


def test_the_page_lists_exactly_the_operators_there_are() -> None:
    """A missing one is never used, an invented one is an error."""
    assert {name for row in table("Conditions") for name in row} == set(Operator)


def test_the_page_lists_exactly_the_keys_of_a_rule() -> None:
    """The loader refuses all others."""
    assert {row[0] for row in table("Rules")} == set(RULE_KEYS)


def test_the_page_lists_exactly_the_sections_and_effects() -> None:
    """The frame of the file."""
    inner = {*grammar.DEFAULTS, *grammar.LIMITS, *grammar.BREAK_GLASS}

    assert {name for row in table("Top level") for name in row} == {*SECTIONS, *inner}
    assert all(f"| `{effect}` |" in PAGE for effect in Effect)


def test_the_page_lists_exactly_the_keys_of_a_test() -> None:
    """And those of its image are the facts and three more."""
    assert {name for row in table("Tests") for name in row} == set(REQUEST_KEYS)
    assert set(IMAGE_KEYS) == {
        *(name.removeprefix("image.") for name in FACTS if name.startswith("image.")),
        "active",
        "public",
        "marketplace",
    }
