"""A copy of the tree, to break things in: made, written into, and known to be what is imported there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
_FOLDERS = ("bot", "tests", "tools", "bench", "docs")
_FILES = ("pyproject.toml", "policy.example.yml", "manifest.yml", "README.md")


def copy_tree(to: Path, *, compiled: bool = False) -> None:
    """What the tests need, without anything that was cached. `compiled`: compiled files too; they stay valid, for they are told by
    the time of their source."""
    left_out = (".*",) if compiled else (".*", "__pycache__")
    for folder in _FOLDERS:
        shutil.copytree(ROOT / folder, to / folder, ignore=shutil.ignore_patterns(*left_out))
    for name in _FILES:
        shutil.copy2(ROOT / name, to / name)


def write(tree: Path, file: str, text: str) -> None:
    """The file with this text, and nothing compiled of an earlier one."""
    path = tree / file
    path.write_text(text, encoding="utf-8")
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
        compiled.unlink()


def is_the_copy(tree: Path) -> bool:
    """Whether what is imported there is the code there."""
    code = "import bot, tests; print(bot.__file__); print(tests.__file__)"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], cwd=tree, env=os.environ | {"PYTHONPATH": str(tree)},
        capture_output=True, text=True,
    )  # fmt: skip
    files = [Path(line).resolve() for line in done.stdout.split()]
    return len(files) == 2 and all(file.is_relative_to(tree.resolve()) for file in files)
