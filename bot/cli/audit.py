"""`imagebot audit`: the hash chain checked, and the log written out."""

from __future__ import annotations

import asyncio
import csv
import json
import sys
from typing import Annotated

import typer

from bot.cli.door import DatabaseOption, JsonFlag, app, database, fail

audit = typer.Typer(help="The audit log: verify its hash chain, export it.", no_args_is_help=True)
app.add_typer(audit, name="audit")


@audit.command("verify")
def verify(
    head: Annotated[
        str | None, typer.Option(help="A hash you know to be in the log; finds a cut-off end.")
    ] = None,
    count: Annotated[
        int | None, typer.Option(min=0, help="With --head: how many events there were up to it.")
    ] = None,
    as_json: JsonFlag = False,
    file: DatabaseOption = None,
) -> None:
    """Recompute every hash. Exit 1 and the first bad row's number when one does not fit."""
    from bot.app.looking import verify_audit

    result = asyncio.run(verify_audit(database(file), head, count))
    if as_json:
        print(json.dumps(result, indent=2))
    elif result["ok"]:
        print(f"{result['count']} events, unbroken. Head: {result['head']}")
    else:
        fail(str(result["problem"]))
    if not result["ok"]:
        raise typer.Exit(1)


@audit.command("export")
def export(
    form: Annotated[str, typer.Option("--format", help="jsonl or csv")] = "jsonl",
    file: DatabaseOption = None,
) -> None:
    """Write every event to standard output. Both forms can be verified again from the export alone."""
    from bot.app.looking import COLUMNS, audit_pages

    if form not in ("jsonl", "csv"):
        raise typer.BadParameter("say jsonl or csv")
    writer = csv.DictWriter(sys.stdout, COLUMNS)

    if form == "csv":
        writer.writeheader()

    def page(events: list[tuple[dict[str, object], dict[str, str]]]) -> None:
        for plain, row in events:
            if form == "csv":
                writer.writerow(row)
            else:
                print(json.dumps(plain, sort_keys=True))

    asyncio.run(audit_pages(database(file), page))
