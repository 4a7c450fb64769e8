"""Who would be notified, and how typed text arrives."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.slack import mentions
from bot.simulator.slack.escaping import as_sent, entities, plain
from bot.simulator.slack.mrkdwn import mrkdwn, shown
from tests.simulator.slack_workspace import ANNA, OPS, client_of, workspace

NAMES = {"anna": "U0ANNA", "leads": "S0LEADS"}


def section(text: str, **other: Any) -> dict[str, Any]:
    return {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text, **other}}]}


def rich(*elements: dict[str, Any]) -> dict[str, Any]:
    return {
        "blocks": [
            {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}
        ]
    }


@pytest.mark.parametrize(
    ("message", "notified"),
    [
        ({"text": "hi <@U0ANNA> and <@U0BEN|ben>"}, {"U0ANNA", "U0BEN"}),
        ({"text": "<!channel> <!here|here> <!subteam^S0LEADS|@leads>"}, {"!channel", "!here", "S0LEADS"}),
        ({"text": "`<!channel>`"}, {"!channel"}),
        ({"text": "&lt;!channel&gt; @channel @anna"}, set()),
        ({"text": "@anna @here", "link_names": True}, {"U0ANNA", "!here"}),
        ({"text": "@anna", "parse": "full"}, {"U0ANNA"}),
        (section("@channel @anna, @leads"), {"!channel", "U0ANNA", "S0LEADS"}),
        (section("@channel @anna", verbatim=True), set()),
        (section("<!everyone> <@U0ANNA>", verbatim=True), {"!everyone", "U0ANNA"}),
        (section("me@anna.example"), set()),
        ({"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "<!channel> @here"}}]}, set()),
        (rich({"type": "text", "text": "<!channel> @here"}), set()),
        (rich({"type": "user", "user_id": "U1"}, {"type": "usergroup", "usergroup_id": "S1"}), {"U1", "S1"}),
        (rich({"type": "broadcast", "range": "channel"}), {"!channel"}),
        ({"attachments": [{"text": "<!here>", "blocks": section("<@U0BEN>")["blocks"]}]}, {"!here", "U0BEN"}),
    ],
)
def test_a_message_notifies_these_and_nobody_else(message: dict[str, Any], notified: set[str]) -> None:
    """Text a person typed must never be able to call a whole channel."""
    assert mentions(message, NAMES) == notified


async def test_the_workspace_knows_the_handles() -> None:
    """So a bare @name in a mrkdwn text without verbatim counts."""
    async with workspace() as slack, client_of(slack) as client:
        await client.chat_postMessage(channel=OPS, text="x", blocks=section("ask @anna")["blocks"])

        assert slack.mentions(slack.messages(OPS)[0]) == {ANNA}


@given(st.text())
def test_entities_are_undone(text: str) -> None:
    """What Slack encodes an app decodes."""
    assert plain(entities(text)) == text


@given(st.text(alphabet="<>&@#!ab |:/h\n"))
def test_typed_text_smuggles_no_brackets(text: str) -> None:
    """Only names Slack knows, and addresses, come in angle brackets."""
    sent = as_sent(text, {}, {}, {})

    assert "<" not in sent.replace("<!", "").replace("<http", "").replace("<mailto", "")


@given(st.text(alphabet="<>&\"'*_~`|@!ab \n"))
def test_no_text_breaks_out_of_the_page(text: str) -> None:
    """The browser page shows hostile text as text."""
    for drawn in (mrkdwn(text, {}), shown(text)):
        bare = drawn
        for tag in ("b", "i", "s", "code", "pre"):
            bare = bare.replace(f"<{tag}>", "").replace(f"</{tag}>", "")
        bare = bare.replace("<br>", "").replace('<span class="at">', "").replace('<span class="at loud">', "")
        assert "<" not in bare.replace("</span>", "")


def test_a_link_to_a_script_is_no_link() -> None:
    """Only web and mail addresses are made clickable."""
    assert "href" not in mrkdwn("<javascript:alert(1)|click>", {})
    assert 'href="https://a.example/?a=1&amp;b"' in mrkdwn("<https://a.example/?a=1&amp;b|x>", {})
