"""`imagebot serve`, `check`, `manifest`, `migrate`, `demo`: running the bot and what goes before."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
from typing import Annotated, NoReturn

import typer

from bot.cli.door import JsonFlag, app, env_file, fail, say, settings


@app.command()
def serve() -> None:
    """Run the bot until SIGTERM. Socket Mode with SLACK_APP_TOKEN, HTTP mode without."""
    signal.signal(
        signal.SIGTERM, _leave
    )  # until the loop has a handler of its own; the first process of a container has none
    gc.disable()  # until everything is loaded: a start makes little garbage, and looking for it takes an eighth of its time
    from bot.app.serve import serve as run

    asyncio.run(run(settings()))


def _leave(*_: object) -> NoReturn:
    """At once: nothing is in hand yet, and an exception out of the making of the loop would be told as a fault."""
    os._exit(0)


@app.command()
def check(as_json: JsonFlag = False) -> None:
    """Look at everything the bot needs, one plain line a finding. Exit 1 when something is wrong."""
    from bot.app.doctor import examine
    from bot.app.terminal import printable

    findings = asyncio.run(examine(os.environ, env_file()))
    if as_json:
        print(json.dumps([{"level": level, "what": what} for level, what in findings], indent=2))
    else:
        marks = {"ok": "ok     ", "warning": "warning", "error": "ERROR  "}
        for level, what in findings:
            say(f"{marks[level]}  {printable(what)}")
    if any(level == "error" for level, _ in findings):
        raise typer.Exit(1)


@app.command()
def manifest(
    mode: Annotated[str, typer.Argument(help="socket or http")] = "socket",
    url: Annotated[
        str | None, typer.Option(help="For http: the public address, ending in /slack/events.")
    ] = None,
    command: Annotated[str, typer.Option(help="The slash command.")] = "/image",
) -> None:
    """Print the Slack app manifest for this command and mode."""
    from bot.app.slack_manifest import manifest_text

    if mode not in ("socket", "http"):
        raise typer.BadParameter("say socket or http")
    if mode == "http" and not url:
        raise typer.BadParameter("http mode needs --url https://.../slack/events")
    print(manifest_text(mode, command=command, url=url), end="")


@app.command()
def migrate() -> None:
    """Bring the database up to date. `serve` does so by itself unless IMAGEBOT_MIGRATE=no."""
    from bot.adapters.store.migrations import migrate as run

    path = settings().service.database_file
    applied = run(str(path))
    print(f"{path}: " + (", ".join(applied) if applied else "nothing to do"))


@app.command()
def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave everything running afterwards, with its addresses.")
    ] = False,
) -> None:
    """Play a whole story against a simulated Slack and cloud: no account, no network, under a minute."""
    from bot.cli.demo import play

    if not asyncio.run(play(keep=keep)):
        fail("The demo did not go as it should have.")
