"""The pages that list the settings, drawn from the table: docs/configuration.md and .env.example."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from bot.config.fields import Setting
from bot.config.loading import SETTINGS


def markdown() -> str:
    """One table for each section, for docs/configuration.md."""
    lines: list[str] = []
    for section, rows in groupby(SETTINGS, key=lambda row: row.section):
        lines += ["", f"## {section}", "", "| variable | default | meaning | value |", "|---|---|---|---|"]
        lines += [_row(row) for row in rows]
    return "\n".join([*lines, ""])


def _row(row: Setting) -> str:
    default = f"`{row.default}`" if row.default else ""
    secret = " *(secret)*" if row.secret else ""
    return f"| `{row.name}`{secret} | {default} | {row.meaning} | {row.expects} |".replace("|  |", "| |")


def example() -> str:
    """A `.env` file that loads as it stands: what must be filled in is open, the rest is commented out."""
    lines: list[str] = []
    for section, rows in groupby(SETTINGS, key=lambda row: row.section):
        lines += ["", f"# ---- {section} ----"]
        for row in rows:
            lines += _example_lines(row)
    return "\n".join([*lines, ""])


def _example_lines(row: Setting) -> Iterator[str]:
    yield ""
    yield f"# {row.meaning}"
    yield f"{row.name}={row.example}" if row.example else f"# {row.name}={row.default}"
