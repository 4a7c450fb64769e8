"""The manifest is what Slack's schema takes and what the listeners answer to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from jsonschema import Draft7Validator
from referencing import Registry, Resource

from bot.adapters.slack.manifest import SCOPES, as_yaml, manifest
from bot.simulator.slack import SimSlack
from tests.adapters.slack.stage import ANNA, OPS, Stage, card

SCHEMAS = Path(__file__).parents[2] / "samples/slack-manifest"
TOP = Path(__file__).parents[3] / "manifest.yml"
RAW = "https://raw.githubusercontent.com/slackapi/manifest-schema/v0.5.0/schemas/"
URL = "https://imagebot.example/slack/events"


def validator() -> Draft7Validator:
    resources = []
    for version in ("1.0.0", "2.0.0"):
        content = json.loads((SCHEMAS / f"manifest.schema.{version}.json").read_text())
        resources.append((f"{RAW}manifest.schema.{version}.json", Resource.from_contents(content)))
    registry: Registry[Any] = Registry().with_resources(resources)
    return Draft7Validator(json.loads((SCHEMAS / "manifest.schema.json").read_text()), registry=registry)


@pytest.mark.parametrize(("mode", "url"), [("socket", None), ("http", URL)])
def test_slack_takes_the_manifest(mode: Literal["socket", "http"], url: str | None) -> None:
    """A manifest that is refused is the first thing a newcomer would meet."""
    made = manifest(mode, command="/image", usage_hint="share IMAGE to PROJECT", request_url=url)

    assert [error.message for error in validator().iter_errors(made)] == []
    assert yaml.safe_load(as_yaml(made)) == made


def test_the_schema_does_refuse() -> None:
    """Else the test above could not fail."""
    made = manifest("socket", command="/image", usage_hint="x")
    made["display_information"]["name"] = "x" * 36

    assert list(validator().iter_errors(made))


def test_http_mode_has_its_address_everywhere_and_socket_mode_nowhere() -> None:
    """One forgotten address and half of the clicks go nowhere."""
    http = manifest("http", command="/image", usage_hint="x", request_url=URL)
    socket = manifest("socket", command="/image", usage_hint="x")

    assert as_yaml(http).count(URL) == 2
    assert "url" not in as_yaml(socket).replace("usage", "")
    assert (http["settings"]["socket_mode_enabled"], socket["settings"]["socket_mode_enabled"]) == (
        False,
        True,
    )
    with pytest.raises(ValueError, match="/slack/events"):
        manifest("http", command="/image", usage_hint="x")


def test_a_long_hint_is_cut_to_what_slack_takes() -> None:
    """1,000 characters."""
    made = manifest("socket", command="/image", usage_hint="x" * 2_000)

    assert [error.message for error in validator().iter_errors(made)] == []


def test_the_manifest_at_the_top_is_the_one_that_is_made() -> None:
    """It is a copy; `imagebot manifest` writes it."""
    on_disk = yaml.safe_load(TOP.read_text())
    (slash,) = on_disk["features"]["slash_commands"]

    assert on_disk == manifest("socket", command="/image", usage_hint=slash["usage_hint"])


async def test_the_listeners_answer_to_the_manifests_command(stage: Stage) -> None:
    """A renamed command in one place only would be answered with the other's name."""
    (slash,) = manifest("socket", command="/image", usage_hint="x")["features"]["slash_commands"]
    await stage.sim.command(ANNA, OPS, slash["command"], "help")

    assert [typed.command for typed in stage.inbound.commands] == ["/image"]


async def test_the_asked_scopes_are_enough_and_each_is_needed(sim: SimSlack, http_stage: Stage) -> None:
    """Security reviews ask for every scope what it is for."""
    sim.set_scopes(*SCOPES)
    await http_stage.chat.post(OPS, card())
    await http_stage.client.users_info(user=ANNA)
    await http_stage.client.usergroups_users_list(usergroup="S0LEADS")
    await http_stage.chat.whisper(OPS, ANNA, card())

    assert set(SCOPES) == {"commands", "chat:write", "users:read", "usergroups:read"}
    assert all(call.ok for call in sim.calls)
