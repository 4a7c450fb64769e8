"""The judge of blocks must itself be judged: every known way to be refused by Slack is shown to it once."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from bot.simulator.slack.rules import block_problems as refused_messages
from bot.simulator.slack.rules import view_problems as refused_views
from tests.judge.blocks import block_problems, problems, view_problems

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def button(**other: Any) -> Json:
    return {"type": "button", "action_id": "approve", "text": plain("Approve"), "value": "7", **other}


def section(**other: Any) -> Json:
    return {"type": "section", "text": mrkdwn("*What*"), **other}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "block_id": "a", "elements": list(elements)}


def option(text: str = "One", value: str = "1") -> Json:
    return {"text": plain(text), "value": value}


def select(*options: Json) -> Json:
    return {
        "type": "static_select",
        "action_id": "pick",
        "placeholder": plain("Pick"),
        "options": list(options),
    }


def confirm(**other: Any) -> Json:
    return {
        "title": plain("Sure?"),
        "text": mrkdwn("Really"),
        "confirm": plain("Yes"),
        "deny": plain("No"),
        **other,
    }


def entry(**other: Any) -> Json:
    typed = {"type": "plain_text_input", "action_id": "why", "multiline": True}
    return {"type": "input", "block_id": "why", "label": plain("Why?"), "element": typed, **other}


def modal(**other: Any) -> Json:
    return {"type": "modal", "title": plain("Reject"), "submit": plain("Send"), "blocks": [entry()], **other}


GOOD: list[Json] = [
    {"type": "header", "text": plain("Share 2 images")},
    section(fields=[mrkdwn("*Image*"), plain("ubuntu")], accessory=select(option())),
    {"type": "context", "elements": [mrkdwn("by <@U0ANNA>"), plain("now")]},
    {"type": "divider"},
    actions(button(style="primary"), button(action_id="reject", style="danger", confirm=confirm())),
    {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [{"type": "text", "text": "a", "style": {"bold": True}}],
            },
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "x < y"}]},
        ],
    },
]

BAD: dict[str, list[Json]] = {
    "unknown block type": [{"type": "sektion", "text": mrkdwn("x")}],
    "no type": [{"text": mrkdwn("x")}],
    "unknown field": [section(colour="red")],
    "mrkdwn header": [{"type": "header", "text": mrkdwn("x")}],
    "mrkdwn button": [actions(button(text=mrkdwn("x")))],
    "button style": [actions(button(style="warning"))],
    "image without alt_text": [{"type": "image", "image_url": "https://example.com/x.png"}],
    "input without label": [{"type": "input", "element": entry()["element"]}],
    "section of nothing": [{"type": "section"}],
    "section text": [section(text=mrkdwn("x" * 3001))],
    "header text": [{"type": "header", "text": plain("x" * 151)}],
    "eleven fields": [section(fields=[plain("x")] * 11)],
    "long field": [section(fields=[plain("x" * 2001)])],
    "empty section text": [section(text=mrkdwn(""))],
    "eleven context elements": [{"type": "context", "elements": [plain("x")] * 11}],
    "26 actions": [actions(*(button(action_id=str(n)) for n in range(26)))],
    "button text": [actions(button(text=plain("x" * 76)))],
    "button value": [actions(button(value="x" * 2001))],
    "button url": [actions(button(url="https://" + "x" * 3000))],
    "action_id": [actions(button(action_id="x" * 256))],
    "block_id": [section(block_id="x" * 256)],
    "101 options": [section(accessory=select(*(option(value=str(n)) for n in range(101))))],
    "option text": [section(accessory=select(option(text="x" * 76)))],
    "option value": [section(accessory=select(option(value="x" * 151)))],
    "option text in actions": [actions(select(option(text="x" * 76)))],
    "two options alike": [section(accessory=select(option(), option()))],
    "confirm title": [actions(button(confirm=confirm(title=plain("x" * 101))))],
    "confirm text": [actions(button(confirm=confirm(text=plain("x" * 301))))],
    "confirm button": [actions(button(confirm=confirm(confirm=plain("x" * 31))))],
    "markdown text": [{"type": "markdown", "text": "x" * 12_001}],
    "markdown texts together": [{"type": "markdown", "text": "x" * 7000}] * 2,
    "action_id twice in a block": [actions(button(), button())],
    "block_id twice": [section(block_id="same"), section(block_id="same")],
    "51 blocks": [{"type": "divider"}] * 51,
    "empty actions": [actions()],
    "unknown element": [actions({"type": "slider", "action_id": "x"})],
    "rich text of an unknown kind": [
        {"type": "rich_text", "elements": [{"type": "rich_text_poem", "elements": []}]}
    ],
}

BAD_VIEWS: dict[str, Json] = {
    "no title": {key: one for key, one in modal().items() if key != "title"},
    "extra key": modal(size="big"),
    "long title": modal(title=plain("x" * 25)),
    "mrkdwn title": modal(title=mrkdwn("x")),
    "empty title": modal(title=plain("")),
    "long submit": modal(submit=plain("x" * 25)),
    "long close": modal(close=plain("x" * 25)),
    "input without submit": {key: one for key, one in modal().items() if key != "submit"},
    "101 blocks": modal(blocks=[{"type": "divider"}] * 101),
    "private_metadata": modal(private_metadata="x" * 3001),
    "callback_id": modal(callback_id="x" * 256),
    "bad block": modal(blocks=[section(text=mrkdwn(""))]),
    "home with a title": {"type": "home", "title": plain("x"), "blocks": [section()]},
    "unknown type": {"type": "popup", "blocks": []},
}

ONLY_THE_JUDGE: set[str] = set()
"""Named here is what the judge refuses and the simulator lets pass."""


def test_a_good_message_has_no_problems() -> None:
    """A judge that refuses everything would be of no use."""
    assert problems({"text": "Anna asks to share two images", "blocks": GOOD}) == []


@pytest.mark.parametrize("case", BAD)
def test_what_slack_refuses_is_a_problem(case: str) -> None:
    """Each of these came back as invalid_blocks from Slack to somebody, or is documented to."""
    assert block_problems(BAD[case])


@pytest.mark.parametrize("case", BAD_VIEWS)
def test_what_slack_refuses_in_a_view_is_a_problem(case: str) -> None:
    """A refused modal is a click that does nothing."""
    assert view_problems(BAD_VIEWS[case])


def test_good_views_have_no_problems() -> None:
    """A modal and a Home tab as an app would send them."""
    assert view_problems(modal(private_metadata="7", callback_id="reject", close=plain("Back"))) == []
    assert view_problems({"type": "home", "blocks": GOOD}) == []


def test_the_size_of_a_view_is_judged() -> None:
    """views.open answers view_too_large above 250 kB."""
    big = modal(blocks=[section(text=mrkdwn("x" * 2990)) for _ in range(90)])

    assert any("250 kB" in one for one in view_problems(big))


@pytest.mark.parametrize("text", ["", "   ", None, "x" * 4001])
def test_the_text_beside_the_blocks_is_judged(text: str | None) -> None:
    """Screen readers and notifications have nothing but it, and chat.update refuses more than 4000."""
    assert problems({"text": text, "blocks": GOOD})


def test_judging_changes_nothing() -> None:
    """What was judged is what is sent."""
    message = {"text": "x", "blocks": copy.deepcopy(GOOD)}
    problems(message)

    assert message == {"text": "x", "blocks": GOOD}


@pytest.mark.parametrize("case", sorted(set(BAD) - ONLY_THE_JUDGE))
def test_the_simulator_refuses_what_the_judge_refuses(case: str) -> None:
    """Two judges written apart; a message neither stops would first be refused in production."""
    assert refused_messages(BAD[case], "message")


@pytest.mark.parametrize("case", BAD_VIEWS)
def test_the_simulator_refuses_the_views_the_judge_refuses(case: str) -> None:
    """As above, for modals and Home tabs."""
    assert refused_views(BAD_VIEWS[case])


@pytest.mark.parametrize(
    ("judge", "good"), [(refused_views, modal()), (refused_views, {"type": "home", "blocks": GOOD})]
)
def test_the_simulator_takes_good_views(judge: Callable[[Any], list[str]], good: Json) -> None:
    """Strict, not hostile."""
    assert judge(good) == []


def test_the_simulator_takes_a_good_message() -> None:
    """Strict, not hostile."""
    assert refused_messages(GOOD, "message") == []
