"""The door for Slack's requests, with everything behind it that is the product's: aiohttp's parser, the signature, Bolt, the
listeners, the use cases over a store in memory, and the worker. Whatever comes in, it is answered legally and in time, nothing
fails inside, and nobody without the right to it moves anything."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from structlog.testing import capture_logs

from bot.adapters.slack.answers import Answers
from bot.adapters.slack.http import add_routes
from bot.adapters.slack.listeners import Inbound, build_app
from bot.app.inbound import SlackInbound
from bot.domain.model import InboxKind
from bot.simulator.slack import mentions
from tests.fuzz.draw import Source
from tests.fuzz.loop import Loop
from tests.fuzz.memory_http import Answered, MemoryHttp
from tests.fuzz.rewinding import Moment, State, waiting_world
from tests.fuzz.slack_requests import JSON, SECRET, WORDS, Sent, sent_from
from tests.fuzz.target import Judge, Target, broken
from tests.judge.blocks import problems, view_problems
from tests.stories.world import ALICE, LEA, LEO, TEAM, World

SECONDS = 3.0
"""How long Slack waits."""
LEGAL = (200, 400, 401, 404, 408, 413, 429)
ENTITLED = (ALICE, LEA, LEO)
"""Whom the policy of the world lets move the lane that waits: she who asked takes it back, the leads decide."""
GROUPS = ("S0ENG", "S0LEADS", "S0SEC")
FAILURES = ("listener_failed", "dispatch_failed")
JUDGE_BLOCKS_ONE_IN = 16
"""A full judgement of blocks takes longer than the request."""
_TEAM = re.compile(r"[TE][A-Z0-9]{1,30}")
NewInbound = Callable[[World], Inbound]


def real_inbound(world: World) -> Inbound:
    """The product's own, without a worker to nudge: that takes its turns when the judge says."""
    return SlackInbound(world.outside, nudge=lambda: None, seen=lambda kind: None)


class MemorySlack(AsyncWebClient):
    """Slack's Web API, as far as a listener calls it, without a network: takes every form, and keeps it."""

    def __init__(self) -> None:
        super().__init__(token="xoxb-fuzz", base_url="http://127.0.0.1:9/api/")
        self.opened: list[dict[str, Any]] = []

    async def api_call(self, api_method: str, **more: Any) -> AsyncSlackResponse:  # type: ignore[override]
        self.opened.append((more.get("json") or {}).get("view"))
        return AsyncSlackResponse(
            client=self,
            http_verb="POST",
            api_url=api_method,
            req_args={},
            data={"ok": True},
            headers={},
            status_code=200,
        )


class Door:
    """The product behind its door, in a world that is put back before each request."""

    def __init__(self, new_inbound: NewInbound = real_inbound, *, secret: str = SECRET) -> None:
        self.loop = Loop()
        self.world = self.loop.run(waiting_world())
        self.moment, self.start = Moment(self.world), State.of(self.world)
        self.plan_hash = self.start.of_the_waiting()[1].plan_hash
        self.slack = MemorySlack()
        self.answers = Answers(self.world.chat)
        bolt = build_app(
            self.slack, new_inbound(self.world), self.answers, command="/image", signing_secret=secret
        )
        app = web.Application()
        add_routes(app, bolt, monotonic=itertools.count(step=10).__next__)
        self.http = MemoryHttp(app)
        self.loop.run(self.http.start())
        self.loop.at_end(self.http.stop)

    async def ask(self, raw: bytes) -> Answered:
        """The answer to a request in the world as it was, once all that was begun is over."""
        self.moment.restore()
        self.slack.opened.clear()
        answered = await self.http.ask(raw, SECONDS)
        await self.answers.drain(SECONDS)
        return answered

    async def work(self) -> None:
        """The worker's turns, when there is a click for it."""
        if any(item.kind is InboxKind.CLICK for item in State.of(self.world).tables.inbox.values()):
            await self.world.works()


def judge_of(door: Door | None = None) -> Judge:
    """The judge of a door."""
    door = door or Door()

    def judge(data: bytes) -> None:
        sent = sent_from(Source(data), door.plan_hash)
        with capture_logs() as logs:
            answered, stored, worked = door.loop.run(_through(door, sent))
        check_answer(
            answered,
            by=(read(sent) or {}).get("user_id"),
            thorough=sha256(data).digest()[0] % JUDGE_BLOCKS_ONE_IN == 0,
        )
        failed = [log for log in logs if log["event"] in FAILURES]
        if failed:
            broken(f"failed inside: {failed[0]}")
        check_stored(door, sent, stored)
        check_worked(door, sent, worked)
        for view in door.slack.opened:
            if view_problems(view):
                broken(f"Slack would refuse the form: {view_problems(view)[0]}")

    return judge


async def _through(door: Door, sent: Sent) -> tuple[Answered, State, State]:
    answered = await door.ask(sent.raw)
    stored = State.of(door.world)
    await door.work()
    return answered, stored, State.of(door.world)


def check_answer(answered: Answered, *, by: Any, thorough: bool) -> None:
    """A legal HTTP answer whose body, where it is a message, would be taken by Slack and mentions nobody but those the bot itself
    speaks of: who asked, and the groups of the policy."""
    if answered.status not in LEGAL:
        broken(f"HTTP {answered.status}: {answered.body[:200]!r}")
    if answered.status != 200 or not answered.headers.get("content-type", "").startswith("application/json"):
        return
    said = json.loads(answered.body)
    if "blocks" not in said:
        return
    if mentioned := mentions({"text": said.get("text", ""), "blocks": said["blocks"]}) - {ALICE, by, *GROUPS}:
        broken(f"the answer mentions {mentioned}")
    if thorough and (found := problems({"text": said.get("text", ""), "blocks": said["blocks"]})):
        broken(f"Slack would refuse the answer: {found[0]}")


def check_stored(door: Door, sent: Sent, stored: State) -> None:
    """What one request may write at once."""
    moved, body = stored.what_moved(door.start), read(sent)
    if not sent.signed and moved:
        broken(f"what Slack did not sign moved {moved}")
    if body is None and moved:
        broken(f"what cannot be read moved {moved}")
    if body is not None and body.get("command") != "/image" and moved - {"inbox", "due", "events"}:
        broken(f"what is no command moved {moved} at once")
    known = door.start.tables.requests
    for id, request in stored.tables.requests.items():
        if id not in known and (body is None or request.requester.user != body.get("user_id")):
            broken(f"a request of {request.requester} came of a command of {body}")
    check_order(door.start, stored)


def check_worked(door: Door, sent: Sent, worked: State) -> None:
    """What may have become of the lane that waits, once the worker has had its turns."""
    if worked.of_the_waiting() != door.start.of_the_waiting() and not (sent.signed and entitled(read(sent))):
        broken(f"somebody without the right to it moved the lane: {read(sent)}")
    check_order(door.start, worked)


def check_order(before: State, after: State) -> None:
    """The audit log only grows."""
    events = after.tables.events
    if any(events.get(id) != event for id, event in before.tables.events.items()):
        broken("an entry of the audit log was changed")


def read(sent: Sent) -> dict[str, Any] | None:
    """The payload by a reading of our own; None when there is none."""
    try:
        text = sent.body.decode()
        if sent.kind.startswith(JSON) or text.startswith(("{", "[")):
            value = json.loads(text)
        else:
            fields = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=200))
            value = json.loads(fields["payload"]) if "payload" in fields else fields
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def entitled(body: dict[str, Any] | None) -> bool:
    """Whether somebody who may move the lane could have sent this: they and our workspace are named in it, and it does not say
    that they are of another."""
    said = repr(body)
    user = (body or {}).get("user")
    own = user.get("team_id") if isinstance(user, dict) else None
    foreign = isinstance(own, str) and _TEAM.fullmatch(own) is not None and own != TEAM
    return not foreign and TEAM in said and any(person in said for person in ENTITLED)


TARGET = Target(
    name="slack_door",
    promise="any request is answered legally in time, nothing fails inside, and nobody without the right moves anything",
    make=judge_of,
    tokens=(
        *(word for word in WORDS if len(word) < 60 and word.isascii()),
        "payload=%7B%22type%22%3A",
        "&text=",
        "&user_id=U0EVE",
        '"actions":[{',
    ),
    longest=4_096,
    weight=3,
)
