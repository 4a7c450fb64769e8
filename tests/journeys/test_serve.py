"""Starting, and being looked at: each wrong thing is said in plain words, all at once, and no secret with it."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from tests.journeys.cast import ALICE, CANARIES, POLICY
from tests.journeys.process import assert_discreet, imagebot, served
from tests.journeys.stage import empty_stage, stage

# -- a start that must not be --


async def test_every_missing_setting_is_named_at_once() -> None:
    """Nobody wants to start a bot five times to find five mistakes."""
    async with empty_stage() as s:
        ended = await imagebot("serve", values={}, folder=s.folder)
        assert ended.code == 1
        for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "IMAGEBOT_REGION", "HUAWEICLOUD_SDK_AK"):
            assert name in ended.err
        assert_discreet(ended)


async def test_wrong_secrets_are_refused_without_being_shown() -> None:
    """A token in the wrong place is still a token."""
    async with empty_stage() as s:
        wrong = s.environ() | {
            "SLACK_BOT_TOKEN": CANARIES["app token"],
            "SLACK_APP_TOKEN": CANARIES["bot token"],
            "HUAWEICLOUD_SDK_SK": "",
            "IMAGEBOT_LEASE": CANARIES["secret key"],
        }
        ended = await imagebot("serve", values=wrong, folder=s.folder)
        assert ended.code == 1
        for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "HUAWEICLOUD_SDK_SK", "IMAGEBOT_LEASE"):
            assert name in ended.err
        assert CANARIES["bot token"] not in ended.err
        assert CANARIES["app token"] not in ended.err
        assert "Traceback" not in ended.err


async def test_a_bad_policy_stops_the_start_with_its_line() -> None:
    """Promise 12."""
    async with empty_stage(policy=POLICY.replace("effect: forbid", "effect: forbit")) as s:
        ended = await imagebot("serve", values=s.environ(), folder=s.folder)
        assert ended.code == 1
        assert "policy.yml:16" in ended.err
        assert "did you mean" in ended.err
        assert_discreet(ended)


@pytest.mark.parametrize("word", ["invalid_auth", "account_inactive"])
async def test_a_token_slack_refuses_stops_the_start_in_one_sentence(word: str) -> None:
    """With exit code 1, so that a supervisor shows it."""
    async with empty_stage() as s:
        s.slack.fault("auth.test", word, times=9)
        ended = await imagebot("serve", values=s.environ(), folder=s.folder)
        assert ended.code == 1
        assert word in ended.err
        assert_discreet(ended)


async def test_a_second_bot_on_the_same_database_does_not_start() -> None:
    """Two would do everything twice."""
    async with empty_stage() as s:
        async with served(s):
            ended = await imagebot("serve", values=s.environ(), folder=s.folder)
            assert ended.code == 1
            assert "in use by another imagebot" in ended.err
        await s.judged({})


async def test_a_database_in_a_folder_that_does_not_exist_is_said_plainly() -> None:
    """A mistyped volume is the usual reason."""
    async with empty_stage() as s:
        values = s.environ() | {"IMAGEBOT_DATABASE": f"sqlite:///{s.folder}/nowhere/bot.db"}
        ended = await imagebot("serve", values=values, folder=s.folder)
        assert ended.code == 1
        assert "nowhere/bot.db" in ended.err
        assert_discreet(ended)


async def test_a_taken_port_is_said_plainly() -> None:
    """The other bot, or the old one."""
    async with empty_stage() as s:
        port = s.ims.url.rpartition(":")[2]
        values = s.environ() | {"IMAGEBOT_LISTEN": f"127.0.0.1:{port}"}
        ended = await imagebot("serve", values=values, folder=s.folder)
        assert ended.code == 1
        assert port in ended.err
        assert_discreet(ended)


# -- a bot that runs --


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_a_ready_bot_says_so_on_all_its_pages(mode: str) -> None:
    """What a supervisor and a graph read."""
    async with stage(mode) as s:
        await s.until(lambda: s.bot is not None and s.bot.cloud_health.ok)
        status, page = await s.page("/readyz")
        parts = json.loads(page)
        assert (status, parts["ready"]) == (200, True)
        assert {name for name in parts if name != "ready"} == {"store", "slack", "cloud", "worker", "policy"}
        assert parts["slack"]["mode"] == mode
        assert await s.page("/healthz") == (200, '{"alive": true}')
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert await s.settled() == "ended"
        status, page = await s.page("/metrics")
        assert "imagebot_ready 1.0" in page
        assert 'imagebot_inbound_total{kind="command"} 1.0' in page
        assert "imagebot_jobs_in_flight 0.0" in page
        assert not any(word in page for word in ("base-ubuntu", "shop-dev", ALICE))


async def test_the_metrics_can_be_switched_off_and_unknown_pages_are_not_there() -> None:
    """Less to look at is less to attack."""
    async with stage(metrics="off") as s:
        assert (await s.page("/metrics"))[0] == 404
        assert (await s.page("/"))[0] == 404
        async with aiohttp.ClientSession() as session, session.post(f"{s.url}/slack/events") as answer:
            assert answer.status == 404  # Socket Mode has no such door


async def test_a_bot_without_a_socket_is_alive_and_not_ready() -> None:
    """A restart would not help; a look would."""
    async with stage() as s:
        s.slack.fault("apps.connections.open", "internal_error", times=99)
        await s.slack.disconnect_sockets("abrupt")
        await s.until(
            lambda: s.bot is not None and s.bot.socket is not None and s.bot.socket.health().trouble
        )
        status, page = await s.page("/readyz")
        assert (status, json.loads(page)["slack"]["ok"]) == (503, False)
        assert json.loads(page)["slack"]["why"]
        assert (await s.page("/healthz"))[0] == 200
        assert "imagebot_ready 0.0" in (await s.page("/metrics"))[1]


async def test_a_cloud_that_refuses_the_key_shows_in_readiness() -> None:
    """From the first look at the start."""
    async with empty_stage() as s:
        s.ims.fault("401", times=99)
        async with served(s) as bot:
            async with asyncio.timeout(10):
                while "does not accept the credentials" not in (await s.page("/readyz"))[1]:
                    await asyncio.sleep(0.1)
            status, page = await s.page("/readyz")
            assert (status, json.loads(page)["cloud"]["ok"]) == (503, False)
            assert await bot.terminate() == 0
        await s.judged({})


async def test_sighup_reads_the_policy_at_once() -> None:
    """For those who do not wait two seconds, and for deployments that check."""
    async with empty_stage() as s, served(s) as bot:
        before = json.loads((await s.page("/readyz"))[1])["policy"]["digest"]
        s.policy.write_text(POLICY.replace("max_pairs: 500", "max_pairs: 400"))
        await bot.hang_up()
        async with asyncio.timeout(10):
            while json.loads((await s.page("/readyz"))[1])["policy"]["digest"] == before:
                await asyncio.sleep(0.1)
        assert await bot.terminate() == 0
