"""Would Slack take this message or view? Three judges together, since each is blind where another sees.

1. JSON Schema generated from @slack/types (structure); 2. slack_sdk's validate_json, down to options and
confirm dialogs (lengths); 3. rules of our own for the rest. Follows docs.slack.dev/reference/block-kit.
Nothing of the product may be imported here.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import slack_sdk.version
from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block, BlockElement, ConfirmObject, Option, OptionGroup
from slack_sdk.models.views import View

Json = dict[str, Any]
_SCHEMA = json.loads((Path(__file__).parents[1] / "samples/slack/blocks.schema.json").read_text())
_NEWEST = (3, 47)
_TEXT = 4000
_REFUSALS = (SlackObjectFormationError, TypeError, KeyError, AttributeError, ValueError)

if tuple(map(int, slack_sdk.version.__version__.split(".")[:2])) < _NEWEST:
    raise RuntimeError(f"slack_sdk {slack_sdk.version.__version__} knows too few blocks; take 3.47")


def problems(message: Json) -> list[str]:
    """What Slack or a screen reader would stumble over in a message's arguments; empty when nothing.

    `text` must say something, as it is all that notifications and screen readers have, and fit chat.update.
    """
    found = []
    text = message.get("text")
    if not isinstance(text, str) or not text.strip():
        found.append("text: missing, and nothing else is read aloud")
    elif len(text) > _TEXT:
        found.append(f"text: {len(text)} characters; chat.update takes {_TEXT}")
    return found + block_problems(message.get("blocks") or [])


def block_problems(blocks: Any, most: int = 50) -> list[str]:
    """The same for the blocks alone."""
    if not isinstance(blocks, list):
        return ["blocks: not an array"]
    found = [f"blocks: {len(blocks)} of them; {most} are allowed"] if len(blocks) > most else []
    for index, block in enumerate(blocks):
        place = f"blocks/{index}"
        found += [f"{place}: {one}" for one in (*_by_schema(block), *_by_sdk(block), *_by_rule(block))]
    return found + list(_across(blocks))


def view_problems(view: Json) -> list[str]:
    """The same for a modal or Home tab as it is sent to views.open or views.publish."""
    root = {"modal": "Modal", "home": "Home"}.get(str(view.get("type")))
    if root is None:
        return [f"view: unknown type {view.get('type')!r}"]
    shell = {**view, "blocks": []} if isinstance(view.get("blocks"), list) else view
    found = [f"view: {one}" for one in _schema_errors(shell, root)]
    try:
        View(**copy.deepcopy(view)).validate_json()
    except _REFUSALS as error:
        found.append(f"view: {error}")
    found += [f"view/{path}: empty text" for path, text in _texts(shell, "") if not text]
    blocks = view.get("blocks")
    known = blocks if isinstance(blocks, list) else []
    if (
        view["type"] == "modal"
        and any(one.get("type") == "input" for one in known)
        and not view.get("submit")
    ):
        found.append("view: an input block needs a submit button")
    if len(json.dumps(view).encode()) > 250_000:
        found.append("view: larger than 250 kB")
    return found + block_problems(known, 100)


# -- structure


def _definition(block: Any) -> str | None:
    """The schema's definition for this block's type."""
    for union in _SCHEMA["definitions"]["KnownBlock"]["anyOf"]:
        name: str = union["$ref"].rsplit("/", 1)[1]
        kind = _SCHEMA["definitions"][name].get("properties", {}).get("type", {}).get("const")
        if isinstance(block, dict) and kind == block.get("type"):
            return name
    return None


def _schema_errors(value: Any, root: str) -> list[str]:
    validator = Draft7Validator({"$ref": f"#/definitions/{root}", "definitions": _SCHEMA["definitions"]})
    found = []
    for error in validator.iter_errors(value):
        deepest = best_match([error]) or error
        found.append(f"{'/'.join(map(str, deepest.absolute_path))}: {deepest.message[:200]}")
    return found


def _by_schema(block: Any) -> list[str]:
    name = _definition(block)
    if name is None:
        return [f"unknown block type {block.get('type') if isinstance(block, dict) else block!r}"]
    return _schema_errors(block, name)


# -- lengths


def _by_sdk(block: Any) -> Iterator[str]:
    try:
        parsed = Block.parse(copy.deepcopy(block))
        if parsed is None:
            yield "unknown to slack_sdk"
            return
        parsed.validate_json()
    except _REFUSALS as error:
        yield f"slack_sdk: {error}"
    if isinstance(block, dict):
        for element in _elements(block):
            yield from _element_by_sdk(element)


def _elements(block: Json) -> Iterator[Any]:
    if block.get("type") != "rich_text":
        several = block.get("elements")
        yield from several if isinstance(several, list) else []
    for key in ("accessory", "element"):
        if block.get(key) is not None:
            yield block[key]


def _element_by_sdk(element: Any) -> Iterator[str]:
    try:
        parsed = BlockElement.parse(copy.deepcopy(element))
        if parsed is None:
            yield f"element unknown to slack_sdk: {str(element)[:80]}"
            return
        parsed.validate_json()
        for part in _parts(element):
            part.validate_json()
    except _REFUSALS as error:
        yield f"slack_sdk: {error}"


def _parts(element: Json) -> Iterator[Option | OptionGroup | ConfirmObject]:
    """Options and dialogs, which stay plain dicts after parsing and so are not judged with their element."""
    for option in [*element.get("options", []), *element.get("initial_options", [])]:
        yield Option(**copy.deepcopy(option))
    if element.get("initial_option"):
        yield Option(**copy.deepcopy(element["initial_option"]))
    for group in element.get("option_groups", []):
        yield OptionGroup(**copy.deepcopy(group))
        for option in group["options"]:
            yield Option(**copy.deepcopy(option))
    if element.get("confirm"):
        yield ConfirmObject(**copy.deepcopy(element["confirm"]))


# -- what is left


def _by_rule(block: Any) -> Iterator[str]:
    if not isinstance(block, dict):
        return
    for path, text in _texts(block, ""):
        if not text:
            yield f"{path}: empty text"
    if block.get("elements") == []:
        yield "elements: none"
    for index, field in enumerate(block.get("fields") or []):
        if isinstance(field, dict) and len(str(field.get("text", ""))) > 2000:
            yield f"fields/{index}: longer than 2000"
    ids = Counter(
        one["action_id"] for one in _elements(block) if isinstance(one, dict) and "action_id" in one
    )
    yield from (f"action_id {one!r} {count} times" for one, count in ids.items() if count > 1)
    for element in _elements(block):
        if isinstance(element, dict):
            yield from _element_by_rule(element)


def _element_by_rule(element: Json) -> Iterator[str]:
    options = [*element.get("options", [])]
    for group in element.get("option_groups", []):
        options += group.get("options", [])
    for option in options:
        if len(option["text"]["text"]) > 75 or len(option["value"]) > 150 or not option["value"]:
            yield f"option {option['value'][:20]!r}: text over 75, or value over 150 or empty"
    if len({one["value"] for one in options}) != len(options):
        yield "two options have the same value"
    confirm = element.get("confirm") or {}
    for key, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
        if len(str((confirm.get(key) or {}).get("text", ""))) > most:
            yield f"confirm {key}: longer than {most}"


def _texts(node: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every text object and text element below, with where it is."""
    if isinstance(node, list):
        for index, one in enumerate(node):
            yield from _texts(one, f"{path}/{index}")
    elif isinstance(node, dict):
        if isinstance(node.get("text"), str):
            yield path, node["text"]
        for key, one in node.items():
            yield from _texts(one, f"{path}/{key}")


def _across(blocks: list[Any]) -> Iterator[str]:
    known = [one for one in blocks if isinstance(one, dict)]
    for block_id, count in Counter(one["block_id"] for one in known if "block_id" in one).items():
        if count > 1:
            yield f"block_id {block_id!r} {count} times"
    if sum(len(str(one.get("text", ""))) for one in known if one.get("type") == "markdown") > 12_000:
        yield "markdown blocks hold more than 12000 characters together"
    if sum(one.get("type") == "table" for one in known) > 1:
        yield "more than one table"
