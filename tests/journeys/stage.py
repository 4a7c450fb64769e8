"""The stage of every journey: a simulated Slack and a simulated cloud on loopback, the real bot between them, and the people.

At its end everything the bot did is judged, whatever the journey was about; what a journey provokes on purpose it has to say.
"""

from __future__ import annotations

import io
import logging
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import structlog

from bot.adapters.store.sqlite import SqliteStore
from bot.app.logs import set_up_log
from bot.app.looking import request_tree
from bot.app.serve import running
from bot.app.wiring import Bot
from bot.config import Config
from bot.domain.model import DueKind
from bot.simulator.ims import SimIms
from bot.simulator.slack import Button, Delivery, SimMessage, SimSlack
from tests.journeys import evidence
from tests.journeys.cast import CANARIES, CHANNEL, POLICY, Images, cloud, workspace

T = TypeVar("T")
GROUPS = {"S0ENG", "S0LEADS", "S0SEC"}
AT_WORK = (
    DueKind.PLAN, DueKind.INBOX, DueKind.START, DueKind.SUBMIT, DueKind.POLL, DueKind.VERIFY, DueKind.DELIVER,
)  # fmt: skip
REASON = ("imagebot.reason", "imagebot.reason.text")
QUICK = {
    "HTTP_TIMEOUT": 2, "LEASE": 10, "RETRY_DELAY": 0.2, "SETTLE_READS": 2, "SETTLE_DELAY": 0.2, "VERIFY_READS": 2,
    "API_RATE": 200, "API_BURST": 50, "SHUTDOWN_TIMEOUT": 5, "GROUP_CACHE": 0.1, "LOG": "debug",
}  # fmt: skip


@dataclass(kw_only=True)
class Stage:
    """Who is on the stage, what is done on it, and what can be seen from the seats."""

    slack: SimSlack
    ims: SimIms
    images: Images
    folder: Path
    mode: str
    settings: dict[str, Any]
    log: io.StringIO
    bot: Bot | None = None
    url: str = ""
    """The bot's own HTTP address, while it runs."""
    acted: set[str] = field(default_factory=set)
    meant: set[str] = field(default_factory=set)
    """Further people and groups the bot may mention."""
    redundant: int = 0
    """How many useless calls' pairs the journey provokes."""
    urls_in_use: bool = False
    """Whether the journey leaves somebody unanswered, so that the database still needs their response_url."""

    @property
    def database(self) -> Path:
        return self.folder / "bot.db"

    @property
    def policy(self) -> Path:
        return self.folder / "policy.yml"

    def environ(self) -> dict[str, str]:
        """All settings of the bot, as an operator would write them."""
        values = {
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_API_URL": self.slack.api_url,
            "HUAWEICLOUD_SDK_AK": self.ims.ak,
            "HUAWEICLOUD_SDK_SK": self.ims.sk,
            "HUAWEICLOUD_SDK_PROJECT_ID": self.ims.project_id,
            "IMAGEBOT_REGION": self.ims.region,
            "IMAGEBOT_IMS_ENDPOINT": self.ims.url,
            "IMAGEBOT_POLICY": str(self.policy),
            "IMAGEBOT_DATABASE": f"sqlite:///{self.database}",
            "IMAGEBOT_LISTEN": "127.0.0.1:0",
        }
        secret = {"SLACK_APP_TOKEN": self.slack.app_token} if self.mode == "socket" else {}
        if self.mode == "http":
            secret = {"SLACK_SIGNING_SECRET": CANARIES["signing secret"]}
        chosen = {f"IMAGEBOT_{name.upper()}": str(value) for name, value in self.settings.items()}
        return values | secret | {f"IMAGEBOT_{k}": str(v) for k, v in QUICK.items()} | chosen

    def answers_at(self, url: str) -> None:
        """Slack delivers to this address in HTTP mode."""
        self.url = url
        self.slack.http_delivery = f"{url}/slack/events" if self.mode == "http" else None

    # -- what people do --

    async def command(self, user: str, text: str, *, channel: str = CHANNEL) -> str:
        """The words the person gets in the acknowledgement."""
        self.acted.add(user)
        delivery = await self.slack.command(user, channel, "/image", text)
        assert delivery.acked, delivery
        return str(delivery.body["text"])

    async def press(
        self, user: str, label: str, *, lane: str = "1.1", seconds: float = 10, **how: Any
    ) -> Delivery:
        """The button of that lane, once the card shows it."""
        self.acted.add(user)
        message, button = await self.until(lambda: self.button(label, lane), seconds)
        delivery = await self.slack.click(
            user, message.channel, message.ts, button.action_id, button.value, block_id=button.block_id, **how
        )
        assert delivery.acked, delivery
        return delivery

    async def reject(self, user: str, reason: str, *, lane: str = "1.1") -> Delivery:
        """Reject pressed, and the form that opens filled in and sent."""
        await self.press(user, "Reject", lane=lane)
        view = self.slack.view_of(user)
        assert view is not None, "no form opened"
        return await self.slack.submit_view(user, view["id"], {REASON: reason})

    # -- what can be seen --

    async def until(self, predicate: Callable[[], T | None], seconds: float = 10) -> T:
        """The first truthy value; TimeoutError with what there is instead."""
        try:
            return await self.slack.wait_for(predicate, seconds)
        except TimeoutError as error:
            seen = [m.text for m in self.slack.messages(CHANNEL)]
            raise TimeoutError(f"{error}\nchannel: {seen}\nlog: {self.log.getvalue()[-3000:]}") from None

    def cards(self, request: int = 1, channel: str = CHANNEL) -> list[SimMessage]:
        """Every message of the bot that is the request's card."""
        end = f"(request #{request})"
        every = self.slack.messages(channel)
        return [m for m in every if m.thread_ts is None and m.user == self.slack.bot_user and end in m.text]

    def card(self, request: int = 1) -> SimMessage:
        return self.cards(request)[0]

    def shown(self, request: int = 1) -> str:
        """Everything the card shows."""
        return words(self.card(request))

    def buttons(self, request: int = 1) -> list[str]:
        card = self.card(request)
        return [button.text for button in self.slack.buttons(card.channel, card.ts)]

    def button(self, label: str, lane: str) -> tuple[SimMessage, Button] | None:
        for card in self.cards(int(lane.split(".")[0])):
            for button in self.slack.buttons(card.channel, card.ts):
                if button.text == label and str(button.value).startswith(f"{lane}|"):
                    return card, button
        return None

    def thread(self, request: int = 1) -> list[str]:
        """The replies under the card, as read aloud."""
        card = self.card(request)
        return [m.text for m in self.slack.thread(card.channel, card.ts) if m.ts != card.ts]

    def private(self, user: str) -> list[str]:
        """Everything the bot told this person alone, by whatever door."""
        mine = [m for m in self.slack.dm_of(user) if m.user == self.slack.bot_user]
        return [m.text for m in (*self.slack.ephemerals(user), *mine)]

    async def told(self, user: str, part: str, seconds: float = 10) -> str:
        """The private words with this part in them, once they are there."""
        return await self.until(
            lambda: next((t for t in reversed(self.private(user)) if part in t), None), seconds
        )

    async def says(self, part: str, request: int = 1, seconds: float = 15) -> str:
        """The reply in the thread with this part in it, once it is there."""

        def look() -> str | None:
            return next((t for t in self.thread(request) if part in t), None) if self.cards(request) else None

        return await self.until(look, seconds)

    async def tree(self, request: int = 1) -> dict[str, Any]:
        """The request as the database has it; empty when there is none."""
        return await request_tree(self.database, request) or {}

    async def kinds(self, request: int = 1) -> list[str]:
        return [event["kind"] for event in (await self.tree(request)).get("events", [])]

    async def lane(self, id: str = "1.1") -> dict[str, Any]:
        tree = await self.tree(int(id.split(".")[0]))
        found = [lane for lane in tree.get("lanes", []) if lane["id"] == id]
        return found[0] if found else {}

    async def in_state(self, state: str, lane: str = "1.1", seconds: float = 15) -> None:
        """Once the lane is in this state."""
        await self._until_stored(lambda tree: any(one["id"] == lane and one["state"] == state for one in tree["lanes"]),
                                 int(lane.split(".")[0]), seconds)  # fmt: skip

    async def settled(self, request: int = 1, seconds: float = 20) -> str:
        """The state of the request once it is final and everything about it has been said."""
        open_ = ("planning", "planned")
        await self._until_stored(lambda tree: tree["state"] not in open_, request, seconds)
        await self.quiet(seconds)
        return str((await self.tree(request))["state"])

    async def _until_stored(
        self, fits: Callable[[dict[str, Any]], bool], request: int, seconds: float
    ) -> None:
        loop_end = datetime.now(UTC) + timedelta(seconds=seconds)
        while not ((tree := await self.tree(request)) and fits(tree)):
            if datetime.now(UTC) > loop_end:
                raise TimeoutError(f"{tree}\nlog: {self.log.getvalue()[-3000:]}")
            await self.slack.ws.next_change(0.1)

    async def quiet(self, seconds: float = 15) -> None:
        """Once nothing waits to be done or said but deadlines."""
        end = datetime.now(UTC) + timedelta(seconds=seconds)
        while left := await self.work_left():
            if datetime.now(UTC) > end:
                raise TimeoutError(f"still {left}\nlog: {self.log.getvalue()[-3000:]}")
            await self.slack.ws.next_change(0.1)

    async def work_left(self) -> dict[str, int]:
        """How many due rows of each kind there are, deadlines and the like left out."""
        store = SqliteStore(str(self.database), readonly=True)
        try:
            far = datetime.now(UTC) + timedelta(days=3650)
            counts = await store.read(lambda view: view.due_counts(far))
        finally:
            await store.close()
        return {kind.value: counts[kind] for kind in AT_WORK if counts.get(kind)}

    async def page(self, path: str) -> tuple[int, str]:
        """Status and body of a page of the bot's own."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}{path}") as answer:
            return answer.status, await answer.text()

    def shared(self, image: str) -> set[str]:
        """The projects that the cloud shares the image with now."""
        return set(self.ims.members(image))

    def added(self) -> list[tuple[str, str]]:
        """Each pair an API call really added, in order."""
        return [(effect.image, effect.project) for effect in self.ims.effects if effect.what == "add"]

    # -- the end --

    async def judged(self, places: dict[str, bytes]) -> None:
        """Asserts what must be so after every journey."""
        assert evidence.misshapen(self.slack) == []
        assert evidence.notified(self.slack) <= self.acted | self.meant | GROUPS
        assert len(self.ims.redundant) == self.redundant, self.ims.redundant
        added = self.added()
        taken = [(e.image, e.project) for e in self.ims.effects if e.what == "delete"]
        assert all(added.count(pair) <= 1 + taken.count(pair) for pair in added), added
        if self.database.exists():
            assert await evidence.audit_problem(self.database) == ""
        content = {"the log": self.log.getvalue().encode(), **evidence.database_bytes(self.database), **places}
        found = evidence.leaks(self.slack, content)
        if self.urls_in_use:
            found = [one for one in found if not (one.startswith("response_url") and "bot.db" in one)]
        assert found == []


def words(message: SimMessage) -> str:
    """Every text in the message's blocks, in order."""
    found: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, list):
            for one in node:
                walk(one)
        elif isinstance(node, dict):
            if isinstance(node.get("text"), str):
                found.append(node["text"])
            for key, one in node.items():
                if key != "confirm":
                    walk(one)

    walk(message.blocks)
    return " ".join(found)


@contextmanager
def _own_log(stream: io.StringIO, level: str) -> Any:
    """The bot's log as `serve` sets it up, into a buffer; what was set before is back afterwards."""
    root = logging.getLogger()
    before = list(root.handlers), root.level
    root.handlers.clear()
    set_up_log(level, stream)
    try:
        yield
    finally:
        structlog.reset_defaults()
        root.handlers[:], _ = before
        root.setLevel(before[1])


@asynccontextmanager
async def empty_stage(
    mode: str = "socket", *, policy: str = POLICY, job_seconds: float = 0.3, **settings: Any
) -> AsyncIterator[Stage]:
    """Slack and the cloud, and no bot: for journeys that start it, or many of them, in their own way."""
    slack = workspace()
    ims, images = cloud(job_seconds)
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(
            slack=slack, ims=ims, images=images, folder=Path(folder), mode=mode, settings=settings, log=io.StringIO()
        )  # fmt: skip
        stage.policy.write_text(policy)
        async with AsyncExitStack() as stack:
            await slack.start()
            stack.push_async_callback(slack.stop)
            await ims.start()
            stack.push_async_callback(ims.stop)
            yield stage


@asynccontextmanager
async def at_work(stage: Stage) -> AsyncIterator[Bot]:
    """The bot in this process, from start to its orderly stop."""
    config = Config.load(stage.environ(), env_file=None)
    with _own_log(stage.log, config.service.log):
        async with running(config) as (bot, url):
            stage.bot = bot
            stage.answers_at(url)
            yield bot
        stage.bot = None


@asynccontextmanager
async def stage(mode: str = "socket", **settings: Any) -> AsyncIterator[Stage]:
    """Everything at work; judged at the end."""
    async with empty_stage(mode, **settings) as there:
        async with at_work(there):
            yield there
            metrics = (await there.page("/metrics"))[1].encode()
        await there.judged({"/metrics": metrics})
