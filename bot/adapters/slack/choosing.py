"""The form in which some pairs of a lane are approved: its shape, and what comes back. Only ids travel; everything else is read
from the store when the answer is acted on.

Up to 100 pairs are listed one by one (Slack's limit of a menu); beyond, images and projects are, and what is chosen is every
chosen image with every chosen project. Follows https://docs.slack.dev/reference/block-kit/block-elements/multi-select-menu-element.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.adapters.slack.blocks import Block, plain_text
from bot.adapters.slack.payloads import UNREADABLE, Body, Click, Unusable, carried_by, metadata
from bot.domain.choosing import Selection
from bot.domain.model import LaneId, Member, Person

CHOOSING_VIEW: Final = "imagebot.choose"
PAIRS, IMAGES, PROJECTS = "pairs", "images", "projects"
CHOICE: Final = "choice"
MOST = 100
_OPTION_TEXT = 75
_PAIR = re.compile(r"([0-9a-f-]{36})\|([0-9a-f]{32})")
_ID = re.compile(r"[0-9a-f-]{32,36}")


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The form, filled in and sent."""

    person: Person
    channel: str
    message_ts: str
    lane: LaneId
    plan_hash: str
    selection: Selection
    view_id: str
    """Unique for each opened form."""
    is_foreign: bool = False


def choosing_view(click: Click, members: Sequence[Member]) -> Block | None:
    """The form for these members, all of them chosen to begin with; None when there are too many even for that."""
    if len(members) <= MOST:
        pairs = [
            (f"{m.image.id}|{m.project.id}", f"{m.image.name or m.image.id} → {m.project.name}")
            for m in members
        ]
        menus = [_menu(PAIRS, "Pairs to approve", pairs)]
    else:
        images = list({m.image.id: m.image.name or m.image.id for m in members}.items())
        projects = list({m.project.id: m.project.name for m in members}.items())
        if len(images) > MOST or len(projects) > MOST:
            return None
        menus = [_menu(IMAGES, "Images to approve", images), _menu(PROJECTS, "with these projects", projects)]
    return {
        "type": "modal",
        "callback_id": CHOOSING_VIEW,
        "private_metadata": metadata(click),
        "title": plain_text("Approve Some", 24),
        "submit": plain_text("Approve Chosen", 24),
        "close": plain_text("Back", 24),
        "blocks": menus,
    }


def _menu(block: str, label: str, options: Sequence[tuple[str, str]]) -> Block:
    drawn = [{"text": plain_text(text, _OPTION_TEXT), "value": value} for value, text in options]
    return {
        "type": "input",
        "block_id": block,
        "label": plain_text(label, 2_000),
        "hint": plain_text("What is not chosen waits on, and can be approved or rejected later.", 2_000),
        "element": {
            "type": "multi_static_select",
            "action_id": CHOICE,
            "placeholder": plain_text("Choose", 150),
            "options": drawn,
            "initial_options": drawn,
        },
    }


def chosen_of(body: Body) -> Chosen | Unusable:
    """The form as it was sent, or why not: a menu with nothing chosen names its field."""
    carried = carried_by(body)
    if isinstance(carried, Unusable):
        return carried
    values = _dict(_dict(_dict(body.get("view")).get("state")).get("values"))
    menus = [block for block in (PAIRS, IMAGES, PROJECTS) if block in values]
    chosen = {block: _values(values[block]) for block in menus}
    for block in menus:
        if not chosen[block]:
            why = "Please choose at least one, or go back and press Reject."
            return Unusable(why=why, person=carried.person, channel=carried.channel, field=block)
    selection = Selection(
        pairs=frozenset((m[1], m[2]) for value in chosen.get(PAIRS, ()) if (m := _PAIR.fullmatch(value))),
        images=frozenset(v for v in chosen.get(IMAGES, ()) if _ID.fullmatch(v)),
        projects=frozenset(v for v in chosen.get(PROJECTS, ()) if _ID.fullmatch(v)),
    )
    if not menus:
        return Unusable(why=UNREADABLE, person=carried.person, channel=carried.channel)
    return Chosen(
        person=carried.person, channel=carried.channel, message_ts=carried.message_ts, lane=carried.lane,
        plan_hash=carried.plan_hash, selection=selection, view_id=carried.view_id, is_foreign=carried.is_foreign,
    )  # fmt: skip


def _values(block: object) -> list[str]:
    options = _dict(_dict(block).get(CHOICE)).get("selected_options")
    found = [_dict(option).get("value") for option in options] if isinstance(options, list) else []
    return [value for value in found if isinstance(value, str)][: 2 * MOST]


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
