"""The stage of every journey: a simulated Slack and a simulated cloud on loopback, the real bot between them, and the people.

At its end everything the bot did is judged, whatever the journey was about; what a journey provokes on purpose it has to say.
"""

from __future__ import annotations

import io
import logging
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import structlog

from bot.app.logs import set_up_log
from bot.app.serve import running
from bot.app.wiring import Bot
from bot.config import Config
from bot.simulator.slack import Delivery
from tests.journeys import evidence
from tests.journeys.cast import CANARIES, CHANNEL, POLICY, Images, cloud, workspace
from tests.journeys.seats import Seats

T = TypeVar("T")
GROUPS = {"S0ENG", "S0LEADS", "S0SEC"}
REASON = ("imagebot.reason", "imagebot.reason.text")
QUICK = {
    "HTTP_TIMEOUT": 2, "LEASE": 10, "RETRY_DELAY": 0.2, "SETTLE_READS": 2, "SETTLE_DELAY": 0.2, "VERIFY_READS": 2,
    "API_RATE": 200, "API_BURST": 50, "SHUTDOWN_TIMEOUT": 5, "GROUP_CACHE": 0.1, "LOG": "debug",
    "COMMANDS_PER_MINUTE": 100_000, "PRESSES_PER_MINUTE": 100_000,
}  # fmt: skip


@dataclass(kw_only=True)
class Stage(Seats):
    """Who is on the stage and what is done on it."""

    images: Images
    mode: str
    settings: dict[str, Any]
    bot: Bot | None = None
    acted: set[str] = field(default_factory=set)
    meant: set[str] = field(default_factory=set)
    """Further people and groups the bot may mention."""
    redundant: int = 0
    """How many useless calls' pairs the journey provokes."""
    urls_in_use: bool = False
    """Whether the journey leaves somebody unanswered, so that the database still needs their response_url."""

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
            assert evidence.broken_promises(self.database) == []
        content = {
            "the log": self.log.getvalue().encode(),
            **evidence.database_bytes(self.database),
            **places,
        }
        found = evidence.leaks(self.slack, content)
        if self.urls_in_use:
            found = [one for one in found if not (one.startswith("response_url") and "bot.db" in one)]
        assert found == []


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
