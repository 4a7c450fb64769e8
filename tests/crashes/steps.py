"""Every step there is: a rehearsal of each small story finds what becomes durable in it and whom it calls; then the story is
played once for each of these and each side of it, the bot dies exactly there, a new one goes on, and all is judged."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bot.domain.model import DueKind
from tests.crashes.acts import ACTS, Act, Setup
from tests.crashes.lives import Cradle, Life, cradle
from tests.crashes.rare import RARE
from tests.crashes.rounds import Outcome, Plan, Round, run_round
from tests.crashes.sites import sites
from tests.crashes.vendors import VENDORS

COMMIT, CLOUD, SLACK = "commit", "cloud", "slack"
SIDES: Mapping[str, tuple[str, str]] = {
    COMMIT: ("inside", "after"), CLOUD: ("hang_before", "hang_after"), SLACK: ("hang", "cut_after"),
}  # fmt: skip
"""Where to die: before it happened, and after it happened with nobody told."""
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}")
NOT_MET = "step not met"
AT_THE_START = ("auth.test", "GET /v1/cloudimages/quota")
"""Asked before there is anything to lose."""
STORIES: Mapping[Act, Setup] = {**dict.fromkeys(ACTS.values(), Setup()), **RARE, **VENDORS}
NEVER: Mapping[str, str] = {
    "answer_question.answer_question>finish": "a guard: an answer and the end of its row are one commit",
    "handle_inbox.handle_inbox>finish": "a guard: the effect of a press and the end of its row are one commit",
    "poll_job.poll_job>finish": "a guard: a job leaves `running` in the commit that ends its row",
    "audit_beside.record_beside>record": "a command of the operator, a process of its own that answers when it has ended",
}
"""Sites that no story reaches, each with its reason."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A commit by its use case, or a call by its method and path; in the story in which it was met first."""

    act: Act
    kind: str
    name: str
    side: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name} ({self.side}) in {self.act.__name__}"


@dataclass
class Rehearsal(Round):
    """One life, with everything that became durable written down."""

    async def _born(self) -> Life:
        return await self._bear(doom={"trace": str(self.stage.folder / "trace.txt")})

    def met(self) -> list[tuple[str, str]]:
        """Kind and name of each step, in order."""
        commits = (self.stage.folder / "trace.txt").read_text().splitlines()
        found = [(COMMIT, line.partition(" ")[2]) for line in commits]
        found += [(CLOUD, name_of_call(call.method, call.path)) for call in self.stage.ims.calls]
        found += [(SLACK, call.method) for call in self.stage.slack.calls]
        return [(kind, name) for kind, name in dict.fromkeys(found) if name not in AT_THE_START]


@dataclass
class Execution(Round):
    """The first life dies at the step, the second lives to the end."""

    step: Step = Step(act=next(iter(STORIES)), kind="", name="", side="")

    async def _lives_and_dies(self, at: float) -> None:
        by_itself = self.step.kind == COMMIT
        self._spoil()
        doom = {"at": self.step.name, "side": self.step.side} if by_itself else None
        life = await self._bear(doom=doom)
        serving = asyncio.create_task(self._serves(life))
        with suppress(TimeoutError):
            await self._met(life)
        met = self._hit(life)
        if self.step.side.endswith("_after"):
            await asyncio.sleep(0.02)
        await life.kill()
        await serving
        self.deaths.append(self._death("at work" if met else NOT_MET))

    def _hit(self, life: Life) -> bool:
        return life.over if self.step.kind == COMMIT else self._seen()

    async def _met(self, life: Life) -> None:
        async with asyncio.timeout(self.plan.setup.patience):
            while not (life.over or self._hit(life)):
                await asyncio.sleep(0.002)

    def _seen(self) -> bool:
        if self.step.kind == CLOUD:
            return any(
                name_of_call(call.method, call.path) == self.step.name for call in self.stage.ims.calls
            )
        return any(call.method == self.step.name for call in self.stage.slack.calls)

    def _spoil(self) -> None:
        """So that the call is caught before, or after, it is carried out."""
        if self.step.kind == CLOUD:
            method, _, path = self.step.name.partition(" ")
            before, _, behind = path.partition("*")
            self.stage.ims.fault(
                self.step.side, match=f"{method} {before}" if not behind else behind.rpartition("*")[2]
            )
        elif self.step.kind == SLACK:
            self.stage.slack.fault(self.step.name, self.step.side)


def name_of_call(method: str, path: str) -> str:
    return f"{method} {IDS.sub('*', path)}"


def plan_of(act: Act, *, dies: bool) -> Plan:
    return Plan(
        seed=0,
        mode="http",
        acts=(act,),
        kills=(0.0,) if dies else (),
        pause=0.0,
        stop_kill=None,
        fresh=False,
        name=act.__name__,
        setup=STORIES[act],
    )


def _note(seen: list[tuple[str, str]], over: Rehearsal) -> None:
    seen.extend(over.met())


async def rehearsed(here: Cradle, turn: asyncio.Semaphore, keep: Path) -> tuple[list[Step], list[str]]:
    """Every step of every story, each once, in the first story that has it; and the stories that go wrong by themselves."""
    wrong: list[str] = []

    async def one(act: Act) -> list[tuple[str, str]]:
        seen: list[tuple[str, str]] = []
        async with turn:
            outcome = await run_round(
                plan_of(act, dies=False),
                here,
                length=1.0,
                keep=keep,
                make=Rehearsal,
                after=partial(_note, seen),
            )
        if not outcome.verdict.good:
            wrong.append(f"{act.__name__}, undisturbed: {outcome.verdict} ({outcome.kept})")
        return seen

    found = await asyncio.gather(*(one(act) for act in STORIES))
    steps: dict[tuple[str, str], Act] = {}
    for act, seen in zip(STORIES, found, strict=True):
        for step in seen:
            steps.setdefault(step, act)
    every = [
        Step(act=act, kind=kind, name=name, side=side)
        for (kind, name), act in steps.items()
        for side in SIDES[kind]
    ]
    return every, wrong


def unreached(steps: list[Step]) -> list[str]:
    """Sites of the source and kinds of due rows that no story reaches and no reason excuses; and excuses for what is reached,
    or is not there at all."""
    met = {step.name for step in steps if step.kind == COMMIT}
    plain = {name.partition("[")[0] for name in met}
    every = {site.name for site in sites()}
    return [
        *(f"{name} is never reached" for name in sorted(every - plain - NEVER.keys())),
        *(
            f"no {kind.value} row is ever claimed"
            for kind in DueKind
            if not any(f"[{kind.value}]" in name for name in met)
        ),
        *(f"{name} is excused, and reached" for name in sorted(plain & NEVER.keys())),
        *(f"{name} is excused, and not there" for name in sorted(NEVER.keys() - every)),
    ]


def _some(steps: list[Step], most: int | None) -> list[Step]:
    return steps if most is None else steps[:: max(len(steps) // max(most, 1), 1)][:most]


async def every_step(*, jobs: int, keep: Path, most: int | None = None) -> dict[str, Any]:
    """The figures; `most` of the steps only, evenly chosen."""
    began, turn = time.monotonic(), asyncio.Semaphore(jobs)
    async with cradle() as here:
        steps, wrong = await rehearsed(here, turn, keep)
        wrong += unreached(steps)
        steps = _some(steps, most)

        async def one(number: int, step: Step) -> Outcome:
            plan = plan_of(step.act, dies=True)
            async with turn:
                outcome = await run_round(
                    plan, here, length=1.0, keep=keep / f"step-{number}", make=partial(Execution, step=step)
                )
            if not outcome.verdict.good:
                print(
                    f"{step} FAILED: {outcome.verdict}\n  kept in {outcome.kept}", file=sys.stderr, flush=True
                )
            return outcome

        outcomes = await asyncio.gather(*(one(number, step) for number, step in enumerate(steps)))
    return {
        "steps": len(steps),
        "sites": len(sites()),
        "wrong_in_the_rehearsal": wrong,
        "steps_by_kind": dict(Counter(step.kind for step in steps)),
        "not_met": sum(death.phase == NOT_MET for outcome in outcomes for death in outcome.deaths),
        "failed": sum(not outcome.verdict.good for outcome in outcomes) + len(wrong),
        "failed_steps": [
            str(step) for step, outcome in zip(steps, outcomes, strict=True) if not outcome.verdict.good
        ],
        "lost": sum(len(outcome.verdict.lost) for outcome in outcomes),
        "double": sum(len(outcome.verdict.double) for outcome in outcomes),
        "broken": sum(len(outcome.verdict.broken) for outcome in outcomes),
        "seconds": round(time.monotonic() - began, 1),
    }
