"""Which blocks, messages and views Slack takes. Follows docs.slack.dev/reference/block-kit/blocks and
/reference/views.

Blocks newer than the ones an ordinary app uses are known by name and judged no further.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Literal

from bot.simulator.slack.rules.elements import (
    IN_ACTIONS,
    IN_CONTEXT,
    IN_INPUT,
    IN_SECTION,
    any_text,
    plain_text,
)
from bot.simulator.slack.rules.rich_text import RICH_TEXT_PART
from bot.simulator.slack.rules.shapes import (
    Check,
    Report,
    anything,
    array,
    boolean,
    both,
    by_type,
    one_of,
    record,
    string,
)

Place = Literal["message", "modal", "home"]
_ID: dict[str, Check] = {"block_id": string(1, 255)}


def _text_or_fields(report: Report, pointer: str, value: Any) -> None:
    if not value.get("text") and not value.get("fields"):
        report.add(pointer, "must have text or fields")


def _one_picture(report: Report, pointer: str, value: Any) -> None:
    if ("image_url" in value) == ("slack_file" in value):
        report.add(pointer, "must have exactly one of image_url and slack_file")


_CELL = by_type(
    {
        "raw_text": record({"text": string(1, 10_000)}),
        "rich_text": record({"elements": array(RICH_TEXT_PART, 1, 100)}, _ID),
    }
)
_BLOCKS: dict[str, Check] = {
    "section": both(
        record(
            {},
            {
                **_ID,
                "text": any_text(3000),
                "fields": array(any_text(2000), 1, 10),
                "accessory": IN_SECTION,
                "expand": boolean,
            },
        ),
        _text_or_fields,
    ),
    "header": record({"text": plain_text(150)}, _ID),
    "context": record({"elements": array(IN_CONTEXT, 1, 10)}, _ID),
    "divider": record({}, _ID),
    "actions": record({"elements": array(IN_ACTIONS, 1, 25)}, _ID),
    "input": record(
        {"label": plain_text(2000), "element": IN_INPUT},
        {**_ID, "hint": plain_text(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "rich_text": record({"elements": array(RICH_TEXT_PART, 1, 100)}, _ID),
    "image": both(
        record(
            {"alt_text": string(1, 2000)},
            {**_ID, "image_url": string(1, 3000), "slack_file": anything, "title": plain_text(2000)},
        ),
        _one_picture,
    ),
    "markdown": record({"text": string(1, 12_000)}, _ID),
    "table": record(
        {"rows": array(array(_CELL, 1, 20), 1, 100)}, {**_ID, "column_settings": array(anything, 0, 20)}
    ),
    "video": record(
        {
            "alt_text": string(1, 2000),
            "title": plain_text(200),
            "thumbnail_url": string(1, 3000),
            "video_url": string(1, 3000),
        },
        {
            **_ID,
            "title_url": string(1, 3000),
            "author_name": string(1, 50),
            "provider_name": string(1, 50),
            "provider_icon_url": string(1, 3000),
            "description": plain_text(200),
        },
    ),
    "file": record({"external_id": string(), "source": one_of("remote")}, _ID),
}
_NEWER = (
    "alert",
    "card",
    "carousel",
    "container",
    "context_actions",
    "data_table",
    "data_visualization",
    "plan",
    "task_card",
)
_ONLY_IN_MESSAGES = {"markdown", "table", "file", "card", "carousel", "context_actions", "plan", "task_card"}
_KNOWN: dict[str, Check] = {**_BLOCKS, **dict.fromkeys(_NEWER, anything)}
_MOST = {"message": 50, "modal": 100, "home": 100}


def block_problems(blocks: Any, place: Place) -> list[str]:
    """What Slack would refuse in an array of blocks; empty when it would take them."""
    report = Report()
    _judge_blocks(report, blocks, place)
    return report.problems


def _judge_blocks(report: Report, blocks: Any, place: Place) -> None:
    array(by_type(_KNOWN), 0, _MOST[place])(report, "/blocks", blocks)
    known = [one for one in blocks if isinstance(one, dict)] if isinstance(blocks, list) else []
    for block_id, count in Counter(str(one["block_id"]) for one in known if "block_id" in one).items():
        if count > 1:
            report.add("/blocks", f"block_id already exists: {block_id[:60]}")
    for index, block in enumerate(known):
        pointer = f"/blocks/{index}"
        if place != "message" and block.get("type") in _ONLY_IN_MESSAGES:
            report.add(pointer, f"unsupported type in a view: {block['type']}")
        for action_id, count in Counter(_action_ids(block)).items():
            if count > 1:
                report.add(pointer, f"action_id already exists: {action_id[:60]}")
    _judge_totals(report, known)


def _judge_totals(report: Report, known: list[dict[str, Any]]) -> None:
    prose = sum(len(str(one.get("text", ""))) for one in known if one.get("type") == "markdown")
    if prose > 12_000:
        report.add("/blocks", "markdown blocks must be less than 12001 characters together")
    tables = [one for one in known if one.get("type") == "table"]
    if len(tables) > 1:
        report.add("/blocks", "only one table allowed")


def _action_ids(block: dict[str, Any]) -> list[str]:
    elements = block.get("elements")
    several = elements if isinstance(elements, list) else []
    candidates = [*several, block.get("accessory"), block.get("element")]
    return [str(one["action_id"]) for one in candidates if isinstance(one, dict) and "action_id" in one]


_VIEW_COMMON: dict[str, Check] = {
    "blocks": anything,
    "private_metadata": string(0, 3000),
    "callback_id": string(0, 255),
    "external_id": string(0, 255),
}
_VIEWS: dict[str, Check] = {
    "modal": record(
        {"title": plain_text(24), "blocks": anything},
        {
            **_VIEW_COMMON,
            "close": plain_text(24),
            "submit": plain_text(24),
            "clear_on_close": boolean,
            "notify_on_close": boolean,
            "submit_disabled": boolean,
        },
    ),
    "home": record({"blocks": anything}, _VIEW_COMMON),
}
VIEW_BYTES = 250_000


def view_problems(view: Any) -> list[str]:
    """What Slack would refuse in a view; empty when it would take it."""
    report = Report()
    by_type(_VIEWS)(report, "", view)
    if not report.problems:
        _judge_blocks(report, view["blocks"], view["type"])
        blocks = view["blocks"] if isinstance(view["blocks"], list) else []
        inputs = any(isinstance(one, dict) and one.get("type") == "input" for one in blocks)
        if view["type"] == "modal" and inputs and "submit" not in view:
            report.add("/submit", "missing required field: submit, as there is an input block")
    return report.problems


def view_too_large(view: Any) -> bool:
    return len(json.dumps(view).encode()) > VIEW_BYTES
