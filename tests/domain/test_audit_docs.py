"""The page for auditors: its examples are what an export writes, and its list of kinds is whole."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bot.domain.audit import as_ocsf, as_plain, as_row, chain
from bot.domain.model import LaneId, Person, RequestId

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/audit.md").read_text(encoding="utf-8")


def test_the_example_lines_are_what_an_export_writes() -> None:
    """Somebody writes a reader for the format by them."""
    event = chain(
        None, id=1, at=datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC), kind="click_refused",
        actor=Person("T0OWN", "U0BOB"), request=RequestId(12), lane=LaneId("12.1"),
        data={"click": "approve", "why": "You are not among those who can decide this."},
    )  # fmt: skip
    table = io.StringIO()
    writer = csv.DictWriter(table, as_row(event).keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerow(as_row(event))

    for written in (
        json.dumps(as_plain(event), sort_keys=True),
        table.getvalue().strip(),
        json.dumps(as_ocsf(event), sort_keys=True),
    ):
        assert f"\n{written}\n```" in PAGE


def test_every_kind_of_event_is_on_the_page() -> None:
    """An auditor who meets a kind looks it up."""
    kinds = set(_kinds())

    assert len(kinds) > 25
    assert {kind for kind in kinds if f"`{kind}`" not in PAGE} == set()


def _kinds() -> Iterator[str]:
    """What stands where a kind is named: in `record(`, `kind=` of what happened, and the steps of a job."""
    named = re.compile(r"[a-z]+(_[a-z]+)+")
    for path in [*(ROOT / "bot/usecases").glob("*.py"), *(ROOT / "bot/app").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            places: list[ast.expr] = []
            if name in (
                "record",
                "_record",
                "_record_outcomes",
                "save_job_step",
                "_follow",
                "_verify",
                "announce",
            ):
                places = list(node.args)
            if name == "Happened":
                places = [word.value for word in node.keywords if word.arg == "kind"]
            for place in places:
                for inner in [place, *getattr(place, "values", [])]:
                    if isinstance(inner, ast.Constant) and named.fullmatch(str(inner.value)):
                        yield str(inner.value)
