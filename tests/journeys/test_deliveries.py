"""What arrives in the place of Slack: twice, unsigned, forged, garbage, too big. One effect or none, and the bot lives on."""

from __future__ import annotations

import json
import time
from urllib.parse import urlencode

import pytest

from tests.journeys.cast import ALICE, CHANNEL, DEV, FOREIGN, LEA
from tests.journeys.seats import words
from tests.journeys.stage import Stage, stage

FORM = "application/x-www-form-urlencoded"
TO_PROD = "share base-ubuntu-24 to shop-prod"


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_a_command_delivered_twice_is_one_request(mode: str) -> None:
    """Same trigger, same request, same answer."""
    async with stage(mode) as s:
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        first = s.slack.deliveries[-1]
        again = await s.slack.redeliver(first)
        assert "Request #1 is recorded" in again.body["text"]
        assert await s.settled() == "ended"
        assert await s.tree(2) == {}
        assert s.added() == [(s.images.ubuntu, DEV)]
        assert len(s.cards()) == 1


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_a_click_delivered_twice_is_one_click(mode: str) -> None:
    """Not even a second, puzzling answer."""
    async with stage(mode) as s:
        await s.command(ALICE, "share base-ubuntu-24 to acme-lab")
        click = await s.press(LEA, "Approve")
        await s.slack.redeliver(click)
        await s.quiet()
        assert len((await s.lane())["decisions"]) == 1
        assert s.private(LEA) == []


async def test_a_foreigners_command_is_turned_away() -> None:
    """Slack does not offer it; a forged or future payload might."""
    async with stage() as s:
        s.acted.add(FOREIGN)
        delivery = await s.slack.command(
            FOREIGN, CHANNEL, "/image", "share base-ubuntu-24 to shop-dev", team_id="T0OTHER"
        )
        assert delivery.acked
        await s.quiet()
        assert s.ims.writes() == []
        states = [(await s.tree(n)).get("state") for n in (1,)]
        assert states in ([None], ["refused"], ["ended"])
        assert (await s.lane()).get("state") in (None, "denied")


async def refused(s: Stage, body: bytes, headers: dict[str, str]) -> int:
    status, _ = await s.slack.post_raw(body, {"Content-Type": FORM, **headers})
    return status


def form_of(s: Stage, text: str = "share base-ubuntu-24 to shop-dev") -> bytes:
    """A command as Slack would send it."""
    fields = {"command": "/image", "text": text, "user_id": ALICE, "team_id": "T0OWN", "channel_id": CHANNEL,
              "trigger_id": "1.1.forged", "response_url": f"{s.slack.url}/actions/T0OWN/999/none"}  # fmt: skip
    return urlencode(fields).encode()


async def test_what_is_not_signed_by_slack_just_now_does_nothing() -> None:
    """Unsigned, signed with another secret, five minutes old, a stamp that is no number: 401 each, and no trace."""
    async with stage("http") as s:
        body, now = form_of(s), int(time.time())

        def signed(stamp: int | str, of: bytes = body) -> dict[str, str]:
            return {"X-Slack-Request-Timestamp": str(stamp), "X-Slack-Signature": s.slack.sign(of, stamp)}

        attempts = {
            "unsigned": {},
            "no stamp": {"X-Slack-Signature": s.slack.sign(body, now)},
            "wrong secret": {**signed(now), "X-Slack-Signature": "v0=" + "0" * 64},
            "another body": signed(now, b"text=help"),
            "old": signed(now - 310),
            "from the future": signed(now + 330),
            "no number": signed("soon"),
            "a huge number": signed("9" * 400),
            "a signature of nothing": {**signed(now), "X-Slack-Signature": "v0="},
        }
        found = {name: await refused(s, body, headers) for name, headers in attempts.items()}
        assert found == dict.fromkeys(attempts, 401)
        assert await s.tree() == {}
        assert "Request #1" in await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert await s.settled() == "ended"


async def test_garbage_with_a_good_signature_is_answered_and_survived() -> None:
    """A signed body need not be a sensible one."""
    async with stage("http") as s:
        bodies = [
            b"", b"payload=", b"payload={", b"payload=%7B%7D", b"payload=[]", b"payload=null", b"payload=" + b"[" * 5000,
            b"\xff\xfe\x00", b"{}", b"{", b"[1]", b'{"type":"url_verification","challenge":"x"}',
            urlencode({"payload": json.dumps({"type": "block_actions", "actions": [{"action_id": 1}], "user": 5})}).encode(),
            urlencode({"payload": json.dumps({"type": "view_submission", "view": []})}).encode(),
            urlencode({"payload": json.dumps({"type": "block_actions", "actions": None})}).encode(),
            urlencode({"command": "/image"}).encode(), b"&" * 10_000,
        ]  # fmt: skip
        for body in bodies:
            stamp = int(time.time())
            headers = {
                "X-Slack-Request-Timestamp": str(stamp),
                "X-Slack-Signature": s.slack.sign(body, stamp),
            }
            status = await refused(s, body, headers)
            assert status in (200, 400, 404), (body[:40], status)
        assert (await s.page("/healthz"))[0] == 200
        assert await s.tree() == {}


async def test_ten_megabytes_are_not_read() -> None:
    """Neither signed nor unsigned; the bot lives and serves on."""
    async with stage("http") as s:
        body = b"payload=" + b"x" * 10_000_000
        stamp = int(time.time())
        headers = {"X-Slack-Request-Timestamp": str(stamp), "X-Slack-Signature": s.slack.sign(body, stamp)}
        for more in (headers, {}):
            try:
                status = await refused(s, body, more)
            except (ConnectionError, OSError):
                status = 413  # cut while we were still sending
            assert status in (401, 413)
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert await s.settled() == "ended"


async def test_six_open_requests_are_one_too_many() -> None:
    """One person cannot fill the channel."""
    async with stage() as s:
        for number in range(1, 6):
            await s.command(ALICE, TO_PROD)
            await s.until(lambda n=number: s.cards(n))  # type: ignore[misc]
        said = await s.command(ALICE, TO_PROD)
        assert "You have 5 open requests" in said
        assert "Approve" in " ".join(s.buttons(5))
        assert words(s.card(5))
