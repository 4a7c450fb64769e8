"""A thousand results in one minute in one channel (goal G9): the product's own use cases, store, drawing and pacing, in time that is
only counted, against a Slack that takes no more calls than it promises to take. No clock of the machine is looked at."""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bench.flood import Flood, Sizes
from bench.table import Goal, compared
from bot.adapters.slack.messenger import SlackChat
from bot.adapters.slack.pacing import Pacer
from bot.adapters.store import SqliteStore
from bot.domain.model import DueKind, Limits, RequestId
from bot.domain.policy import Policy
from bot.domain.wording.card import card
from bot.ports import Outside, Store
from bot.simulator.slack.limits import Limits as SlackLimits
from bot.usecases.answer_reads import card_view
from bot.worker.crew import Crew
from bot.worker.worker import CHAT

CHANNEL = "C0RESULTS"
LATENCY = 0.2
"""Seconds a call to Slack takes. Calls of different kinds are under way together, so it is added to what is seen and does not
hold up the next one."""
LONGEST = timedelta(hours=1)


class Time:
    """A clock that is turned by hand. Implements bot.ports.Clock."""

    def __init__(self) -> None:
        self.seconds = 1_772_442_000.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call as Slack saw it."""

    method: str
    channel: str
    at: float
    arguments: dict[str, Any]
    wait: int
    """Retry-After; 0 for a call that was taken."""


@dataclass
class CountingSlack:
    """Slack's side of AsyncWebClient.api_call: takes what its tiers promise to take, and writes down every call."""

    time: Time
    limits: SlackLimits = field(default_factory=SlackLimits)
    calls: list[Call] = field(default_factory=list)
    session: None = None

    async def api_call(self, method: str, *, json: dict[str, Any]) -> Any:
        await asyncio.sleep(0)
        channel, at = str(json.get("channel", "")), self.time.seconds
        wait = self.limits.wait(method, channel, at)
        self.calls.append(Call(method=method, channel=channel, at=at, arguments=json, wait=wait))
        answer = _Answer(200, {"ok": True, "channel": channel, "ts": f"{at:.6f}"}, {})
        if wait:
            answer = _Answer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(wait)})
            raise SlackApiError("ratelimited", cast(Any, answer))  # type: ignore[no-untyped-call]
        return answer

    def forbidden(self) -> int:
        """Calls that were made while Slack had asked to wait with exactly these."""
        until: dict[tuple[str, str], float] = {}
        found = 0
        for call in self.calls:
            key = call.method, call.channel if call.method == "chat.postMessage" else ""
            found += call.at < until.get(key, 0.0)
            if call.wait:
                until[key] = call.at + call.wait
        return found


@dataclass
class _Answer:
    status_code: int
    data: dict[str, Any]
    headers: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What people in the channel saw."""

    results: int
    visible: tuple[float, ...]
    """Seconds from each result until the channel said it, in order of size."""
    posts: int
    updates: int
    refused: int
    forbidden: int
    cards: int
    true_cards: int
    last_card: float
    """Seconds from the last result until every card was true."""
    digests: tuple[dict[str, Any], ...]
    """The arguments of the messages that said several results, the shortest first."""

    @property
    def p99(self) -> float:
        return self.visible[min(len(self.visible) - 1, int(len(self.visible) * 0.99))]


async def flooded(store: Store, sizes: Sizes) -> Outcome:
    """Runs the flood to its end."""
    time = Time()
    slack = CountingSlack(time)
    pacer = Pacer(sleep=time.sleep, monotonic=time, patience=0.0)
    chat = SlackChat(cast(AsyncWebClient, slack), pacer=pacer, workspace="https://acme.slack.com/")
    nothing: Any = None
    policy = Policy(groups={}, projects=(), rules=())
    outside = Outside(
        store=store, cloud=nothing, chat=chat, people=nothing, clock=time, pace=nothing, policy=lambda: policy,
        limits=Limits(), turns=pacer,
    )  # fmt: skip
    flood = Flood(store, sizes, CHANNEL, random.Random(9))
    await flood.prepare(time.now())
    await _run(outside, flood, time)
    return await _outcome(outside, flood, slack)


async def _run(outside: Outside, flood: Flood, time: Time) -> None:
    number = 0

    def claim() -> str:
        nonlocal number
        number += 1
        return f"claim-{number}"

    crew = Crew(outside, CHAT, size=8, new_claim=claim, report=lambda _: None)
    end = time.now() + LONGEST
    while time.now() < end:
        await flood.happens(time.now())
        if await crew.turn():
            continue
        due = await outside.store.read(lambda view: view.next_due([DueKind.DELIVER]))
        upcoming = [at for at in (due, flood.next_at) if at is not None]
        if not upcoming:
            return
        time.seconds = max(time.seconds + 0.001, min(upcoming).timestamp())


async def _outcome(outside: Outside, flood: Flood, slack: CountingSlack) -> Outcome:
    seen = await outside.store.read(flood.delivered)
    posts = [call for call in slack.calls if call.method == "chat.postMessage"]
    updates = [call for call in slack.calls if call.method == "chat.update"]
    shown = {call.arguments["ts"]: (call.arguments["text"], call.at) for call in updates if not call.wait}
    true, last = 0, flood.last_at
    for id, ts in flood.cards.items():
        view = await outside.store.read(lambda v, id=id: card_view(v, outside, RequestId(id)))  # type: ignore[misc]
        assert view is not None
        text, at = shown.get(ts, ("", 0.0))
        true += card(view).text in text.replace("&amp;", "&").replace("&gt;", ">").replace("&lt;", "<")
        last = max(last, at + LATENCY)
    digests = [call.arguments for call in posts if "thread_ts" not in call.arguments and not call.wait]
    digests.sort(key=lambda arguments: len(json.dumps(arguments)))
    return Outcome(
        results=len(seen), visible=tuple(sorted(one + LATENCY for one in seen)), posts=len(posts), updates=len(updates),
        refused=sum(call.wait > 0 for call in slack.calls), forbidden=slack.forbidden(), cards=len(flood.cards),
        true_cards=true, last_card=last - flood.last_at, digests=tuple(digests),
    )  # fmt: skip


@asynccontextmanager
async def _store() -> AsyncIterator[SqliteStore]:
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        store = SqliteStore(f"{folder}/imagebot.db")
        try:
            yield store
        finally:
            await store.close()


async def one_flood(sizes: Sizes) -> Outcome:
    """In a database of its own."""
    async with _store() as store:
        return await flooded(store, sizes)


def run(*, quick: bool = False) -> list[dict[str, Any]]:
    """Rows of figures in counted time: they are the same on every machine. The floor is what the goal allows. Raises RuntimeError
    when a card is not true in the end, or a call was made that Slack had forbidden."""
    many = _sound(asyncio.run(one_flood(Sizes(requests=125, lanes=8))))
    rows = [
        _row("s until the channel says one of 1,000 results, p99, against the most", 2.0, many.p99),
        _row("posts for 1,000 results, against the most", 80, many.posts),
        _row("s until all 125 cards are true, against the most", 180, many.last_card),
    ]
    if not quick:
        alone = _sound(asyncio.run(one_flood(Sizes(requests=1000, lanes=1))))
        rows += [
            _row(
                "s until one of 1,000 results of 1,000 requests is said, p99, against the most",
                2.0,
                alone.p99,
            ),
            _row(
                "s until all 1,000 cards are true, against Slack's 50 updates a minute",
                1_200,
                alone.last_card,
                goal=False,
            ),
        ]
    return rows


def _sound(seen: Outcome) -> Outcome:
    if seen.true_cards != seen.cards or seen.forbidden:
        raise RuntimeError(
            f"{seen.cards - seen.true_cards} cards are not true, {seen.forbidden} calls were forbidden"
        )
    return seen


def _row(what: str, most: float, ours: float, *, goal: bool = True) -> dict[str, Any]:
    row = compared("G9", what, [most], [ours], Goal(most=1) if goal else Goal())
    return vars(row)
