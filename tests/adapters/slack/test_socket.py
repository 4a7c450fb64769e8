"""Socket Mode: no gap at a change, no deaf connection, no silent refusal, nothing lost at the end."""

from __future__ import annotations

import asyncio

import pytest

from bot.adapters.slack.client import slack_client
from bot.adapters.slack.connection import SocketPatience
from bot.adapters.slack.socket import SocketRunner
from bot.domain.errors import ChatAuthError, ChatBusyError
from bot.domain.notices import Message
from bot.simulator.slack import SimSlack
from tests.adapters.slack.stage import ANNA, OPS, QUICK, Stage, SystemClock, serve


async def until(condition, seconds: float = 5.0) -> None:  # type: ignore[no-untyped-def]
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def works(up: Stage) -> bool:
    return (await up.sim.command(ANNA, OPS, "/image", "help")).acked


@pytest.mark.parametrize("token", ["xapp-wrong", "", "xoxb-sim-imagebot"])
async def test_a_refused_app_token_is_said_at_start(sim: SimSlack, token: str) -> None:
    """The vendor's client would reconnect for ever without a word."""
    async with serve(sim, "http") as up:
        runner = SocketRunner(up.bolt, up.client, app_token=token, clock=SystemClock(), patience=QUICK)
        with pytest.raises(ChatAuthError, match="connections:write"):
            await runner.start()
        assert not runner.health().connected
        await runner.close()


async def test_an_unreachable_slack_is_said_at_start(sim: SimSlack) -> None:
    """The service then does not start, loudly."""
    async with serve(sim, "http") as up:
        sim.fault("apps.connections.open", "503")
        runner = SocketRunner(
            up.bolt, up.client, app_token=sim.app_token, clock=SystemClock(), patience=QUICK
        )
        with pytest.raises(ChatBusyError):
            await runner.start()


async def test_health_tells_of_the_connection(sim: SimSlack) -> None:
    """Readiness stands on it."""
    async with serve(sim, "socket") as up:
        assert up.runner is not None
        health = up.runner.health()
        assert health.connected
        assert health.last_message_at is not None
        assert health.reconnects == 0
        await up.runner.close()
        assert not up.runner.health().connected


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "abrupt"])
async def test_a_connection_that_ends_is_replaced(sim: SimSlack, reason: str) -> None:
    """Slack refreshes connections every few hours."""
    async with serve(sim, "socket") as up:
        assert up.runner is not None
        runner = up.runner
        await sim.disconnect_sockets(reason)
        await until(lambda: runner.health().reconnects >= 1 and runner.health().connected)

        assert await works(up)


async def test_the_new_connection_is_open_before_the_old_is_left(sim: SimSlack) -> None:
    """What comes while no socket is open is lost, and the person sees an error."""
    async with serve(sim, "socket", connections=1) as up:
        assert up.runner is not None
        runner = up.runner
        acknowledged = []
        for change in range(1, 4):
            await sim.disconnect_sockets("warning")
            while runner.health().reconnects < change:
                acknowledged.append(await works(up))
            acknowledged += [await works(up) for _ in range(5)]

        assert all(acknowledged)
        assert sim.connections > 1


async def test_a_connection_that_lingered_is_closed_in_the_end(sim: SimSlack) -> None:
    """Slack allows ten for an app."""
    async with serve(sim, "socket") as up:
        assert up.runner is not None
        old = sim.sockets.connections[0]
        await sim.disconnect_sockets("warning")
        await until(lambda: old not in sim.sockets.connections)

        assert sim.connections == 1
        assert await works(up)


async def test_a_connection_that_is_cut_leaves_another_to_work_with(sim: SimSlack) -> None:
    """Slack may close without a warning; both at once is rare."""
    async with serve(sim, "socket", connections=2) as up:
        await until(lambda: sim.connections == 2)
        for _ in range(4):
            await sim.sockets.ready[0].ws.close()
            assert await works(up)


async def test_a_deaf_connection_is_replaced(sim: SimSlack) -> None:
    """Open, and dead: the reported zombies of Socket Mode."""
    async with serve(sim, "socket") as up:
        assert up.runner is not None
        runner = up.runner
        await sim.disconnect_sockets("deaf")
        await until(lambda: runner.health().reconnects >= 1 and runner.health().connected)

        assert await works(up)


async def test_while_slack_is_away_the_health_says_why_and_then_mends(sim: SimSlack) -> None:
    """An operator must see it; nobody must restart anything."""
    async with serve(sim, "socket") as up:
        assert up.runner is not None
        runner = up.runner
        sim.fault("apps.connections.open", "invalid_auth", times=3)
        await sim.disconnect_sockets("abrupt")
        await until(lambda: "token" in runner.health().trouble)
        assert not runner.health().connected
        await until(lambda: runner.health().connected)

        assert runner.health().trouble == ""
        assert await works(up)


async def test_what_was_taken_is_finished_before_the_connection_closes(sim: SimSlack) -> None:
    """A deploy in the middle of a command must not cost its acknowledgement."""
    gate = asyncio.Event()
    async with serve(sim, "socket") as up:
        assert up.runner is not None
        up.inbound.before, up.inbound.answer = gate.wait, Message("kept")  # type: ignore[assignment]
        command = asyncio.create_task(sim.command(ANNA, OPS, "/image", "share a to b"))
        await until(lambda: up.inbound.commands)
        closing = asyncio.create_task(up.runner.close())
        await asyncio.sleep(0.02)
        gate.set()
        delivery = await command
        await closing

        assert delivery.acked
        assert delivery.body["text"] == "kept"


async def test_closing_twice_is_harmless(sim: SimSlack) -> None:
    """Shutdown paths meet."""
    async with serve(sim, "socket") as up:
        assert up.runner is not None
        await up.runner.close()
        await up.runner.close()


async def test_a_closed_session_is_told_and_not_raised_as_a_bug(sim: SimSlack) -> None:
    """The order of shutting down must not matter."""
    async with serve(sim, "http") as up, slack_client(sim.bot_token, api_url=sim.api_url) as client:
        assert client.session is not None
        await client.session.close()
        with pytest.raises(ChatBusyError):
            await SocketRunner(up.bolt, client, app_token=sim.app_token, clock=SystemClock()).start()


async def test_a_link_that_was_disabled_is_said_and_comes_back_by_itself(sim: SimSlack) -> None:
    """Somebody switches Socket Mode off in the app's settings, and on again."""
    async with serve(sim, "socket", connections=2) as up:
        assert up.runner is not None
        runner = up.runner
        await until(lambda: sim.connections == 2)
        sim.fault("apps.connections.open", "not_allowed_token_type", times=6)
        await sim.disconnect_sockets("link_disabled")
        await until(lambda: "Socket Mode must be switched on" in runner.health().trouble)
        assert not runner.health().connected
        await until(lambda: runner.health().connected)

        assert await works(up)


async def test_one_deaf_connection_of_two_is_replaced_while_the_other_works(sim: SimSlack) -> None:
    """Half of what people do would be lost meanwhile, and nothing would show it."""
    async with serve(sim, "socket", connections=2) as up:
        assert up.runner is not None
        runner = up.runner
        await until(lambda: sim.connections == 2)
        deaf = sim.sockets.connections[0]
        deaf.deaf.set()
        await until(lambda: runner.health().reconnects >= 1)
        assert "nothing was heard" in runner.health().last_change
        await until(lambda: deaf not in sim.sockets.ready)

        assert runner.health().connected
        assert [await works(up) for _ in range(4)] == [True] * 4


async def test_a_quiet_connection_that_answers_pings_is_left_alone(sim: SimSlack) -> None:
    """Nobody types at night."""
    async with serve(sim, "socket") as up:
        assert up.runner is not None
        await asyncio.sleep(QUICK.deaf_after * 2)

        assert up.runner.health().reconnects == 0
        assert up.runner.health().connected


def test_pings_are_sent_often_enough_for_the_patience_that_was_set() -> None:
    """A connection that is asked every ten seconds cannot be called deaf after five."""
    for seconds in (0.5, 5.0, 30.0, 600.0):
        patience = SocketPatience.within(seconds)
        assert patience.deaf_after == seconds
        assert patience.ping_every * 3 <= max(seconds, 30.0)
        assert patience.ping_every <= seconds / 3
