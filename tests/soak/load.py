"""The people of a soak: they type and press until so many requests are final, with never more than a bounded number under way."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random
import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp

from tests.soak.processes import Place
from tests.soak.stories import Asked, Shelf
from tests.soak.truth import Said, false_of
from tests.soak.watching import Books

LABELS = {"approve": "Approve", "reject": "Reject", "cancel": "Cancel Request"}
REASON = "use the June image"
LOOK = 0.15
"""Seconds between two looks at the cards and the store."""
PATIENCE = 180.0
"""Seconds after which a request that is not final counts as lost."""
PRESSES = 5
"""How often somebody presses who is told to press again."""
HANDS = 8
"""Commands on their way at the same time."""
TROUBLE_EVERY = 120
"""Requests for each trouble."""
QUESTIONS = 0.05
_RECORDED = re.compile(r"Request #(\d+) is recorded")
CLOUD_TROUBLE = (
    {"what": "429", "match": "GET", "retry_after": 1}, {"what": "500", "match": "GET"}, {"what": "503"},
    {"what": "lose_answer_after", "match": "/v1/cloudimages/members"}, {"what": "lose_answer_before"}, {"what": "502"},
)  # fmt: skip
SLACK_TROUBLE = (
    {"method": "chat.postMessage", "what": "429"}, {"method": "chat.update", "what": "429"},
    {"method": "chat.update", "what": "503"}, {"method": "chat.postMessage", "what": "500"},
    {"method": "response_url", "what": "500"},
)  # fmt: skip


@dataclass(kw_only=True)
class Heard:
    """What came of the load. Acknowledgements in milliseconds, ends in seconds, in the order they came."""

    acks: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    """From the command to the end, of requests for which nobody had to do anything."""
    sent: int = 0
    final: int = 0
    questions: int = 0
    redelivered: int = 0
    pressed_again: int = 0
    troubles: int = 0
    wrong: list[str] = field(default_factory=list)
    """Lost requests and false claims, in words."""


class Load:
    def __init__(self, place: Place, books: Books, *, backlog: int, seed: int) -> None:
        self.heard = Heard()
        self.shelf = Shelf(images=images_for(backlog), dice=random.Random(seed))
        self._place, self._books, self._backlog = place, books, backlog
        self._hands = asyncio.Semaphore(HANDS)
        self._cards: dict[int, asyncio.Future[Any]] = {}
        self._ends: dict[int, asyncio.Future[Any]] = {}
        self._tickets: list[tuple[str, str]] = []

    async def run(self, requests: int, seconds: float | None) -> None:
        """Until so many were asked for, or the time is up, and all of them are final or given up."""
        until = time.monotonic() + (seconds or 1e9)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as self._http:
            watch = asyncio.create_task(self._watch())
            under_way: set[asyncio.Task[None]] = set()
            try:
                while self.heard.sent < requests and time.monotonic() < until:
                    if len(under_way) >= self._backlog:
                        await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                    under_way = {task for task in under_way if not _over(task)}
                    self.heard.sent += 1
                    under_way.add(asyncio.create_task(self._request(self.shelf.take())))
                    await self._on_the_side()
                await asyncio.gather(*under_way)
            finally:
                watch.cancel()
                await asyncio.gather(watch, return_exceptions=True)

    # -- one request -----------------------------------------------------------------------------------------

    async def _request(self, asked: Asked) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                number = await self._ask(asked)
                if asked.deed:
                    await self._decide(asked, number)
                said = await self._awaited(self._ends, number)
        except TimeoutError:
            self.heard.wrong.append(f"lost: {asked.text!r} of {asked.user} was not final in {PATIENCE:g} s")
            return  # its image stays taken: nobody knows what becomes of it
        ended = self._books.request(number)
        self.heard.wrong += false_of(asked, ended, Said(**said))
        self.heard.final += 1
        if not asked.deed and ended.seconds is not None:
            self.heard.ends.append(ended.seconds)
        self.shelf.back(asked)

    async def _ask(self, asked: Asked) -> int:
        """The number of the request, as told in the acknowledgement. Raises TimeoutError when there is none."""
        ticket = await self._ticket(asked.user, asked.channel)
        said = await self._type((asked.user, asked.channel), asked.text, ticket)
        again = await self._type((asked.user, asked.channel), asked.text, ticket) if asked.twice else said
        self.heard.redelivered += asked.twice
        first, second = _RECORDED.search(said), _RECORDED.search(again)
        if first is None or second is None or first[1] != second[1]:
            self.heard.wrong.append(f"{asked.text!r} was answered by {said!r} and {again!r}")
            raise TimeoutError
        return int(first[1])

    async def _decide(self, asked: Asked, number: int) -> None:
        card = await self._awaited(self._cards, number)
        if asked.deed == "cancel by command":
            ticket = await self._ticket(asked.user, asked.channel)
            await self._type((asked.user, asked.channel), f"cancel #{number}", ticket)
            return
        button = next(b for b in card["buttons"] if b["text"] == LABELS[asked.deed])
        press = {
            "user": asked.user if asked.deed == "cancel" else asked.lead,
            "channel": card["channel"], "ts": card["ts"], "action_id": button["action_id"],
            "value": button["value"], "block_id": button["block_id"],
        }  # fmt: skip
        more: dict[str, Any] = {"reason": REASON} if asked.deed == "reject" else {"again": asked.twice}
        for _ in range(PRESSES):
            if (await self._door("press", **press, **more))["acked"]:
                return
            self.heard.pressed_again += 1
        self.heard.wrong.append(f"lost: {PRESSES} presses of {asked.deed} on #{number} were not acknowledged")

    async def _awaited(self, where: dict[int, asyncio.Future[Any]], number: int) -> Any:
        where[number] = asyncio.get_running_loop().create_future()
        try:
            return await where[number]
        finally:
            where.pop(number, None)

    # -- looking ---------------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            if self._cards:
                for number, card in (await self._door("cards", requests=list(self._cards))).items():
                    if any(button["text"] in LABELS.values() for button in card["buttons"]):
                        _give(self._cards, int(number), card)
            if self._ends and (ended := await self._said_all()):
                for number, said in (await self._door("settle", requests=ended)).items():
                    _give(self._ends, int(number), said)

    async def _said_all(self) -> list[int]:
        """Those that are final. What is refused has no card: that it was said is seen at the person's."""
        ended = self._books.ended(list(self._ends))
        refused = [number for number, state in ended.items() if state == "refused"]
        told = await self._door("told", requests=refused) if refused else []
        return [number for number in ended if number not in refused or number in told]

    # -- the wire --------------------------------------------------------------------------------------------

    async def _type(self, where: tuple[str, str], text: str, ticket: tuple[str, str]) -> str:
        """The words of the acknowledgement, the time it took noted."""
        user, channel = where
        form = {
            "token": "verification-token", "team_id": self._place.said["team"], "team_domain": "soak", "channel_id": channel,
            "channel_name": channel.lower(), "user_id": user, "user_name": user.lower(), "command": "/image", "text": text,
            "api_app_id": "A0SOAK", "is_enterprise_install": "false", "trigger_id": ticket[0], "response_url": ticket[1],
        }  # fmt: skip
        body, stamp = urlencode(form).encode(), str(int(time.time()))
        secret = self._place.said["environment"]["SLACK_SIGNING_SECRET"].encode()
        signature = hmac.new(secret, b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded", "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={signature}", "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        }  # fmt: skip
        async with self._hands:
            began = time.perf_counter()
            url = f"{self._place.bot.url}/slack/events"
            async with self._http.post(url, data=body, headers=headers) as answer:
                said = await answer.text()
            self.heard.acks.append((time.perf_counter() - began) * 1e3)
        return said if answer.status == 200 else f"{answer.status} {said}"

    async def _ticket(self, user: str, channel: str) -> tuple[str, str]:
        trigger, url = (await self._door("grants", places=[[user, channel]]))[0]
        return trigger, url

    async def _door(self, name: str, **fields: Any) -> Any:
        async with self._http.post(f"{self._place.said['doors']}/{name}", json=fields) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def _on_the_side(self) -> None:
        """Now and then a question, and now and then trouble."""
        if self.shelf.dice.random() < QUESTIONS:
            user, channel, words = self.shelf.question()
            self.heard.questions += 1
            await self._type((user, channel), words, await self._ticket(user, channel))
        if self.heard.sent % TROUBLE_EVERY == 0:
            self.heard.troubles += 1
            cloud = self.shelf.dice.random() < 0.5
            fault = self.shelf.dice.choice(CLOUD_TROUBLE if cloud else SLACK_TROUBLE)
            base = self._place.said["cloud" if cloud else "slack"]
            async with self._http.post(f"{base}/sim/fault", json=fault) as answer:
                answer.raise_for_status()


def images_for(backlog: int) -> int:
    """So many that there is always one nobody works with."""
    return max(40, backlog + backlog // 2)


def _over(task: asyncio.Task[None]) -> bool:
    """Whether it is done. Raises what it raised."""
    if task.done():
        task.result()
    return task.done()


def _give(where: dict[int, asyncio.Future[Any]], number: int, value: Any) -> None:
    future = where.get(number)
    if future is not None and not future.done():
        future.set_result(value)
