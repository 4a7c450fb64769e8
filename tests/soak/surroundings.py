"""The simulated Slack and cloud in a process of their own, with doors for those who load and judge the bot.

`python -m tests.soak.surroundings IMAGES` prints one line of JSON, what a bot and a load need to know, and lives until its input
ends. What both simulators remember is thinned out as it gets old: a soak is to see the bot's memory grow, not theirs.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from aiohttp import web

from bench.servers.outside import PROJECTS
from bot.simulator.ims import SimIms
from bot.simulator.slack import SimMessage, SimSlack
from tests.soak.cast import CHANNELS, ENGINEERS, LEADERS, LEADS, PEOPLE, image_name, is_unlucky

Json = dict[str, Any]
REASON = ("imagebot.reason", "imagebot.reason.text")
KEPT_CALLS = 500
"""Of either simulator; the counts go on."""
KEPT_TIME = timedelta(minutes=5)
"""How long ended jobs, spent triggers and used answer addresses are still known."""
KEPT_MESSAGES = 50
"""Settled messages in a channel that stay, so that one may still be redrawn."""
SECONDS_A_JOB = 0.15
_NUMBER = re.compile(r"#(\d+)\b")
_CARD = re.compile(r"\(request #(\d+)\)")
"""What a repetition says of itself may follow."""


class Surroundings:
    """Both simulators, an index of what the bot has said, and the counts of what was thinned out."""

    def __init__(self, slack: SimSlack, ims: SimIms) -> None:
        self.slack, self.ims = slack, ims
        self.counts: Counter[str] = Counter()
        self._cards: dict[int, SimMessage] = {}
        self._replies: dict[tuple[str, str], list[SimMessage]] = {}
        self._private: dict[int, list[str]] = {}
        self._seen: dict[str, int] = {}
        self._settled: set[int] = set()
        self._leads = {lead: asyncio.Lock() for lead in LEADERS}

    # -- what the load asks for --------------------------------------------------------------------------

    async def grants(self, asked: Json) -> Any:
        """For each [user, channel] a trigger_id and a response_url, as Slack would send them with a command."""
        return [
            [self.slack.ws.new_trigger(user), self.slack.url + self.slack.urls.grant(user, channel, None)]
            for user, channel in asked["places"]
        ]

    async def cards(self, asked: Json) -> Any:
        """The buttons that the cards of these requests show now, by request."""
        self._index()
        shown = {}
        for number in asked["requests"]:
            if (card := self._cards.get(number)) is not None:
                buttons = [asdict(button) for button in self.slack.buttons(card.channel, card.ts)]
                shown[number] = {"channel": card.channel, "ts": card.ts, "buttons": buttons}
        return shown

    async def told(self, asked: Json) -> Any:
        """Those of these requests of which something was said to a person alone."""
        self._index()
        return [number for number in asked["requests"] if number in self._private]

    async def press(self, asked: Json) -> Any:
        """A button pressed, and the form that opens filled in where there is a `reason`. `again`: delivered twice. Whether
        all that was acknowledged, and the form did open."""
        again, reason, user = asked.pop("again", False), asked.pop("reason", None), asked["user"]
        if reason is None:
            delivery = await self.slack.click(**asked)
            twice = await self.slack.redeliver(delivery) if again else delivery
            return {"acked": delivery.acked and twice.acked}
        async with self._leads[user]:
            delivery = await self.slack.click(**asked)
            view = self.slack.view_of(user)
            if view is None:
                return {"acked": False}
            sent = await self.slack.submit_view(user, view["id"], {REASON: reason})
            return {"acked": delivery.acked and sent.acked}

    # -- what is judged ----------------------------------------------------------------------------------

    async def settle(self, asked: Json) -> Any:
        """What stands in Slack of these requests: the card's words, the replies under it, what was said privately. The cards
        are known no longer afterwards, and are forgotten by and by."""
        self._index()
        said = {}
        for number in asked["requests"]:
            card, private = self._cards.pop(number, None), self._private.pop(number, [])
            if card is None:
                said[number] = {"cards": 0, "replies": [], "private": private, "text": ""}
                continue
            replies = self._replies.pop((card.channel, card.ts), [])
            text = " ".join((card.text, *_words(card.blocks)))
            said[number] = {
                "cards": 1,
                "replies": [r.text for r in replies],
                "private": private,
                "text": text,
            }
            for message in (card, *replies):
                self._settled.add(id(message))
                message.history.clear()
                message.blocks.clear()
        self._thin_out()
        return said

    async def members(self, asked: Json) -> Any:
        """Every member list of the cloud, by name of the image."""
        del asked
        names = {project: name for name, project in PROJECTS.items()}
        return {
            image.name: sorted(names[project] for project in self.ims.members(id))
            for id, image in self.ims.images.items()
        }

    async def figures(self, asked: Json) -> Any:
        """Counts since the beginning."""
        del asked
        self._thin_out()
        return dict(self.counts)

    # -- memory ------------------------------------------------------------------------------------------

    def _index(self) -> None:
        """What was said since the last look, by request. A message that left for a second card of one request is counted."""
        for channel, messages in self.slack.ws.messages.items():
            for message in messages[self._seen.get(channel, 0) :]:
                self._take_in(message)
            self._seen[channel] = len(messages)
        for message in self.slack.ws.ephemerals:
            if message.via != "ack":
                self._whispered(message.text)
        self.slack.ws.ephemerals.clear()

    def _take_in(self, message: SimMessage) -> None:
        if message.user != self.slack.bot_user:
            return
        found = _CARD.search(message.text)
        if self.slack.ws.channels[message.channel].im_with:
            self._whispered(message.text)
        elif message.thread_ts is not None:
            self._replies.setdefault((message.channel, message.thread_ts), []).append(message)
        elif found is not None:
            number = int(found[1])
            if number in self._cards:
                self.counts["second_cards"] += 1
            self._cards[number] = message
        else:
            self.counts["other_messages"] += 1

    def _whispered(self, text: str) -> None:
        self.counts["private"] += 1
        for found in set(_NUMBER.findall(text)):
            self._private.setdefault(int(found), []).append(text)

    def _thin_out(self) -> None:
        ws, now = self.slack.ws, self.slack.ws.now()
        for call in _over(ws.calls, KEPT_CALLS):
            self.counts["slack_calls"] += 1
            if not call.ok:
                self.counts[f"slack_{call.method}_{call.error or call.status}"] += 1
        for call in _over(self.ims.calls, KEPT_CALLS):
            self.counts["cloud_calls"] += 1
            if call.status is None or call.status >= 400:
                self.counts[f"cloud_{call.status}"] += 1
        for effect in _over(self.ims.effects, 0):
            self.counts[f"effect_{effect.what}"] += 1
        for _ in _over(self.ims.redundant, 0):
            self.counts["redundant"] += 1
        for many in (ws.responses, ws.notes, self.slack.deliveries):
            del many[:-KEPT_CALLS]
        self._forget_tickets(now)
        self.ims.forget_jobs(now - KEPT_TIME)
        self._forget_messages()

    def _forget_tickets(self, now: Any) -> None:
        ws, grants = self.slack.ws, self.slack.urls.grants
        for ticket in [t for t, trigger in ws.triggers.items() if trigger.until + KEPT_TIME < now]:
            del ws.triggers[ticket]
        soon = now + timedelta(minutes=30) - KEPT_TIME
        for secret in [s for s, grant in grants.items() if grant.until < soon]:
            del grants[secret]

    def _forget_messages(self) -> None:
        for channel, messages in self.slack.ws.messages.items():
            if len(messages) < 4 * KEPT_MESSAGES:
                continue
            self._index()
            old = {id(m) for m in messages[:-KEPT_MESSAGES]} & self._settled
            messages[:] = [m for m in messages if id(m) not in old]
            self._settled -= old
            self._seen[channel] = len(messages)


def _over(many: list[Any], kept: int) -> list[Any]:
    """Those beyond the newest `kept`, taken out."""
    over = many[: max(len(many) - kept, 0)]
    del many[: len(over)]
    return over


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for inner in value.values():
            yield from _words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner)


def _workspace() -> SimSlack:
    slack = SimSlack()
    for person in PEOPLE:
        slack.add_user(person, person.lower())
    slack.add_usergroup(ENGINEERS, "engineers", list(PEOPLE))
    slack.add_usergroup(LEADS, "leads", list(LEADERS))
    for channel in CHANNELS:
        slack.add_channel(channel, channel.lower())
    return slack


def _cloud(images: int) -> SimIms:
    ims = SimIms(job_seconds=SECONDS_A_JOB)
    for project in PROJECTS.values():
        ims.add_project(project)
    for number in range(images):
        id = ims.add_image(image_name(number))
        if is_unlucky(image_name(number)):
            ims.fail_pair(id, PROJECTS["shop-test"])
    return ims


async def serve(images: int) -> None:
    slack, ims = _workspace(), _cloud(images)
    here = Surroundings(slack, ims)
    await slack.start()
    await ims.start()
    runner = web.AppRunner(_doors(here), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    said = {
        "team": slack.team,
        "slack": slack.url,
        "cloud": ims.url,
        "doors": f"http://127.0.0.1:{runner.addresses[0][1]}",
        "images": {image.name: id for id, image in ims.images.items()},
        "environment": {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "SLACK_API_URL": slack.api_url,
            "HUAWEICLOUD_SDK_AK": ims.ak,
            "HUAWEICLOUD_SDK_SK": ims.sk,
            "HUAWEICLOUD_SDK_PROJECT_ID": ims.project_id,
            "IMAGEBOT_IMS_ENDPOINT": ims.url,
            "IMAGEBOT_REGION": ims.region,
        },
    }
    print(json.dumps(said), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()
    await slack.stop()
    await ims.stop()


def _doors(here: Surroundings) -> web.Application:
    doors = {
        "grants": here.grants, "cards": here.cards, "told": here.told, "press": here.press, "settle": here.settle,
        "members": here.members, "figures": here.figures,
    }  # fmt: skip

    async def act(request: web.Request) -> web.Response:
        return web.json_response(await doors[request.match_info["door"]](await request.json()))

    app = web.Application(client_max_size=4 * 2**20)
    app.router.add_post("/{door}", act)
    return app


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
