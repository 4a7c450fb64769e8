"""The two processes of a soak beside the one that loads and judges: the bot, and what stands around it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.servers.processes import Server, address_of, launched
from tests.soak.cast import POLICY, SETTINGS


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where everything is. `said`: what the surroundings told of themselves."""

    folder: Path
    bot: Server
    around: Server
    said: Mapping[str, Any]

    @property
    def database(self) -> Path:
        return self.folder / "imagebot.db"


@contextmanager
def at_work(folder: Path, *, images: int, as_served: bool) -> Iterator[Place]:
    """Both processes, ready; ended at the end. `as_served`: with the bot's own pace of calls to Slack. Raises ServerError."""
    with ExitStack() as stack:
        around = launched(stack, folder, "surroundings", ["tests.soak.surroundings", str(images)], {})
        said = json.loads(around.told(re.compile(r"^\{.*\}$", re.MULTILINE)))
        (folder / "policy.yml").write_text(POLICY, encoding="utf-8")
        settings = {
            **said["environment"],
            **SETTINGS,
            "IMAGEBOT_POLICY": str(folder / "policy.yml"),
            "IMAGEBOT_DATABASE": f"sqlite:///{folder / 'imagebot.db'}",
        }
        command = ["bot", "serve"] if as_served else ["tests.soak.served"]
        bot = launched(stack, folder, "imagebot", command, settings)
        bot.url = address_of(bot)
        bot.told(re.compile("ready_to_serve"))
        yield Place(folder=folder, bot=bot, around=around, said=said)
