"""Blocks as HTML for the browser page. A button is a little form, an input a field of its view's form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.simulator.slack.model import Json
from bot.simulator.slack.mrkdwn import Names, mrkdwn, rich_text, safe, text_object


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """Who is looking, and where a pressed button is reported: `hidden` are the fields that name the place."""

    names: Names
    action: str
    hidden: tuple[tuple[str, str], ...]
    values: Json
    errors: dict[str, str]


def draw(blocks: list[Json], canvas: Canvas) -> str:
    return "".join(_block(one, canvas) for one in blocks)


def _block(block: Json, canvas: Canvas) -> str:
    match block.get("type"):
        case "header":
            return f"<h3>{text_object(block['text'], canvas.names)}</h3>"
        case "divider":
            return "<hr>"
        case "section":
            return _section(block, canvas)
        case "context":
            parts = (_context_part(one, canvas) for one in block["elements"])
            return f'<div class="context">{"".join(parts)}</div>'
        case "actions":
            return (
                f'<div class="row">{"".join(element(block, one, canvas) for one in block["elements"])}</div>'
            )
        case "input":
            return _input(block, canvas)
        case "rich_text":
            return f'<div class="rich">{rich_text(block, canvas.names)}</div>'
        case "markdown":
            return f"<div>{mrkdwn(block['text'], canvas.names)}</div>"
        case "table":
            return _table(block, canvas)
        case "image":
            return f'<div class="context">[image: {safe(block.get("alt_text"))}]</div>'
        case other:
            return f'<div class="context">[{safe(other)} block]</div>'


def _section(block: Json, canvas: Canvas) -> str:
    text = text_object(block.get("text"), canvas.names)
    fields = "".join(f"<div>{text_object(one, canvas.names)}</div>" for one in block.get("fields", []))
    beside = element(block, block["accessory"], canvas) if block.get("accessory") else ""
    grid = f'<div class="fields">{fields}</div>' if fields else ""
    return f'<div class="section"><div>{text}{grid}</div>{beside}</div>'


def _context_part(one: Json, canvas: Canvas) -> str:
    if one.get("type") == "image":
        return f"<span>[{safe(one.get('alt_text'))}]</span>"
    return f"<span>{text_object(one, canvas.names)}</span>"


def _table(block: Json, canvas: Canvas) -> str:
    def cell(one: Json) -> str:
        inner = rich_text(one, canvas.names) if one.get("type") == "rich_text" else safe(one.get("text", ""))
        return f"<td>{inner}</td>"

    rows = ("<tr>" + "".join(cell(one) for one in row) + "</tr>" for row in block.get("rows", []))
    return f"<table>{''.join(rows)}</table>"


def _hidden(fields: tuple[tuple[str, str], ...]) -> str:
    return "".join(f'<input type="hidden" name="{safe(key)}" value="{safe(one)}">' for key, one in fields)


def element(block: Json, one: Json, canvas: Canvas) -> str:
    """A button, or a chooser with a button beside it; both report at once."""
    aim = (("block_id", block.get("block_id", "")), ("action_id", one.get("action_id", "")))
    kind = one.get("type")
    if kind == "image":
        return f"<span>[{safe(one.get('alt_text'))}]</span>"
    confirm = one.get("confirm")
    ask = f' data-confirm="{safe(_question(confirm))}"' if confirm else ""
    if kind == "button":
        style, label = safe(one.get("style", "")), text_object(one.get("text"), canvas.names)
        inner = f'<button class="{style}"{ask}>{label}</button>'
    elif kind in ("static_select", "overflow", "radio_buttons"):
        inner = f'<select name="value">{_options(one, None)}</select><button{ask}>Choose</button>'
    else:
        return f'<span class="context">[{safe(kind)}]</span>'
    return f'<form method="post" action="{canvas.action}">{_hidden((*canvas.hidden, *aim))}{inner}</form>'


def _question(confirm: Json) -> str:
    return f"{confirm['title']['text']}\n\n{confirm['text']['text']}"


def _options(one: Json, chosen: Any) -> str:
    options = [*one.get("options", [])]
    for group in one.get("option_groups", []):
        options += group["options"]
    out = []
    for option in options:
        mark = " selected" if option["value"] == chosen else ""
        out.append(f'<option value="{safe(option["value"])}"{mark}>{safe(option["text"]["text"])}</option>')
    return "".join(out)


def field_name(block: Json) -> str:
    """The name under which an input block's value is posted."""
    return f"{block['block_id']} {block['element'].get('action_id', '')}"


def _input(block: Json, canvas: Canvas) -> str:
    one = block["element"]
    name = safe(field_name(block))
    label = text_object(block["label"], canvas.names) + ("" if not block.get("optional") else " (optional)")
    hint = text_object(block.get("hint"), canvas.names)
    error = canvas.errors.get(block["block_id"], "")
    notes = (f'<div class="context">{hint}</div>' if hint else "") + (
        f'<div class="error">{safe(error)}</div>' if error else ""
    )
    return f"<label><b>{label}</b>{_field(one, name, canvas, block)}{notes}</label>"


def _field(one: Json, name: str, canvas: Canvas, block: Json) -> str:
    kind = one["type"]
    kept = canvas.values.get(block["block_id"], {}).get(one.get("action_id", ""), {})
    typed = kept.get("value") or one.get("initial_value") or ""
    if kind == "plain_text_input" and one.get("multiline"):
        return f'<textarea name="{name}" rows="3">{safe(typed)}</textarea>'
    if kind in ("static_select", "radio_buttons", "checkboxes", "multi_static_select"):
        first = kept.get("selected_option") or one.get("initial_option") or {}
        empty = '<option value=""></option>' if kind == "static_select" else ""
        many = " multiple" if kind in ("checkboxes", "multi_static_select") else ""
        return f'<select name="{name}"{many}>{empty}{_options(one, first.get("value"))}</select>'
    sort = {"datepicker": "date", "timepicker": "time", "number_input": "number"}.get(kind, "text")
    start = typed or one.get("initial_date") or one.get("initial_time") or ""
    return f'<input type="{sort}" name="{name}" value="{safe(start)}">'
