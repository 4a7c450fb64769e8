"""Where secrets could come to light: a whole story with everything going wrong that can, at debug level, and then a look into
every place that somebody else than the bot may read."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from bot.adapters.huawei.settings import AkSk, Password
from bot.adapters.slack.answers import Address
from bot.adapters.slack.payloads import TypedCommand, click_of, command_of
from bot.config import Config
from tests.journeys import evidence
from tests.journeys.cast import ALICE, BOB, CANARIES, CHANNEL, LEA, LEO
from tests.journeys.process import Ended, environ_of, imagebot, served
from tests.journeys.stage import Stage, at_work, empty_stage

WRONG = {
    "wrong bot token": "xoxb-canary-7777-wrong",
    "wrong secret key": "Canary8888WrongSecretAccessKey00000000000",
}
PASSWORD = "canary5555Password&%of nobody"
URL = "https://hooks.slack.com/commands/T0OWN/1/canary6666"
COMMANDS = (
    ("requests", "all"),
    ("requests", "all", "--json"),
    ("show", "1"),
    ("show", "1", "--json"),
    ("show", "2", "--json"),
    ("audit", "verify", "--json"),
    ("audit", "export"),
    ("audit", "export", "--format", "csv"),
    ("check",),
    ("check", "--json"),
    ("policy", "explain", "#1", "-g", "engineers", "--json"),
)


def said(ended: Ended) -> bytes:
    return (ended.out + ended.err).encode()


def spoken(s: Stage) -> bytes:
    """Everything the bot ever tried to say or open."""
    return json.dumps([list(evidence.messages(s.slack)), list(evidence.views(s.slack))], default=str).encode()


def leaks(s: Stage, places: dict[str, bytes]) -> list[str]:
    """As evidence.leaks, and the access key and the wrong secrets too. A response_url still in use may lie in the database."""
    more = {"access key": s.ims.ak, **WRONG}
    found = evidence.leaks(s.slack, places) + [
        f"{what} in {where}"
        for where, text in places.items()
        for what, one in more.items()
        if one.encode() in text
    ]
    return [one for one in found if not (one.startswith("response_url") and "in bot.db" in one)]


async def looked_at(s: Stage) -> dict[str, bytes]:
    """What a visitor, an operator and a thief of the disk see while the bot runs."""
    places = {
        path: (await s.page(path))[1].encode() for path in ("/metrics", "/healthz", "/readyz", "/nowhere")
    }
    for words in COMMANDS:
        extra = ("--file", str(s.policy)) if words[0] == "policy" else ()
        places[" ".join(words)] = said(await imagebot(*words, *extra, values=s.environ(), folder=s.folder))
    return (
        places
        | evidence.database_bytes(s.database)
        | {"messages": spoken(s), "the log": s.log.getvalue().encode()}
    )


async def trouble(s: Stage) -> None:
    """Calls that fail in every way that quotes something: cut, refused, answered with a page, and at last both doors closed."""
    s.slack.fault("response_url", "500")
    s.slack.fault("chat.postMessage", "cut_before")
    s.ims.fault("lose_answer_after", match="POST /v1/cloudimages/members")
    s.ims.fault("html:502", match="GET /v2/cloudimages")
    await s.command(ALICE, "share base-ubuntu-24 to shop-dev, shop-prod because CHG-1")
    await s.press(LEA, "Approve", lane="1.2", seconds=30)
    await s.command(BOB, "who base-ubuntu-24")
    await s.settled(seconds=40)
    await s.command(BOB, "share base-debian-12 to shop-prod")
    await s.reject(LEO, "not before Monday", lane="2.1")
    await s.settled(2, seconds=30)
    s.ims.fault("401", match="GET", times=50)
    s.slack.fault("chat.postMessage", "invalid_auth", times=50)
    await s.command(ALICE, "share win-2022 to shop-dev")
    await s.until(lambda: "operator_needed" in s.log.getvalue(), 30)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_no_secret_comes_to_light_however_much_goes_wrong(mode: str) -> None:
    """Whoever reads a log, a page, a message, an export or a backup must not thereby become the bot."""
    async with empty_stage(mode) as s:
        async with served(s) as process:
            await trouble(s)
            async with aiohttp.ClientSession() as session:
                forged = {"X-Slack-Signature": "v0=" + "0" * 64, "X-Slack-Request-Timestamp": "1"}
                await session.post(f"{s.url}/slack/events", data=b"payload=%7B", headers=forged)
            places = await looked_at(s)
            await process.terminate()
        wrong = {"SLACK_BOT_TOKEN": WRONG["wrong bot token"], "HUAWEICLOUD_SDK_SK": WRONG["wrong secret key"]}
        places["check with wrong secrets"] = said(
            await imagebot("check", values=s.environ() | wrong, folder=s.folder)
        )
        places["serve with wrong secrets"] = said(
            await imagebot("serve", values=s.environ() | wrong, folder=s.folder)
        )

        assert "wal" in " ".join(places), "the log of the database was not there to be looked at"
        assert all(places[name] for name in ("the log", "show 1", "audit export", "check", "messages"))
        assert leaks(s, places) == []
        assert b"Traceback" not in b"".join(places.values())


@pytest.mark.slow
@pytest.mark.parametrize("right", [True, False])
async def test_a_password_of_the_cloud_comes_to_light_nowhere(right: bool) -> None:
    """A login is sent in a body, which errors like to quote; a refused one most of all."""
    async with empty_stage() as s:
        account, user, _ = s.ims.iam_user
        known = {name: value for name, value in s.environ().items() if not name.startswith("HUAWEICLOUD")}
        values = known | {
            "OS_AUTH_URL": s.ims.url,
            "OS_USERNAME": user,
            "OS_PASSWORD": s.ims.iam_user[2] if right else PASSWORD,
            "OS_USER_DOMAIN_NAME": account,
            "OS_PROJECT_ID": s.ims.project_id,
        }
        ended = await imagebot("check", values=values, folder=s.folder)

        assert "cloud:" in ended.out, ended
        assert PASSWORD not in ended.out + ended.err
        assert "X-Subject-Token" not in ended.out + ended.err
        assert "MII" not in ended.out + ended.err


def holders(s: Stage) -> Iterator[object]:
    """Everything in the running bot that holds a secret, or holds what holds one."""
    assert s.bot is not None
    bot = s.bot
    chat: Any = bot.outside.chat
    yield from (
        bot,
        bot.config,
        bot.config.slack,
        bot.config.cloud,
        bot.config.cloud.credentials,
        bot.config.service,
    )
    yield from (bot.outside, bot.outside.cloud, chat, chat._client, bot.socket, bot.bolt, bot.answers)
    cloud: Any = bot.outside.cloud
    yield from vars(cloud).values()


async def test_printing_any_object_shows_no_secret() -> None:
    """A log line with one object too many is the usual way out."""
    for mode in ("socket", "http"):
        async with empty_stage(mode) as s, at_work(s):
            for one in holders(s):
                text = f"{one!r} {one}"
                assert [what for what, secret in CANARIES.items() if secret in text] == [], type(one)
                assert s.ims.ak not in text, type(one)


def test_printing_a_key_a_password_or_an_answer_address_shows_none_of_them() -> None:
    """The values that travel through the bot."""
    body = {
        "user_id": ALICE, "team_id": "T0OWN", "channel_id": CHANNEL, "trigger_id": "1.2.x", "command": "/image",
        "text": "help", "response_url": URL,
    }  # fmt: skip
    typed = command_of(body)
    assert isinstance(typed, TypedCommand)
    assert typed.response_url == URL
    values = (
        typed,
        click_of({"response_url": URL}),
        Address(user=ALICE, channel=CHANNEL, response_url=URL),
        AkSk(ak="canary6666", sk="canary6666", security_token="canary6666"),
        Password(username="u", password="canary6666", user_domain_name="d"),
    )
    assert [value for value in values if "canary6666" in repr(value)] == []


CRASH = """
import sys
from bot.cli.door import app
from bot.cli.entry import main

@app.command()
def crash() -> None:
    import os
    try:
        raise OSError(f"POST https://x/?token={os.environ['SLACK_BOT_TOKEN']}")
    except OSError as error:
        raise RuntimeError({"Authorization": os.environ["HUAWEICLOUD_SDK_SK"], "in": dict(os.environ)}) from error

sys.argv = ["imagebot", "crash"]
main()
"""


async def test_a_crash_tells_where_and_no_secret() -> None:
    """A bug quotes whatever it stumbles over, in the worst case the whole environment."""
    async with empty_stage() as s:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CRASH, env=environ_of(s.environ()), cwd=s.folder,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()

        assert process.returncode == 1
        assert b"RuntimeError" in err
        assert b"This is a bug in imagebot" in err
        assert leaks(s, {"stdout": out, "stderr": err}) == []


def test_the_config_knows_all_its_secrets() -> None:
    """What it does not name, the log cannot hide."""
    values = {
        "SLACK_BOT_TOKEN": "xoxb-one", "SLACK_APP_TOKEN": "xapp-two", "SLACK_SIGNING_SECRET": "three33",
        "IMAGEBOT_REGION": "eu-west-101", "HUAWEICLOUD_SDK_AK": "four444", "HUAWEICLOUD_SDK_SK": "five555",
        "HUAWEICLOUD_SDK_SECURITY_TOKEN": "six6666", "HUAWEICLOUD_SDK_PROJECT_ID": "p",
    }  # fmt: skip
    config = Config.load(values, env_file=None)

    assert set(config.secrets()) == {"xoxb-one", "xapp-two", "three33", "four444", "five555", "six6666"}
