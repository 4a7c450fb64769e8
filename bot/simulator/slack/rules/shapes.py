"""A little language for the shape of JSON objects: each check reports what is wrong under a JSON pointer.

Knows nothing of Slack but the wording of its messages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Check = Callable[["Report", str, Any], None]


@dataclass
class Report:
    """Problems found so far, in the words Slack uses in `response_metadata.messages`."""

    problems: list[str] = field(default_factory=list)

    def add(self, pointer: str, what: str) -> None:
        self.problems.append(f"[ERROR] {what} [json-pointer:{pointer}]")


def string(least: int = 1, most: int = 255) -> Check:
    def check(report: Report, pointer: str, value: Any) -> None:
        if not isinstance(value, str):
            report.add(pointer, "must be a string")
        elif len(value) > most:
            report.add(pointer, f"must be less than {most + 1} characters")
        elif len(value) < least:
            report.add(pointer, f"must be more than {least - 1} characters")

    return check


def boolean(report: Report, pointer: str, value: Any) -> None:
    if not isinstance(value, bool):
        report.add(pointer, "must be a boolean")


def whole(least: int, most: int) -> Check:
    def check(report: Report, pointer: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            report.add(pointer, f"must be an integer from {least} to {most}")

    return check


def one_of(*words: str) -> Check:
    def check(report: Report, pointer: str, value: Any) -> None:
        if value not in words:
            report.add(pointer, f"must be one of {', '.join(words)}")

    return check


def anything(report: Report, pointer: str, value: Any) -> None:
    """Known to exist, not judged further."""


def array(check: Check, least: int = 1, most: int = 100) -> Check:
    def each(report: Report, pointer: str, value: Any) -> None:
        if not isinstance(value, list):
            report.add(pointer, "must be an array")
            return
        if len(value) > most:
            report.add(pointer, f"no more than {most} items allowed")
        if len(value) < least:
            report.add(pointer, f"no fewer than {least} items allowed")
        for index, one in enumerate(value):
            check(report, f"{pointer}/{index}", one)

    return each


def record(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these fields and no others."""
    fields = {**required, **(optional or {})}

    def check(report: Report, pointer: str, value: Any) -> None:
        if not isinstance(value, dict):
            report.add(pointer, "must be an object")
            return
        for key in required:
            if key not in value:
                report.add(pointer, f"missing required field: {key}")
        for key, one in value.items():
            if key in fields:
                fields[key](report, f"{pointer}/{key}", one)
            elif key != "type":
                report.add(f"{pointer}/{key}", f"no additional properties allowed: {key}")

    return check


def by_type(kinds: Mapping[str, Check]) -> Check:
    """The check that belongs to the object's `type`."""

    def check(report: Report, pointer: str, value: Any) -> None:
        if not isinstance(value, dict):
            report.add(pointer, "must be an object")
        elif not isinstance(value.get("type"), str) or value["type"] not in kinds:
            report.add(pointer, f"unsupported type: {value.get('type')}")
        else:
            kinds[value["type"]](report, pointer, value)

    return check


def both(*checks: Check) -> Check:
    def check(report: Report, pointer: str, value: Any) -> None:
        for one in checks:
            one(report, pointer, value)

    return check
