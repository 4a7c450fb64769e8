"""The story, step by step. A step that returns has really happened: in Slack, and in the cloud."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.cli.demo.child import Bot
from bot.cli.demo.talk import Talk
from bot.cli.demo.teller import Teller
from bot.cli.demo.world import ANNA, BEN, ENCRYPTED_IMAGE, LEA, OMAR, Pair, WentWrongError, World


@dataclass(frozen=True, kw_only=True)
class Scene:
    """All a step plays with."""

    world: World
    bot: Bot
    tell: Teller
    talk: Talk

    def truth(self, *added: Pair, calls: int = 1) -> None:
        """The cloud holds what was told and nothing else, `added` included, by so many calls; says so."""
        self.tell.truth("cloud", self.world.check_cloud(added, calls if added else 0))


Step = Callable[[Scene], Awaitable[None]]


async def self_service(scene: Scene) -> None:
    talk = scene.talk
    request = await talk.ask(ANNA, "share base-ubuntu-24 to shop-dev")
    await talk.card(request, "Done and verified")
    await talk.reply(request, "Done and verified")
    scene.truth(("base-ubuntu-24", "shop-dev"))


async def approved(scene: Scene) -> None:
    talk = scene.talk
    request = await talk.ask(ANNA, "share shop-web-7 to shop-prod for 30d because CHG-1042")
    await talk.card(request, "Waiting for approval", "[Approve]")
    scene.truth()
    await talk.press(LEA, "Approve", request)
    await talk.reply(request, "lea approved")
    await talk.reply(request, "Done and verified")
    await talk.card(request, "Done and verified", "Approved by @lea")
    scene.truth(("shop-web-7", "shop-prod"))


async def mixed(scene: Scene) -> None:
    talk, (good, bad) = scene.talk, ("base-debian-12", "base-rocky-9")
    scene.world.fail_once((bad, "shop-test"))
    request = await talk.ask(ANNA, f"share {good}, {bad} to shop-dev, shop-test, shop-prod because CHG-1043")
    await talk.card(request, "Partly done", "[Retry Failed]", "Waiting for approval", "[Approve]")
    await talk.reply(request, "Partly done: 3 of 4 pairs verified")
    scene.truth((good, "shop-dev"), (good, "shop-test"), (bad, "shop-dev"))
    await talk.press(ANNA, "Retry Failed", request)
    await talk.reply(request, "anna asked to try the failed pairs again")
    await talk.reply(request, "Done and verified")
    await talk.card(request, "Done and verified (1 pair)")
    await talk.press(LEA, "Approve", request)
    await talk.reply(request, "lea approved")
    await talk.reply(request, "Done and verified")
    await talk.card(request, "Done and verified (2 pairs)", "Approved by @lea")
    scene.truth((bad, "shop-test"), (good, "shop-prod"), (bad, "shop-prod"), calls=2)


async def refused(scene: Scene) -> None:
    talk = scene.talk
    request = await talk.ask(
        ANNA, f"share {ENCRYPTED_IMAGE}, shop-web-7 to acme-lab because they asked nicely"
    )
    await talk.card(
        request, "Refused by the policy", "Encrypted images cannot be shared", "begin the reason with"
    )
    scene.truth()


async def not_counted(scene: Scene) -> None:
    talk = scene.talk
    request = await talk.ask(LEA, "share base-ubuntu-24 to shop-prod because CHG-1044")
    await talk.card(request, "Waiting for approval", "[Approve]")
    await talk.press(BEN, "Approve", request)
    await talk.answer(BEN, "was not counted")
    await talk.press(LEA, "Approve", request)
    await talk.answer(LEA, "was not counted")
    scene.truth()


async def rejected(scene: Scene) -> None:
    talk, request = scene.talk, scene.talk.last
    await talk.press(OMAR, "Reject", request)
    await talk.fill_in(OMAR, "Not before the freeze is over; ask again on Monday.")
    await talk.reply(request, "omar rejected it: Not before the freeze is over")
    await talk.card(request, "Rejected by @omar")
    scene.truth()


async def killed(scene: Scene) -> None:
    world, talk, cloud = scene.world, scene.talk, scene.world.cloud
    before = len(cloud.jobs)
    cloud.fault("hang_after", match="POST /v1/cloudimages/members")
    request = await talk.ask(BEN, "share base-alpine-3 to shop-dev")
    await world.until(lambda: cloud.jobs[before:], "A job in the cloud")
    await talk.card(request, "Being ")
    # The bot is to have heard that its card stands: else it would rightly post it again, with a mark, and this story is another.
    await asyncio.sleep(1.0)
    pid = scene.bot.pid
    await scene.bot.kill()
    scene.tell.happens(f"kill -9 {pid}: the cloud has taken the call, but the bot has not heard its answer.")
    await scene.bot.start()
    scene.tell.happens(f"The bot is started again (process {scene.bot.pid}), on the same database.")
    await talk.reply(request, "Done and verified")
    await talk.card(request, "Done and verified")
    scene.truth(("base-alpine-3", "shop-dev"))


async def proven(scene: Scene) -> None:
    scene.tell.does("operator", "$ imagebot audit verify")
    code, output = await scene.bot.run("audit", "verify")
    scene.tell.line(output)
    if code or not re.search(r"unbroken from its beginning\.\nHead: \w{64}", output):
        raise WentWrongError(f"imagebot audit verify did not find the log unbroken (exit code {code}).")
    scene.truth()
    scene.tell.truth("slack", scene.talk.check_nothing_twice())


STEPS: tuple[tuple[str, str, Step], ...] = (
    (
        "Self-service",
        "The policy lets engineers share base images with dev by themselves: nobody is asked. Still, the thread says "
        "“done” only after the bot has read the image's member list back.",
        self_service,
    ),
    (
        "A lead approves",
        "Production needs a platform lead. The card says who can decide and until when; the cloud hears nothing before.",
        approved,
    ),
    (
        "Two images, three projects, two lanes, one failure",
        "Dev and test go at once, production waits for a lead. The cloud fails at one pair and calls the whole job "
        "failed; the bot says what is true of each pair, and retries only what is missing.",
        mixed,
    ),
    (
        "Refused",
        "A refusal names the rule, what is wrong, and what would get through. Two rules refuse here, each for its reason.",
        refused,
    ),
    (
        "Clicks that do not count",
        "Ben is no lead. Lea is one, but this is her own request. Each is told why, and nobody else is bothered.",
        not_counted,
    ),
    (
        "Rejected, with a reason",
        "Omar, another lead, answers the same request. The form asks him why, and everybody can read it.",
        rejected,
    ),
    (
        "kill -9 in the middle",
        "The bot dies after the cloud has taken the call and before its answer has come. It must neither forget the "
        "request nor send it twice.",
        killed,
    ),
    (
        "The proof",
        "Every step is in an audit log, even the clicks that did not count. Each row carries the hash of the row before: "
        "changing one breaks the chain.",
        proven,
    ),
)
