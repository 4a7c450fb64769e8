"""SlackChat keeps the port's promises over a real socket, and each of Slack's error words has a meaning."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.client import slack_client
from bot.adapters.slack.manifest import OPTIONAL_SCOPES, SCOPES
from bot.adapters.slack.messenger import SlackChat
from bot.adapters.slack.pacing import Pacer
from bot.domain.errors import (
    BotError,
    BugError,
    ChatAuthError,
    ChatBusyError,
    ChatCutError,
    NotReachableError,
)
from bot.domain.model import ClickKind, MessageRef
from bot.domain.notices import Message
from bot.simulator.slack import SimMessage, SimSlack, mentions
from tests.adapters.slack.stage import ANNA, OPS, card
from tests.contracts.chat_contract import LONG_AGO, ChatContract, FaultName, MethodName, Seen, said

METHODS: dict[MethodName, str] = {
    "post": "chat.postMessage",
    "update": "chat.update",
    "whisper": "chat.postEphemeral",
    "respond": "response_url",
}


class SlackRoom:
    def __init__(self, sim: SimSlack, chat: SlackChat) -> None:
        self.sim, self.chat = sim, chat

    def seen(self, channel: str) -> list[Seen]:
        return [self._seen(one) for one in self.sim.messages(channel)]

    def seen_directly(self, user: str) -> list[Seen]:
        return [self._seen(one) for one in self.sim.dm_of(user)]

    def whispered(self, user: str) -> list[str]:
        return [one.text for one in self.sim.ephemerals(user) if one.via != "ack"]

    def fail(self, fault: FaultName, method: MethodName, retry_after: float = 7) -> None:
        what = {"busy": "429", "auth": "token_revoked"}.get(fault, fault)
        self.sim.fault(METHODS[method], what, retry_after=int(retry_after))

    def calls(self, method: MethodName) -> int:
        return len([one for one in self.sim.calls if one.method == METHODS[method]])

    async def new_response_url(self, user: str) -> str:
        delivery = await self.sim.command(
            user, OPS, "/image", "help"
        )  # nobody listens; the address is granted
        return str(delivery.payload["response_url"])

    async def kill_response_urls(self) -> None:
        self.sim.fault("response_url", "404", times=99)

    def delete(self, ref: MessageRef) -> None:
        self.sim.message(ref.channel, ref.ts).deleted = True

    def may_look(self) -> None:
        self.sim.set_scopes(*SCOPES, *OPTIONAL_SCOPES)

    @staticmethod
    def _seen(one: SimMessage) -> Seen:
        mark = str(one.blocks[0]) if one.blocks[0]["type"] == "context" else ""
        text = one.text.partition(" (")[0]
        return Seen(text=text, thread=one.thread_ts, mark=mark)


@pytest.fixture
async def chat(sim: SimSlack) -> AsyncIterator[SlackChat]:
    async with slack_client(sim.bot_token, api_url=sim.api_url, call_seconds=3) as client:
        yield SlackChat(client, workspace="https://acme.slack.com/")


class TestSlackChat(ChatContract):
    @pytest.fixture
    def room(self, sim: SimSlack, chat: SlackChat) -> SlackRoom:
        return SlackRoom(sim, chat)


@pytest.mark.parametrize(
    ("what", "on_post", "on_update"),
    [
        ("429", ChatBusyError, ChatBusyError),
        ("ratelimited", ChatBusyError, ChatBusyError),
        ("rate_limited", ChatBusyError, ChatBusyError),
        ("500", ChatCutError, ChatBusyError),
        ("502", ChatCutError, ChatBusyError),
        ("503", ChatCutError, ChatBusyError),
        ("internal_error", ChatCutError, ChatBusyError),
        ("fatal_error", ChatCutError, ChatBusyError),
        ("service_unavailable", ChatBusyError, ChatBusyError),
        ("channel_not_found", NotReachableError, NotReachableError),
        ("is_archived", NotReachableError, NotReachableError),
        ("restricted_action_read_only_channel", NotReachableError, NotReachableError),
        ("messages_tab_disabled", NotReachableError, NotReachableError),
        ("cant_update_message", NotReachableError, NotReachableError),
        ("edit_window_closed", NotReachableError, NotReachableError),
        ("invalid_auth", ChatAuthError, ChatAuthError),
        ("account_inactive", ChatAuthError, ChatAuthError),
        ("not_authed", ChatAuthError, ChatAuthError),
        ("missing_scope", ChatAuthError, ChatAuthError),
        ("team_access_not_granted", ChatAuthError, ChatAuthError),
        ("invalid_arguments", BugError, BugError),
        ("a_word_of_tomorrow", BugError, BugError),
    ],
)
async def test_each_word_has_its_meaning(
    sim: SimSlack, chat: SlackChat, what: str, on_post: type[BotError], on_update: type[BotError]
) -> None:
    """The branch decides whether a row waits, is given up, or wakes the operator."""
    ref = await chat.post(OPS, said("x"))
    sim.fault("chat.postMessage", what)
    sim.fault("chat.update", what)

    with pytest.raises(on_post):
        await chat.post(OPS, said("y"))
    with pytest.raises(on_update):
        await chat.update(ref, said("y"))


async def test_no_call_is_made_before_slack_allows_it(sim: SimSlack, chat: SlackChat) -> None:
    """Knocking during a Retry-After makes it longer."""
    sim.fault("chat.postMessage", "429", retry_after=30)
    with pytest.raises(ChatBusyError):
        await chat.post(OPS, said("x"))
    with pytest.raises(ChatBusyError) as caught:
        await chat.post(OPS, said("x"))

    assert len(sim.calls) == 1
    assert caught.value.retry_after == pytest.approx(30, abs=2)
    sim.add_channel("C0ELSE", "else")
    await chat.post("C0ELSE", said("another channel is not held up"))


@pytest.mark.parametrize("word", ["invalid_blocks", "msg_too_long", "msg_blocks_too_long"])
async def test_a_refused_drawing_still_reaches_people_as_text(
    sim: SimSlack, chat: SlackChat, word: str
) -> None:
    """A bug of ours must not keep a request from its approvers; nor may bare text become markup."""
    sim.fault("chat.postMessage", word)
    await chat.post(OPS, Message("*bold* <!channel> :tada:", card().parts))

    (message,) = sim.messages(OPS)
    assert message.blocks == []
    assert message.text == "∗bold∗ &lt;!channel&gt; ∶tada∶"
    assert mentions(message) == set()


async def test_a_hanging_slack_is_a_cut(sim: SimSlack) -> None:
    """After a time-out the message may stand there."""
    async with slack_client(sim.bot_token, api_url=sim.api_url, call_seconds=0.3) as client:
        sim.fault("chat.postMessage", "hang")
        with pytest.raises(ChatCutError):
            await SlackChat(client).post(OPS, said("x"))


async def test_a_refused_connection_is_busy_not_cut() -> None:
    """Nothing was sent, so no mark of repetition is needed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with slack_client("xoxb-x", api_url=f"http://127.0.0.1:{port}/api/") as client:
        with pytest.raises(ChatBusyError):
            await SlackChat(client).post(OPS, said("x"))
        with pytest.raises(ChatBusyError):
            await SlackChat(client).respond(f"http://127.0.0.1:{port}/x", said("x"))


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://x/y", "http://"])
async def test_an_address_that_is_none_is_dead(chat: SlackChat, url: str) -> None:
    """A row with a garbled address must be delivered another way, not retried for ever."""
    assert await chat.respond(url, said("x")) is False


async def test_nothing_is_unfurled_and_no_names_are_linked(sim: SimSlack, chat: SlackChat) -> None:
    """A pasted link must not draw a preview under an approval card."""
    await chat.post(OPS, card())

    (message,) = sim.messages(OPS)
    assert (message.unfurl_links, message.unfurl_media, message.parse, message.link_names) == (
        False,
        False,
        "none",
        False,
    )


async def test_a_card_loses_its_buttons_when_the_new_state_has_none(sim: SimSlack, chat: SlackChat) -> None:
    """A settled request with live buttons invites clicks that do nothing."""
    ref = await chat.post(OPS, card("waits", ClickKind.APPROVE))
    assert sim.buttons(OPS, ref.ts)
    await chat.update(ref, said("approved"))

    assert sim.buttons(OPS, ref.ts) == []


async def test_one_session_serves_many_calls(sim: SimSlack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback must not go through a proxy, which slack_sdk would do; without a session each call
    connects."""
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with slack_client(sim.bot_token, api_url=sim.api_url) as client:
        chat = SlackChat(client)
        await chat.post(OPS, said("x"))
        await chat.whisper(OPS, ANNA, said("x"))

    assert len(sim.calls) == 2


async def test_that_looking_is_not_granted_is_asked_once(sim: SimSlack, chat: SlackChat) -> None:
    """The answer does not change while the bot runs; each look would cost a call."""
    for _ in range(3):
        with pytest.raises(NotReachableError):
            await chat.find(OPS, "1-1", since=LONG_AGO)

    assert [call.method for call in sim.calls] == ["conversations.history"]


async def test_a_message_is_found_among_hundreds(sim: SimSlack, chat: SlackChat) -> None:
    """A busy channel has more than a page since then."""
    sim.set_scopes(*SCOPES, *OPTIONAL_SCOPES)
    sim.web_api.limits = None
    async with slack_client(sim.bot_token, api_url=sim.api_url) as client:
        quick = SlackChat(client, pacer=Pacer(sleep=no_sleep))
        ref = await quick.post(OPS, said("mine"), key="5-1")
        for _ in range(230):
            sim.ws.add_message(SimMessage(ts=sim.ws.next_ts(), channel=OPS, user=ANNA, text="chatter"))

        assert await quick.find(OPS, "5-1", since=LONG_AGO) == ref


async def no_sleep(_: float) -> None:
    return


async def test_metadata_names_the_notice_and_nothing_else(sim: SimSlack, chat: SlackChat) -> None:
    """Anybody in the workspace may read it."""
    await chat.post(OPS, card(), key="12-1700000000000000")

    (message,) = sim.messages(OPS)
    assert message.metadata == {
        "event_type": "imagebot_notice", "event_payload": {"key": "12-1700000000000000"},
    }  # fmt: skip


def test_without_a_known_workspace_a_message_has_no_address() -> None:
    """A link that leads nowhere is worse than none."""
    ref = MessageRef(channel="C1", ts="1700000000.000100")
    for workspace, address in (
        ("", ""), ("http://evil.example", ""),
        ("https://acme.slack.com/", "https://acme.slack.com/archives/C1/p1700000000000100"),
    ):  # fmt: skip
        assert SlackChat(AsyncWebClient(), workspace=workspace).address(ref) == address
