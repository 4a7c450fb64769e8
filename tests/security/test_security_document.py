"""The page on security promises nothing that nothing shows."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")


def test_every_test_the_page_names_exists() -> None:
    """A promise without its test is a wish."""
    written = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    named = set(re.findall(r"`(test_\w+)`", PAGE))

    assert len(named) > 80
    assert sorted(name for name in named if f"def {name}(" not in written) == []


def test_every_file_the_page_names_exists() -> None:
    """Whoever doubts a sentence looks there."""
    named = re.findall(r"`((?:bot|tests|docs|tools)/[\w/.]+)`", PAGE)

    assert len(named) > 5
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_page_asks_for_exactly_the_scopes_of_the_manifest() -> None:
    """One scope too many is one too many for a thief."""
    manifest = (ROOT / "manifest.yml").read_text(encoding="utf-8")
    asked = set(re.findall(r"^    - ([\w:.]+)$", manifest, re.MULTILINE))
    told = set(
        re.findall(
            r"^\| `([\w:]+)` \| ", PAGE.split("Scopes, each")[1].split("connections:write")[0], re.MULTILINE
        )
    )

    assert asked
    assert told == asked


def test_every_test_of_this_room_is_named_on_the_page_or_stands_beside_one() -> None:
    """A file of tests that no sentence leads to is found by nobody."""
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if path.name == Path(__file__).name:
            continue
        mine = set(re.findall(r"def (test_\w+)\(", path.read_text(encoding="utf-8")))
        assert mine & named, path.name
