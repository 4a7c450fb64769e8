"""`imagebot requests` and `imagebot show`: what the bot remembers, read beside the running bot."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

from bot.cli.door import DatabaseOption, JsonFlag, app, database, fail


@app.command("requests")
def list_requests(
    which: Annotated[str, typer.Argument(help="open or all")] = "open",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    as_json: JsonFlag = False,
    file: DatabaseOption = None,
) -> None:
    """List requests, newest first."""
    from bot.app.looking import requests_table
    from bot.app.terminal import printable_values

    if which not in ("open", "all"):
        raise typer.BadParameter("say open or all")
    rows = asyncio.run(requests_table(database(file), which, limit))
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    if not rows:
        print(f"No requests ({which}).")
    for row in printable_values(rows):
        print(
            f"#{row['id']:<5} {row['created_at'][:16]}  {row['requester']:<12} {row['what']:<44} {row['standing']}"
        )


@app.command("show")
def show(
    number: Annotated[str, typer.Argument(help="The request, such as 12 or #12.")],
    as_json: JsonFlag = False,
    file: DatabaseOption = None,
) -> None:
    """Show one request whole: lanes, members, decisions, jobs, audit events."""
    from bot.app.looking import request_tree, request_words
    from bot.app.terminal import printable_values

    digits = number.removeprefix("#")
    if not digits.isdigit():
        raise typer.BadParameter(f"{number!r} is not a request number")
    tree = asyncio.run(request_tree(database(file), int(digits)))
    if tree is None:
        fail(f"There is no request #{digits}.")
    print(json.dumps(tree, indent=2) if as_json else request_words(printable_values(tree)))
