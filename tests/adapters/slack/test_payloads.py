"""Payloads are untrusted: whatever comes, a value or plain words come out, and nothing is believed but
ids."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.slack.blocks import drawn
from bot.adapters.slack.intake import dispatched, trimmed
from bot.adapters.slack.payloads import (
    MAX_COMMAND_CHARS,
    MAX_REASON,
    REASON_BLOCK,
    REASON_INPUT,
    Click,
    Rejection,
    TypedCommand,
    Unusable,
    click_of,
    command_of,
    is_link,
    rejection_of,
    unknown_of,
)
from bot.adapters.slack.views import rejection_view, told_view
from bot.domain.model import Person
from bot.domain.notices import Message
from tests.adapters.slack.stage import Stage
from tests.judge.blocks import view_problems

COMMAND: dict[str, Any] = {
    "team_id": "T0OWN",
    "channel_id": "C0OPS",
    "user_id": "U0ANNA",
    "command": "/image",
    "text": "help",
    "response_url": "https://hooks.example/1",
    "trigger_id": "1.2.x",
    "enterprise_id": "E0ORG",
}
CLICK: dict[str, Any] = {
    "type": "block_actions",
    "user": {"id": "U0BEN", "username": "ben", "team_id": "T0OWN"},
    "team": {"id": "T0OWN", "domain": "own"},
    "enterprise": None,
    "channel": {"id": "C0OPS", "name": "ops"},
    "container": {"type": "message", "message_ts": "1700000000.000100", "channel_id": "C0OPS"},
    "message": {"ts": "1700000000.000100"},
    "trigger_id": "1.2.y",
    "response_url": "https://hooks.example/2",
    "actions": [
        {"action_id": "imagebot.approve", "block_id": "b", "value": "12.1|abc", "action_ts": "1700000001.5"}
    ],
}
VIEW: dict[str, Any] = {
    "type": "view_submission",
    "user": {"id": "U0BEN", "team_id": "T0OWN"},
    "team": {"id": "T0OWN"},
    "view": {
        "id": "V1",
        "callback_id": "imagebot.rejection",
        "private_metadata": "12.1|abc|C0OPS|1700000000.000100",
        "state": {"values": {REASON_BLOCK: {REASON_INPUT: {"type": "plain_text_input", "value": "no"}}}},
    },
}
READERS = [(command_of, COMMAND, TypedCommand), (click_of, CLICK, Click), (rejection_of, VIEW, Rejection)]


def changed(body: dict[str, Any], path: tuple[Any, ...], value: object) -> dict[str, Any]:
    out = copy.deepcopy(body)
    node: Any = out
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return out


@pytest.mark.parametrize(("reader", "body", "kind"), READERS)
def test_a_good_payload_is_read(reader: Any, body: dict[str, Any], kind: type) -> None:
    """The counterpart of all the refusals."""
    assert isinstance(reader(body), kind)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def paths(node: object, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [found for step, value in steps for found in ((*here, step), *paths(value, (*here, step)))]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(READERS), st.data())
def test_no_payload_raises(case: Any, data: st.DataObject) -> None:
    """A listener that raises loses its acknowledgement."""
    reader, body, kind = case
    path = data.draw(st.sampled_from(paths(body)))
    hostile = changed(body, path, data.draw(JUNK))

    assert isinstance(reader(hostile), (kind, Unusable))
    assert isinstance(reader(trimmed(hostile)), (kind, Unusable))
    assert isinstance(unknown_of(hostile), Unusable)
    assert is_link(hostile) in (True, False)


STUMBLING_BLOCKS: list[dict[str, Any]] = [
    {"type": "interactive_message", "callback_id": "x"},
    {"type": "interactive_message", "callback_id": "x", "actions": [5]},
    {"type": "workflow_step_edit", "callback_id": "x"},
    {"type": "view_submission", "view": {"callback_id": "x"}},
    {"type": "view_submission", "view": {"callback_id": "x", "type": "workflow_step"}},
    {"type": "event_callback", "event": {"type": "app_home_opened", "channel": True}},
    {"type": "event_callback", "event": {"type": "message", "user": 5, "channel": [1]}},
]


@pytest.mark.parametrize("body", STUMBLING_BLOCKS, ids=lambda body: str(body["type"]))
async def test_bolt_stumbles_over_no_shape_it_takes_for_granted(
    http_stage: Stage, body: dict[str, Any]
) -> None:
    """Bolt answers 500 where a key is missing that such a payload always has: Slack then sends an event again, and the log fills
    with tracebacks."""
    answered = await dispatched(http_stage.bolt, body)

    assert answered.status in (200, 401, 404)


@pytest.mark.parametrize("reader", [command_of, click_of, rejection_of, unknown_of])
def test_an_empty_payload_is_unusable(reader: Any) -> None:
    """Every key may be missing."""
    assert isinstance(reader({}), Unusable)


def test_an_overlong_command_is_told_its_length() -> None:
    """And not stored."""
    answer = command_of(COMMAND | {"text": "x" * (MAX_COMMAND_CHARS + 1)})

    assert isinstance(answer, Unusable)
    assert "40,001" in answer.why


def test_a_person_is_keyed_by_their_own_workspace() -> None:
    """In a shared channel the payload's team is the bot's, the person's is not."""
    click = click_of(changed(CLICK, ("user", "team_id"), "T0OTHER"))

    assert isinstance(click, Click)
    assert click.person == Person("T0OTHER", "U0BEN")
    assert click.is_foreign


def test_an_organisation_wide_click_has_no_team_but_the_users() -> None:
    """With an org-wide installation `team` is null."""
    click = click_of(changed(CLICK, ("team",), None))

    assert isinstance(click, Click)
    assert click.person.team == "T0OWN"
    assert not click.is_foreign


def test_a_click_without_a_user_team_falls_back_to_the_workspace() -> None:
    """Older payloads do not carry it."""
    click = click_of(changed(CLICK, ("user",), {"id": "U0BEN"}))

    assert isinstance(click, Click)
    assert click.person == Person("T0OWN", "U0BEN")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "file:///etc/passwd", "https://x y", "x" * 2000, 5, None]
)
def test_an_address_that_is_none_is_dropped_and_the_command_stands(url: object) -> None:
    """The answer can be whispered instead."""
    typed = command_of(COMMAND | {"response_url": url})

    assert isinstance(typed, TypedCommand)
    assert typed.response_url is None


@pytest.mark.parametrize(
    "metadata", ["", "12.1", "12.1|abc", "12.1|abc|C0OPS", "12.1|abc|C0OPS|x", "12.1|abc|C0OPS|1.2|3"]
)
def test_a_form_that_lost_what_it_carried_is_unusable(metadata: str) -> None:
    """A rejection of an unknown lane is nobody's."""
    answer = rejection_of(changed(VIEW, ("view", "private_metadata"), metadata))

    assert isinstance(answer, Unusable)
    assert not answer.field


@pytest.mark.parametrize("reason", ["", "  \n ", "x" * (MAX_REASON + 1), None, 5])
def test_a_reason_that_is_none_names_its_field(reason: object) -> None:
    """So that the form can show it there."""
    path = ("view", "state", "values", REASON_BLOCK, REASON_INPUT, "value")
    answer = rejection_of(changed(VIEW, path, reason))

    assert isinstance(answer, Unusable)
    assert answer.field == REASON_BLOCK


def test_what_the_form_carries_comes_back() -> None:
    """The form and its reader are two copies of one agreement."""
    click = click_of(CLICK)
    assert isinstance(click, Click)
    view = rejection_view(click)
    back = rejection_of(changed(VIEW, ("view", "private_metadata"), view["private_metadata"]))

    assert isinstance(back, Rejection)
    assert (back.lane, back.plan_hash, back.channel, back.message_ts) == (
        click.lane,
        click.plan_hash,
        click.channel,
        click.message_ts,
    )
    assert view_problems(view) == []


def test_a_told_form_is_one_slack_takes() -> None:
    """It shows whatever a refusal says."""
    assert view_problems(told_view(Message("No.\nNever <!channel>."))) == []
    assert drawn(Message("x")).blocks
