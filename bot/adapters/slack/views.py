"""The forms the bot opens: the one that asks for the reason of a rejection, and the one that answers it.
Lives here: shapes; what comes back is read in `payloads`. Follows
https://docs.slack.dev/reference/views/modal-views."""

from __future__ import annotations

from bot.adapters.slack.blocks import Block, drawn, plain_text
from bot.adapters.slack.payloads import (
    MAX_REASON,
    REASON_BLOCK,
    REASON_INPUT,
    REJECTION_VIEW,
    Click,
    metadata,
)
from bot.domain.notices import Message

_MAX_TITLE = 24


def rejection_view(click: Click) -> Block:
    """The form a pressed Reject opens. It carries the lane, the plan hash and where the card stands."""
    return {
        "type": "modal",
        "callback_id": REJECTION_VIEW,
        "private_metadata": metadata(click),
        "title": plain_text("Reject", _MAX_TITLE),
        "submit": plain_text("Reject", _MAX_TITLE),
        "close": plain_text("Back", _MAX_TITLE),
        "blocks": [
            {
                "type": "input",
                "block_id": REASON_BLOCK,
                "label": plain_text("Why is it rejected?", 2_000),
                "hint": plain_text("The requester and everybody in the channel will see this.", 2_000),
                "optional": False,
                "element": {
                    "type": "plain_text_input",
                    "action_id": REASON_INPUT,
                    "multiline": True,
                    "min_length": 1,
                    "max_length": MAX_REASON,
                },
            }
        ],
    }


def told_view(message: Message) -> Block:
    """A form that only says something; it takes the place of the one that was sent."""
    return {
        "type": "modal",
        "title": plain_text("Reject", _MAX_TITLE),
        "close": plain_text("Close", _MAX_TITLE),
        "blocks": drawn(message).blocks,
    }
