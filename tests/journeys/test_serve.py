"""Starting, being looked at, and the doctor: each wrong thing is said in plain words, all at once, and no secret with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import aiohttp
import pytest

from tests.journeys.cast import ALICE, CANARIES, LEA, POLICY
from tests.journeys.process import Ended, imagebot, served
from tests.journeys.stage import Stage, empty_stage, stage


def assert_discreet(ended: Ended) -> None:
    """No secret and no stack."""
    said = ended.out + ended.err
    assert [what for what, secret in CANARIES.items() if secret in said] == []
    assert "Traceback" not in said


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
        await s.until(lambda: s.bot is not None and s.bot.socket is not None and s.bot.socket.health().trouble)
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
    async with empty_stage() as s:
        async with served(s) as bot:
            before = json.loads((await s.page("/readyz"))[1])["policy"]["digest"]
            s.policy.write_text(POLICY.replace("max_pairs: 500", "max_pairs: 400"))
            await bot.hang_up()
            async with asyncio.timeout(10):
                while json.loads((await s.page("/readyz"))[1])["policy"]["digest"] == before:
                    await asyncio.sleep(0.1)
            assert await bot.terminate() == 0


# -- the doctor --


async def test_the_doctor_finds_nothing_wrong_with_a_good_bot() -> None:
    """Otherwise its findings are not worth reading."""
    async with empty_stage() as s:
        ended = await imagebot("check", values=s.environ(), folder=s.folder)
        assert ended.code == 0, ended.out
        assert "ERROR" not in ended.out
        assert_discreet(ended)
        plain = await imagebot("check", "--json", values=s.environ(), folder=s.folder)
        assert {one["level"] for one in json.loads(plain.out)} <= {"ok", "warning"}


def _no_scope(s: Stage) -> dict[str, str]:
    s.slack.set_scopes("commands", "users:read", "usergroups:read")
    return {}


def _fault(method: str, word: str) -> Callable[[Stage], dict[str, str]]:
    def order(s: Stage) -> dict[str, str]:
        s.slack.fault(method, word, times=9)
        return {}

    return order


def _bad_policy(s: Stage) -> dict[str, str]:
    s.policy.write_text(POLICY.replace("project.env: {eq: dev}", "project.evn: {eq: dev}"))
    return {}


def _no_policy(s: Stage) -> dict[str, str]:
    s.policy.unlink()
    return {}


def _not_a_database(s: Stage) -> dict[str, str]:
    s.database.write_text("this is no database at all, but long enough to be looked at" * 20)
    return {}


def _cloud_refuses(s: Stage) -> dict[str, str]:
    s.ims.fault("401", times=9)
    return {}


def _no_right(s: Stage) -> dict[str, str]:
    s.ims.fault("403", times=9)
    return {}


BROKEN: dict[str, tuple[Callable[[Stage], dict[str, str]], str]] = {
    "a refused bot token": (_fault("auth.test", "invalid_auth"), "SLACK_BOT_TOKEN"),
    "a refused app token": (_fault("apps.connections.open", "invalid_auth"), "SLACK_APP_TOKEN"),
    "a missing scope": (_no_scope, "chat:write"),
    "a user group that is gone": (_fault("usergroups.users.list", "no_such_subteam"), "group engineers"),
    "a policy with a typo": (_bad_policy, "policy.yml:20"),
    "no policy": (_no_policy, "cannot be read"),
    "a database that is none": (_not_a_database, "not a database"),
    "no folder": (lambda s: {"IMAGEBOT_DATABASE": f"sqlite:///{s.folder}/nowhere/b.db"}, "folder of the database"),
    "a refused key": (_cloud_refuses, "does not accept the credentials"),
    "a key without rights": (_no_right, "ims:images:get"),
    "a cloud nobody answers at": (lambda s: {"IMAGEBOT_IMS_ENDPOINT": "http://127.0.0.1:9"}, "cloud:"),
    "a setting that is none": (lambda s: {"IMAGEBOT_LEESE": "5"}, "IMAGEBOT_LEASE"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
async def test_the_doctor_names_each_broken_thing(what: str) -> None:
    """One plain line, and exit code 1 for scripts."""
    breaks, part = BROKEN[what]
    async with empty_stage() as s:
        values = s.environ() | breaks(s)
        ended = await imagebot("check", values=values, folder=s.folder)
        errors = [line for line in ended.out.splitlines() if line.startswith("ERROR")]
        assert ended.code == 1, ended.out
        assert any(part in line for line in errors), ended.out
        assert_discreet(ended)


# -- the reading commands beside a running bot --


async def test_the_operator_can_look_while_the_bot_runs() -> None:
    """Reading takes no lock and changes nothing."""
    async with stage() as s:
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev, shop-prod because CHG-9")
        await s.says("Done and verified")
        await s.quiet()
        only = {"IMAGEBOT_DATABASE": f"sqlite:///{s.database}"}

        listed = await imagebot("requests", values=only, folder=s.folder)
        assert (listed.code, "#1" in listed.out, "waiting for approval" in listed.out) == (0, True, True)
        rows = json.loads((await imagebot("requests", "all", "--json", values=only, folder=s.folder)).out)
        assert [row["id"] for row in rows] == [1]

        shown = await imagebot("show", "#1", values=only, folder=s.folder)
        assert "base-ubuntu-24 -> shop-dev: done" in shown.out
        tree = json.loads((await imagebot("show", "1", "--json", values=only, folder=s.folder)).out)
        assert [lane["state"] for lane in tree["lanes"]] == ["succeeded", "awaiting_approval"]

        sound = await imagebot("audit", "verify", values=only, folder=s.folder)
        assert (sound.code, "unbroken" in sound.out) == (0, True)
        exported = await imagebot("audit", "export", values=only, folder=s.folder)
        kinds = [json.loads(line)["kind"] for line in exported.out.splitlines()]
        assert kinds[0] == "bot_started"
        assert "request_received" in kinds
        table = await imagebot("audit", "export", "--format", "csv", values=only, folder=s.folder)
        assert len(table.out.splitlines()) == len(kinds) + 1

        why = await imagebot("policy", "explain", "#1", "-g", "engineers", "--file", str(s.policy), values=only, folder=s.folder)  # fmt: skip
        assert (why.code, "needs 1 of leads" in why.out) == (0, True)
        await s.press(LEA, "Approve", lane="1.2")
        assert await s.settled() == "ended"


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (("show", "77"), 1, "There is no request #77"),
        (("show", "x"), 2, "not a request number"),
        (("requests", "some"), 2, "open or all"),
        (("audit", "export", "--format", "xml"), 2, "jsonl or csv"),
        (("frobnicate",), 2, "No such command"),
        (("manifest", "carrier-pigeon"), 2, "socket or http"),
        (("requests", "--database", "/nowhere/at/all.db"), 1, "There is no database"),
        (("policy", "check", "/nowhere/policy.yml"), 1, "cannot be read"),
    ],
)
async def test_an_operators_mistake_is_told_in_a_sentence(
    words: tuple[str, ...], code: int, part: str
) -> None:
    """1 for what failed, 2 for what was typed wrongly; never a stack."""
    async with stage() as s:
        only = {"IMAGEBOT_DATABASE": f"sqlite:///{s.database}", "NO_COLOR": "1", "COLUMNS": "200"}
        ended = await imagebot(*words, values=only, folder=s.folder)
        assert (ended.code, part in ended.out + ended.err) == (code, True), ended
        assert_discreet(ended)


async def test_a_changed_row_is_found_in_the_audit_log() -> None:
    """Promise 9: the first bad row is named."""
    import sqlite3

    async with empty_stage() as s:
        async with served(s) as bot:
            await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
            await s.settled()
            await bot.terminate()
        only = {"IMAGEBOT_DATABASE": f"sqlite:///{s.database}"}
        with sqlite3.connect(s.database) as connection:
            tables = [r[0] for r in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
            table = next(t for t in tables if "audit" in t or "event" in t)
            triggers = connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall()
            for (name,) in triggers:
                connection.execute(f'DROP TRIGGER "{name}"')
            connection.execute(f'UPDATE "{table}" SET kind = "nothing_happened" WHERE id = 2')
        ended = await imagebot("audit", "verify", values=only, folder=s.folder)
        assert ended.code == 1
        assert "2" in ended.err
