"""`imagebot check` against the simulators: nothing wrong is found in a good bot, and each broken thing in a broken one."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from bot.app.doctor import examine
from tests.journeys.cast import POLICY
from tests.journeys.process import Ended, assert_discreet, imagebot
from tests.journeys.stage import Stage, empty_stage


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
    "a policy with a typo": (_bad_policy, "policy.yml:19"),
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
    """In one plain sentence; asked without a process, which is tried below."""
    breaks, part = BROKEN[what]
    async with empty_stage() as s:
        findings = await examine(s.environ() | breaks(s), None)
        errors = [sentence for level, sentence in findings if level == "error"]
        assert any(part in sentence for sentence in errors), findings
        assert_discreet(Ended(code=1, out=str(findings), err=""))


async def test_the_doctors_findings_are_lines_and_an_exit_code() -> None:
    """For eyes and for scripts; everything that is broken is said in one go."""
    async with empty_stage() as s:
        values = s.environ() | _bad_policy(s) | _cloud_refuses(s)
        ended = await imagebot("check", values=values, folder=s.folder)
        errors = [line for line in ended.out.splitlines() if line.startswith("ERROR")]
        assert (ended.code, len(errors)) == (1, 2), ended.out
        assert_discreet(ended)
