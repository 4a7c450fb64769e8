"""The operator's other commands, run as processes: what they print is what somebody pastes or pipes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from referencing import Registry, Resource

from tests.journeys.cast import POLICY
from tests.journeys.process import imagebot, served
from tests.journeys.stage import empty_stage

SCHEMAS = Path(__file__).parents[1] / "samples/slack-manifest"
RAW = "https://raw.githubusercontent.com/slackapi/manifest-schema/v0.5.0/schemas/"


def refusals(manifest: Any) -> list[str]:
    """What Slack's own schema says against it."""
    resources = []
    for version in ("1.0.0", "2.0.0"):
        content = json.loads((SCHEMAS / f"manifest.schema.{version}.json").read_text())
        resources.append((f"{RAW}manifest.schema.{version}.json", Resource.from_contents(content)))
    registry: Registry[Any] = Registry().with_resources(resources)
    validator = Draft7Validator(json.loads((SCHEMAS / "manifest.schema.json").read_text()), registry=registry)
    return [error.message for error in validator.iter_errors(manifest)]


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (("manifest",), "/image"),
        (("manifest", "socket", "--command", "/share-it"), "/share-it"),
        (("manifest", "http", "--url", "https://bot.example/slack/events"), "/image"),
    ],
)
async def test_the_printed_manifest_is_one_slack_takes(
    words: tuple[str, ...], command: str, tmp_path: Path
) -> None:
    """It is pasted as it is."""
    ended = await imagebot(*words, values={}, folder=tmp_path)
    printed = yaml.safe_load(ended.out)
    assert (ended.code, refusals(printed)) == (0, [])
    assert printed["features"]["slash_commands"][0]["command"] == command


def test_the_schema_refuses_a_bad_manifest() -> None:
    """Else the test above could not fail."""
    assert refusals({"display_information": {"name": "x" * 99}}) != []


async def test_http_mode_needs_an_address(tmp_path: Path) -> None:
    """A manifest without it would be taken by Slack and never work."""
    ended = await imagebot("manifest", "http", values={"COLUMNS": "200"}, folder=tmp_path)
    assert (ended.code, "--url" in ended.err) == (2, True)


async def test_migrate_makes_the_database_and_then_has_nothing_to_do() -> None:
    """Both times with exit code 0: it stands in deployment scripts."""
    async with empty_stage() as s:
        first = await imagebot("migrate", values=s.environ(), folder=s.folder)
        second = await imagebot("migrate", values=s.environ(), folder=s.folder)
        assert (first.code, second.code) == (0, 0)
        assert s.database.exists()
        assert "nothing to do" in second.out
        assert s.database.stat().st_mode & 0o077 == 0


async def test_without_leave_to_migrate_a_bot_on_an_old_database_does_not_start() -> None:
    """`IMAGEBOT_MIGRATE=no` is for operators who do it by hand."""
    async with empty_stage(migrate="no") as s:
        refused = await imagebot("serve", values=s.environ(), folder=s.folder)
        assert refused.code == 1
        assert "imagebot migrate" in refused.err
        assert "Traceback" not in refused.err
        await imagebot("migrate", values=s.environ(), folder=s.folder)
        async with served(s) as bot:
            assert await bot.terminate() == 0


async def test_a_policy_is_checked_and_explained_without_any_secret(tmp_path: Path) -> None:
    """In a review, on somebody's laptop."""
    file = tmp_path / "policy.yml"
    file.write_text(POLICY)
    good = await imagebot("policy", "check", str(file), values={}, folder=tmp_path)
    assert good.code == 0, good
    said = await imagebot(
        "policy", "explain", "share base-ubuntu to shop-prod", "-g", "engineers", "-f", str(file), values={}, folder=tmp_path
    )  # fmt: skip
    assert (said.code, "needs 1 of leads" in said.out) == (0, True)

    file.write_text(POLICY.replace("version: 1", "version: 7"))
    bad = await imagebot("policy", "check", str(file), values={}, folder=tmp_path)
    assert (bad.code, "policy.yml:2" in bad.err) == (1, True)


async def test_help_and_a_bare_call_tell_the_commands(tmp_path: Path) -> None:
    """Quickly, with no setting at all."""
    ended = await imagebot("--help", values={"COLUMNS": "200", "NO_COLOR": "1"}, folder=tmp_path)
    assert ended.code == 0
    for word in ("serve", "check", "requests", "show", "audit", "policy", "manifest", "migrate"):
        assert word in ended.out


async def test_a_secret_may_lie_in_a_file() -> None:
    """As Docker and Kubernetes hand them over."""
    async with empty_stage() as s:
        values = s.environ()
        for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "HUAWEICLOUD_SDK_SK"):
            file = s.folder / name.lower()
            file.write_text(values.pop(name) + "\n")
            values[f"{name}_FILE"] = str(file)
        ended = await imagebot("check", values=values, folder=s.folder)
        assert ended.code == 0, ended.out
