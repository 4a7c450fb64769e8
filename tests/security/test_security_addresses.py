"""Where answers and credentials go: to Slack, to the cloud, and to nobody a payload or a redirect names."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.adapters.slack import http as door
from bot.adapters.slack.client import is_answer_address, slack_client
from tests.adapters.slack.stage import ANNA, OPS, Stage, serve, workspace
from tests.adapters.slack.test_http import headers_for


@asynccontextmanager
async def at_the_door() -> AsyncIterator[Stage]:
    async with workspace() as sim, serve(sim, "http") as up:
        yield up


@pytest.mark.parametrize(
    ("url", "api", "good"),
    [
        ("https://hooks.slack.com/commands/T1/2/x", "https://slack.com/api/", True),
        ("https://hooks.slack.com:443/app/x", "https://www.slack.com/api", True),
        ("https://hooks.slack-gov.com/commands/x", "https://slack-gov.com/api", True),
        ("http://hooks.slack.com/commands/x", "https://slack.com/api/", False),
        ("https://hooks.slack.com:8443/x", "https://slack.com/api/", False),
        ("https://hooks.slack.com.evil.example/x", "https://slack.com/api/", False),
        ("https://evil.example/hooks.slack.com", "https://slack.com/api/", False),
        ("https://hooks.slack.com@evil.example/x", "https://slack.com/api/", False),
        ("https://user:word@hooks.slack.com/x", "https://slack.com/api/", False),
        ("http://169.254.169.254/latest/meta-data", "https://slack.com/api/", False),
        ("http://127.0.0.1:3000/readyz", "https://slack.com/api/", False),
        ("https://hooks.slack.com/x", "http://127.0.0.1:4000/api/", False),
        ("http://127.0.0.1:4000/actions/x", "http://127.0.0.1:4000/api/", True),
        ("http://127.0.0.1:4001/actions/x", "http://127.0.0.1:4000/api/", False),
        ("http://127.0.0.1:99999/x", "http://127.0.0.1:4000/api/", False),
    ],
)
def test_an_answer_goes_to_slack_and_to_nobody_else(url: str, api: str, good: bool) -> None:
    """The address comes in a payload; a forged one must not turn the bot into a means of reaching others."""
    assert is_answer_address(url, api) is good


async def test_a_payload_cannot_send_the_bots_words_elsewhere() -> None:
    """The answer then takes the way through the Web API, so nobody is left without one."""
    asked: list[str] = []

    async def trap(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", trap)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with at_the_door() as up:
            url = f"http://127.0.0.1:{runner.addresses[0][1]}/stolen"
            payload = {
                "type": "block_actions", "user": {"id": ANNA, "team_id": "T0OWN"}, "team": {"id": "T0OWN"},
                "channel": {"id": OPS}, "response_url": url, "trigger_id": "1.2.x",
                "actions": [{"action_id": "unknown.to.us", "type": "button", "action_ts": "1.1"}],
            }  # fmt: skip
            body = json.dumps(payload).encode()
            status, _ = await up.sim.post_raw(body, headers_for(up.sim, body, kind="application/json"))
            await up.sim.wait_for(lambda: up.sim.ephemerals(ANNA), 5)
            assert status == 200
            assert asked == []
    finally:
        await runner.cleanup()


async def test_no_redirect_of_the_web_api_is_followed() -> None:
    """A token, or what was said, would be sent on to whoever stands there."""
    seen: list[tuple[str, str | None]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append((request.path, request.headers.get("Authorization")))
        raise web.HTTPTemporaryRedirect("/elsewhere")

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        api = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
        async with slack_client("xoxb-x", api_url=api) as client:
            with pytest.raises(aiohttp.ClientError):
                await client.api_call("chat.postMessage", json={"text": "x"})
        assert [path for path, _ in seen] == ["/api/chat.postMessage"]
    finally:
        await runner.cleanup()


def test_no_setting_and_no_code_turns_the_verification_of_certificates_off() -> None:
    """The one line that undoes all of TLS."""
    root = Path(door.__file__).parents[3]
    off = re.compile(
        r"verify\s*=\s*False|CERT_NONE|check_hostname\s*=\s*False|_create_unverified|ssl\s*=\s*False"
    )
    assert [str(p) for p in (root / "bot").rglob("*.py") if off.search(p.read_text(encoding="utf-8"))] == []
