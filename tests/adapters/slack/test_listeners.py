"""Every way in: each is recorded once, answered in time, and nothing comes out of a listener."""

from __future__ import annotations

import asyncio
import os

import pytest

from bot.adapters.slack.answers import Answers
from bot.adapters.slack.client import slack_client
from bot.adapters.slack.listeners import build_app
from bot.adapters.slack.payloads import ACTIONS, REASON_BLOCK, REASON_INPUT
from bot.domain.errors import CommandError, ConfigError, StoreBrokenError, StoreBusyError
from bot.domain.model import ClickKind, LaneId, Person
from bot.domain.notices import Heading, Message
from bot.simulator.slack import SimSlack
from tests.adapters.slack.stage import ANNA, BEN, EVE, HASH, OPS, RecordingInbound, Stage, card, serve
from tests.fakes.memory_chat import MemoryChat


def private_texts(sim: SimSlack, user: str) -> list[str]:
    return [one.text for one in sim.ephemerals(user)]


async def test_a_command_reaches_the_inbound_with_ids_and_raw_text(stage: Stage) -> None:
    """The parser undoes Slack's escapes; an adapter that did it too would decode twice."""
    stage.inbound.answer = Message("Request #12 is being looked up.")
    delivery = await stage.sim.command(ANNA, OPS, "/image", "share a & b to shop-dev")

    (typed,) = stage.inbound.commands
    assert delivery.acked
    assert (typed.person, typed.channel, typed.command) == (Person("T0OWN", ANNA), OPS, "/image")
    assert typed.text == "share a &amp; b to shop-dev"
    assert typed.trigger_id == delivery.trigger_id
    assert typed.response_url is not None
    assert delivery.body["response_type"] == "ephemeral"
    assert delivery.body["text"] == "Request #12 is being looked up."
    assert private_texts(stage.sim, ANNA) == ["Request #12 is being looked up."]


async def test_a_command_that_says_payload_is_not_lost(stage: Stage) -> None:
    """Bolt takes any form with that word in it for an interaction and reads it as empty."""
    delivery = await stage.sim.command(ANNA, OPS, "/image", "share payload-ubuntu to shop-dev")

    assert delivery.acked
    assert [typed.text for typed in stage.inbound.commands] == ["share payload-ubuntu to shop-dev"]


async def test_a_second_delivery_is_told_by_the_same_trigger(stage: Stage) -> None:
    """Deduplication stands on it."""
    first = await stage.sim.command(ANNA, OPS, "/image", "help")
    await stage.sim.redeliver(first)

    one, two = stage.inbound.commands
    assert one.trigger_id == two.trigger_id


@pytest.mark.parametrize("kind", [k for k in ClickKind if k not in (ClickKind.REJECT, ClickKind.CHOOSE)])
async def test_every_button_without_a_form_is_recorded_with_its_lane(stage: Stage, kind: ClickKind) -> None:
    """A button that can be drawn and does nothing would be a promise broken."""
    ref = await stage.chat.post(OPS, card())
    delivery = await stage.sim.click(BEN, OPS, ref.ts, ACTIONS[kind])

    (click,) = stage.inbound.clicks
    assert delivery.acked
    assert (click.click, click.lane, click.plan_hash) == (kind, LaneId("12.1"), HASH)
    assert (click.person, click.channel, click.message_ts) == (Person("T0OWN", BEN), OPS, ref.ts)
    assert not click.is_foreign


async def test_reject_opens_a_form_and_records_nothing_yet(stage: Stage) -> None:
    """The trigger lives three seconds: opening comes first, and the decision with the reason."""
    ref = await stage.chat.post(OPS, card())
    await stage.sim.click(BEN, OPS, ref.ts, ACTIONS[ClickKind.REJECT])

    assert stage.sim.view_of(BEN) is not None
    assert stage.inbound.clicks == []
    assert stage.inbound.rejections == []


async def test_the_sent_form_is_a_rejection_with_its_reason(stage: Stage) -> None:
    """What was pressed, where, for which plan, and why, in one value."""
    ref = await stage.chat.post(OPS, card())
    await stage.sim.click(BEN, OPS, ref.ts, ACTIONS[ClickKind.REJECT])
    view = stage.sim.view_of(BEN)
    assert view is not None
    await stage.sim.submit_view(BEN, view["id"], {(REASON_BLOCK, REASON_INPUT): "  not in a freeze  "})

    (rejection,) = stage.inbound.rejections
    assert (rejection.lane, rejection.plan_hash, rejection.reason) == (
        LaneId("12.1"),
        HASH,
        "not in a freeze",
    )
    assert (rejection.person, rejection.channel, rejection.message_ts) == (Person("T0OWN", BEN), OPS, ref.ts)
    assert rejection.view_id == view["id"]
    assert stage.sim.view_of(BEN) is None


async def test_a_blank_reason_keeps_the_form_open_and_says_why(stage: Stage) -> None:
    """Slack itself lets spaces pass."""
    ref = await stage.chat.post(OPS, card())
    await stage.sim.click(BEN, OPS, ref.ts, ACTIONS[ClickKind.REJECT])
    view = stage.sim.view_of(BEN)
    assert view is not None
    await stage.sim.submit_view(BEN, view["id"], {(REASON_BLOCK, REASON_INPUT): "   "})

    assert "say why" in stage.sim.errors_of(BEN)[REASON_BLOCK]
    assert stage.inbound.rejections == []


@pytest.mark.parametrize(
    "word",
    ["expired_trigger_id", "exchanged_trigger_id", "trigger_expired", "trigger_exchanged", "ratelimited"],
)
async def test_a_form_that_could_not_open_asks_to_press_again(http_stage: Stage, word: str) -> None:
    """Else the person believes they rejected."""
    ref = await http_stage.chat.post(OPS, card())
    http_stage.sim.fault("views.open", word)
    await http_stage.sim.click(BEN, OPS, ref.ts, ACTIONS[ClickKind.REJECT])

    said = await http_stage.sim.wait_for(lambda: private_texts(http_stage.sim, BEN))
    assert "press the button again" in said[0]


async def test_an_answer_to_a_click_is_private_and_leaves_the_card(stage: Stage) -> None:
    """replace_original must be off: by default the answer would take the card's place."""
    ref = await stage.chat.post(OPS, card())
    stage.inbound.answer = Message("You are not in platform-leads.")
    await stage.sim.click(ANNA, OPS, ref.ts, ACTIONS[ClickKind.APPROVE])

    said = await stage.sim.wait_for(lambda: private_texts(stage.sim, ANNA))
    assert said == ["You are not in platform-leads."]
    assert len(stage.sim.messages(OPS)) == 1
    assert stage.sim.buttons(OPS, ref.ts)


async def test_an_answer_whose_url_is_dead_is_whispered(http_stage: Stage) -> None:
    """A response_url has five uses."""
    ref = await http_stage.chat.post(OPS, card())
    http_stage.inbound.answer = Message("Not you.")
    http_stage.sim.fault("response_url", "404")
    await http_stage.sim.click(ANNA, OPS, ref.ts, ACTIONS[ClickKind.APPROVE])

    (said,) = await http_stage.sim.wait_for(lambda: http_stage.sim.ephemerals(ANNA))
    assert said.via == "chat.postEphemeral"


async def test_a_foreign_click_is_marked_and_keeps_its_team(stage: Stage) -> None:
    """People of other workspaces can press buttons in a shared channel."""
    ref = await stage.chat.post(OPS, card())
    await stage.sim.click(EVE, OPS, ref.ts, ACTIONS[ClickKind.APPROVE])

    (click,) = stage.inbound.clicks
    assert click.person == Person("T0OTHER", EVE)


@pytest.mark.parametrize(
    "value",
    ["", "garbage", "12.1", "12.1|", "|x", "12.1|a b", "12.1|" + "a" * 200, "9" * 40 + ".1|a", "12.1|a|b"],
)
async def test_a_button_with_a_garbled_value_is_outdated(http_stage: Stage, value: str) -> None:
    """An old message after an upgrade: the person is told, nothing is recorded."""
    ref = await http_stage.chat.post(OPS, card())
    await http_stage.sim.click(BEN, OPS, ref.ts, ACTIONS[ClickKind.APPROVE], value)

    said = await http_stage.sim.wait_for(lambda: private_texts(http_stage.sim, BEN))
    assert "outdated" in said[0]
    assert http_stage.inbound.clicks == []


async def post_foreign_button(stage: Stage, **more: str) -> str:
    button = {
        "type": "button",
        "action_id": "other.app",
        "text": {"type": "plain_text", "text": "Old"},
        **more,
    }
    blocks = [{"type": "actions", "elements": [button]}]
    response = await stage.client.api_call(
        "chat.postMessage", json={"channel": OPS, "text": "old", "blocks": blocks}
    )
    return str(response["ts"])


async def test_an_unknown_button_is_answered(stage: Stage) -> None:
    """A click that did nothing is the complaint against every such bot."""
    ts = await post_foreign_button(stage)
    delivery = await stage.sim.click(BEN, OPS, ts, "other.app")

    assert delivery.acked
    said = await stage.sim.wait_for(lambda: private_texts(stage.sim, BEN))
    assert "outdated" in said[0]


async def test_a_link_button_is_acknowledged_without_a_word(stage: Stage) -> None:
    """Slack sends a click for these, too."""
    ts = await post_foreign_button(stage, url="https://example.org")
    delivery = await stage.sim.click(BEN, OPS, ts, "other.app")

    assert delivery.acked
    assert await stage.answers.drain(1.0) == 0
    assert private_texts(stage.sim, BEN) == []


async def test_another_command_word_is_told_the_right_one(stage: Stage) -> None:
    """After the command was renamed in the settings and not in the manifest."""
    await stage.sim.command(ANNA, OPS, "/picture", "help")

    assert "/image" in private_texts(stage.sim, ANNA)[0]
    assert stage.inbound.commands == []


async def test_an_event_nobody_asked_for_is_acknowledged(stage: Stage) -> None:
    """Unacknowledged events are sent again for a day."""
    delivery = await stage.sim.open_home(ANNA)

    assert delivery.acked


@pytest.mark.parametrize("error", [StoreBusyError(), StoreBrokenError("database or disk is full")])
async def test_a_store_that_is_down_is_said_as_nothing_recorded(stage: Stage, error: Exception) -> None:
    """The person must know to try again."""
    stage.inbound.error = error
    ref = await stage.chat.post(OPS, card())
    command = await stage.sim.command(ANNA, OPS, "/image", "share a to b")
    click = await stage.sim.click(BEN, OPS, ref.ts, ACTIONS[ClickKind.APPROVE])

    assert command.acked
    assert click.acked
    assert "Nothing was recorded" in private_texts(stage.sim, ANNA)[0]
    said = await stage.sim.wait_for(lambda: private_texts(stage.sim, BEN))
    assert "Nothing was recorded" in said[0]


async def test_a_rejection_that_could_not_be_stored_is_told_in_the_form(stage: Stage) -> None:
    """The form is what the person looks at."""
    ref = await stage.chat.post(OPS, card())
    await stage.sim.click(BEN, OPS, ref.ts, ACTIONS[ClickKind.REJECT])
    view = stage.sim.view_of(BEN)
    assert view is not None
    stage.inbound.error = StoreBusyError()
    await stage.sim.submit_view(BEN, view["id"], {(REASON_BLOCK, REASON_INPUT): "no"})

    told = stage.sim.view_of(BEN)
    assert told is not None
    assert "Nothing was recorded" in str(told["blocks"])


async def test_a_bug_is_answered_with_a_reference_and_never_its_text(stage: Stage) -> None:
    """Messages of unknown errors may hold secrets; Bolt would lose the acknowledgement of a raising
    listener."""
    stage.inbound.error = RuntimeError("https://hooks.slack.com/secret")
    delivery = await stage.sim.command(ANNA, OPS, "/image", "help")

    assert delivery.acked
    assert "reference" in private_texts(stage.sim, ANNA)[0]
    assert "hooks.slack.com" not in private_texts(stage.sim, ANNA)[0]


async def test_an_answer_that_cannot_be_drawn_still_acknowledges(stage: Stage) -> None:
    """A fault in the drawing must not lose what was stored."""
    stage.inbound.answer = Message("x", parts=(Heading(5),))  # type: ignore[arg-type]
    delivery = await stage.sim.command(ANNA, OPS, "/image", "help")

    assert delivery.acked
    assert "reference" in private_texts(stage.sim, ANNA)[0]


async def test_a_mistyped_command_is_told_with_its_hint(http_stage: Stage) -> None:
    """A typo is the requester's to mend."""
    http_stage.inbound.error = CommandError("There is no shaer.", hint="Try /image help.", suggestion="share")
    await http_stage.sim.command(ANNA, OPS, "/image", "shaer")

    assert private_texts(http_stage.sim, ANNA) == ["There is no shaer. Did you mean share? Try /image help."]


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_a_slow_store_is_told_in_time_and_answered_later(sim: SimSlack, mode: str) -> None:
    """Slack gives three seconds; what was begun is finished and its answer still comes."""
    gate = asyncio.Event()
    async with serve(sim, mode, answer_seconds=0.1) as up:
        up.inbound.before, up.inbound.answer = gate.wait, Message("Request #12 is recorded.")  # type: ignore[assignment]
        delivery = await sim.command(ANNA, OPS, "/image", "share a to b")
        assert delivery.acked
        assert "longer than usual" in private_texts(sim, ANNA)[0]
        gate.set()
        await sim.wait_for(lambda: "Request #12 is recorded." in private_texts(sim, ANNA))


async def test_no_request_of_slack_costs_a_call_to_slack(stage: Stage) -> None:
    """auth.test inside a request would eat into its three seconds."""
    calls = [call for call in stage.sim.calls if call.method != "apps.connections.open"]
    await stage.sim.command(ANNA, OPS, "/image", "help")

    assert [call for call in stage.sim.calls if call.method != "apps.connections.open"] == calls


async def test_bolt_answers_when_the_listener_ends(stage: Stage) -> None:
    """By default it looks for the acknowledgement every ten milliseconds."""
    assert stage.bolt.process_before_response


async def test_an_empty_signing_secret_is_refused_at_start(sim: SimSlack) -> None:
    """Old SDKs accepted forged requests with it; new ones answer 500 to each."""
    async with slack_client(sim.bot_token, api_url=sim.api_url) as client:
        with pytest.raises(ConfigError, match="SLACK_SIGNING_SECRET"):
            build_app(client, RecordingInbound(), Answers(MemoryChat()), command="/image", signing_secret=" ")


async def test_a_client_id_in_the_environment_does_not_make_it_an_oauth_app(
    sim: SimSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would silently drop the token and keep installations in files."""
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "shh")
    async with serve(sim, "http") as up:
        delivery = await sim.command(ANNA, OPS, "/image", "help")

        assert up.bolt.oauth_flow is None
        assert delivery.acked
        assert os.environ["SLACK_CLIENT_ID"] == "1.2"
