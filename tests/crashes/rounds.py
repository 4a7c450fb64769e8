"""One round: a small story with several requests, and a bot that is killed in the middle of it, once or more, at instants that
a seed has chosen; then it is started until all has settled, and judged."""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.crashes.acts import BASKETS, Act, End, Setup
from tests.crashes.judging import Verdict, judged, replies
from tests.crashes.lives import Cradle, Life
from tests.crashes.people import People
from tests.journeys.stage import Stage, empty_stage

SETTINGS: dict[str, Any] = {
    "retry_delay": 0.1, "settle_delay": 0.05, "settle_reads": 2, "verify_reads": 2, "lease": 3, "http_timeout": 2, "log": "info",
    "digest_above": 50,
}  # fmt: skip
"""The people of the stories wait for a reply under the card: what a digest may say in its stead has a story of its own."""
JOB_SECONDS = Setup().job_seconds
CALLS = 1000
LOOK = 0.002
SETTLE = 90.0
"""Seconds until a round that does not come to rest has failed."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a seed comes to. Instants are parts of the length of an undisturbed story, each from the start of its life."""

    seed: int
    mode: str
    acts: tuple[Act, ...]
    kills: tuple[float, ...]
    """At least 1000: so many calls to Slack and the cloud, less 1000, after the start of its life."""
    pause: float
    """Seconds between a death and the next start."""
    stop_kill: float | None
    """Seconds after SIGTERM at which it is killed all the same."""
    fresh: bool
    """Whether the first life is a new interpreter."""
    name: str = ""
    setup: Setup = field(default_factory=Setup, repr=False)

    @staticmethod
    def of(seed: int) -> Plan:
        chance = random.Random(seed)
        acts = tuple(chance.choice(basket) for basket in BASKETS)
        kills = [chance.uniform(0.0, 1.1) if chance.random() < 0.4 else CALLS + chance.randrange(1, 50)]
        if chance.random() < 0.6:  # a second one, now and then at once after the start
            kills.append(chance.uniform(0.0, 0.15) if chance.random() < 0.4 else chance.uniform(0.0, 0.9))
            if chance.random() < 0.5:
                kills.append(
                    chance.uniform(0.0, 0.6) if chance.random() < 0.5 else CALLS + chance.randrange(1, 30)
                )
        return Plan(
            seed=seed, mode=chance.choice(("http", "http", "socket")), acts=acts, kills=tuple(kills),
            pause=chance.choice((0.0, 0.0, 0.1)), stop_kill=chance.uniform(0.0, 0.12) if chance.random() < 0.25 else None,
            fresh=chance.random() < 0.05,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Death:
    """Where the bot was killed."""

    phase: str
    """starting, at work, at rest, stopping."""
    doing: tuple[str, ...]
    """Kinds of due rows that were claimed."""
    event: str
    """The newest event of the audit log."""


@dataclass(kw_only=True)
class Outcome:
    plan: Plan
    verdict: Verdict
    deaths: list[Death] = field(default_factory=list)
    requests: int = 0
    acknowledged: int = 0
    redelivered: int = 0
    seconds: float = 0.0
    rested: float = 0.0
    kept: str = ""
    """Where a failed round was put."""


@dataclass
class Round:
    """Lives on one stage, one after another, until it has settled."""

    plan: Plan
    stage: Stage
    cradle: Cradle
    length: float
    lives: list[Life] = field(default_factory=list)
    deaths: list[Death] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    rested: float = 0.0
    """Seconds after which nothing was left to do."""

    async def played(self) -> tuple[People, list[End]]:
        """The story, the kills, and the rest. Raises TimeoutError when it does not come to rest."""
        people = People(stage=self.stage, chance=random.Random(self.plan.seed), twice=0.3)
        story = asyncio.create_task(self._story(people))
        try:
            async with asyncio.timeout(SETTLE):
                for at in self.plan.kills:
                    await self._lives_and_dies(at)
                await self._lives_to_the_end(story, people.restart)
                return people, await story
        finally:
            story.cancel()
            with suppress(BaseException):
                await story
            for life in self.lives:
                await life.kill()
                self.stage.log.write(life.said())

    async def _story(self, people: People) -> list[End]:
        told = await asyncio.gather(*(act(people) for act in self.plan.acts))
        ends = [one for end in told for one in ([end] if isinstance(end, End) else end)]
        for end in ends:
            if end.request or end.private:
                await self.stage.until(partial(self._told, end), SETTLE)
        return ends

    def _told(self, end: End) -> bool:
        if any(not any(part in text for text in self.stage.private(user)) for user, part in end.private):
            return False
        said = replies(self.stage, end.request)
        return all(any(part in text for text in said) for part in end.says)

    async def _born(self) -> Life:
        return await self._bear(fresh=self.plan.fresh and not self.lives)

    async def _bear(self, **how: Any) -> Life:
        """`how` as for Cradle.bear."""
        life = await self.cradle.bear(self.stage, posts_a_second=self.plan.setup.posts_a_second, **how)
        self.lives.append(life)
        return life

    async def _serves(self, life: Life) -> bool:
        ready = await life.ready()
        if ready:
            self.stage.answers_at(life.address)
        return ready

    def _calls(self) -> int:
        return len(self.stage.slack.calls) + len(self.stage.ims.calls)

    async def _moment(self, at: float) -> None:
        if at < CALLS:
            await asyncio.sleep(at * self.length)
            return
        goal = self._calls() + int(at) - CALLS
        with suppress(TimeoutError):  # so many do not come: then some time at rest
            async with asyncio.timeout(2 * self.length):
                while self._calls() < goal:
                    await asyncio.sleep(LOOK)

    async def _lives_and_dies(self, at: float) -> None:
        life = await self._born()
        serving = asyncio.create_task(self._serves(life))
        await self._moment(at)
        at_work = life.address != ""
        await life.kill()
        await serving
        self.deaths.append(self._death("at work" if at_work else "starting"))
        await asyncio.sleep(self.plan.pause)

    async def _lives_to_the_end(self, story: asyncio.Task[list[End]], restart: asyncio.Event) -> None:
        life = await self._born()
        assert await self._serves(life), f"did not start:\n{life.said()}"
        while not story.done():
            await asyncio.wait({story}, timeout=0.2)
            if restart.is_set():
                restart.clear()
                assert await life.terminate() == 0
                life = await self._born()
                assert await self._serves(life), f"did not start:\n{life.said()}"
        await story
        await self.stage.quiet(SETTLE)
        self.rested = time.monotonic() - self.began
        life.ask_to_stop()
        if self.plan.stop_kill is not None:
            await asyncio.sleep(self.plan.stop_kill)
            if not life.over:
                await life.kill()
                self.deaths.append(self._death("stopping"))
                life = await self._born()
                assert await self._serves(life), f"did not start:\n{life.said()}"
                await self.stage.quiet(SETTLE)
                life.ask_to_stop()
        code = await life.code
        assert code == 0, f"exit code {code} after SIGTERM"

    def _death(self, phase: str) -> Death:
        """From a copy of the files, as they lie there: looking must not mend them."""
        if not self.stage.database.exists():
            return Death(phase=phase, doing=(), event="nothing yet")
        copy = self.stage.folder / f"death-{len(self.deaths) + 1}"
        copy.mkdir()
        for file in self.stage.folder.glob("bot.db*"):
            if not file.name.endswith("-shm"):
                shutil.copy(file, copy / file.name)
        try:
            with closing(sqlite3.connect(copy / "bot.db")) as db:
                doing = [
                    r[0]
                    for r in db.execute("SELECT DISTINCT kind FROM due WHERE claim IS NOT NULL ORDER BY 1")
                ]
                last = db.execute("SELECT kind FROM events ORDER BY id DESC LIMIT 1").fetchone()
                due = db.execute(
                    "SELECT count(*) FROM due WHERE kind NOT IN ('deadline', 'remind', 'take_back')"
                ).fetchone()[0]
        except sqlite3.Error:  # killed while the tables were being made
            return Death(phase=phase, doing=(), event="no tables yet")
        if phase == "at work" and not due:
            phase = "at rest"
        return Death(phase=phase, doing=tuple(doing), event=last[0] if last else "none")


async def run_round(
    plan: Plan, cradle: Cradle, *, length: float, keep: Path, make: Callable[..., Any] = Round,
    after: Callable[[Any], None] = lambda _: None,
) -> Outcome:  # fmt: skip
    """What came of it; a failed round leaves its folder under `keep`. Never raises for what the bot does. `after` sees the
    round when it is over."""
    began, setup = time.monotonic(), plan.setup
    settings = {**SETTINGS, **setup.settings}
    async with empty_stage(
        plan.mode, policy=setup.policy, job_seconds=setup.job_seconds, **settings
    ) as stage:
        await setup.prepare(stage)
        round_ = make(plan, stage, cradle, length)
        outcome = Outcome(plan=plan, verdict=Verdict(), deaths=round_.deaths)
        try:
            people, ends = await round_.played()
            outcome.rested = round_.rested
            outcome.acknowledged, outcome.redelivered = len(people.acknowledged), people.redelivered
            outcome.requests = sum(1 for end in ends if end.request)
            outcome.verdict = await judged(people, ends)
            after(round_)
        except (AssertionError, TimeoutError, OSError, sqlite3.Error) as error:
            outcome.verdict.lost.append(f"{type(error).__name__}: {error}")
            (stage.folder / "error.txt").write_text(traceback.format_exc())
        outcome.seconds = time.monotonic() - began
        if not outcome.verdict.good:
            outcome.kept = str(_kept(stage, outcome, keep))
    return outcome


def _kept(stage: Stage, outcome: Outcome, keep: Path) -> Path:
    """Database, logs, what Slack and the cloud saw, and the seed."""
    to = keep / (outcome.plan.name or f"seed-{outcome.plan.seed}")
    keep.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(stage.folder, to)
    messages = [
        (m.channel, m.thread_ts, m.text) for key in stage.slack.ws.messages for m in stage.slack.messages(key)
    ]
    lines = [
        str(outcome.plan), str(outcome.verdict), *map(str, outcome.deaths), "", "Slack saw:", *map(str, stage.slack.calls),
        "", "What stands there:", *map(str, messages), "", "The cloud saw:", *map(str, stage.ims.calls), *map(str, stage.ims.effects),
    ]  # fmt: skip
    (to / "report.txt").write_text("\n".join(lines))
    return to


async def calm_length(cradle: Cradle, keep: Path) -> float:
    """Seconds that an undisturbed story takes here and now. Raises AssertionError when even that goes wrong."""
    acts: Sequence[Act] = tuple(basket[0] for basket in BASKETS)
    plan = Plan(seed=0, mode="http", acts=tuple(acts), kills=(), pause=0.0, stop_kill=None, fresh=False)
    outcome = await run_round(plan, cradle, length=1.0, keep=keep)
    assert outcome.verdict.good, f"an undisturbed story: {outcome.verdict} ({outcome.kept})"
    return outcome.rested
