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
    head: Annotated[str | None, typer.Option(help="The last hash you know of; finds a cut-off end.")] = None,
    as_json: JsonFlag = False,
    file: DatabaseOption = None,
) -> None:
    """Recompute every hash. Exit 1 and the first bad row's number when one does not fit."""
    from bot.app.looking import verify_audit

    result = asyncio.run(verify_audit(database(file), head))
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
    """Write every event to standard output."""
    from bot.app.looking import audit_rows

    if form not in ("jsonl", "csv"):
        raise typer.BadParameter("say jsonl or csv")
    rows = asyncio.run(audit_rows(database(file)))
    if form == "jsonl":
        for row in rows:
            print(json.dumps(row, sort_keys=True))
        return
    writer = csv.writer(sys.stdout)
    columns = ["id", "at", "kind", "actor", "request", "lane", "data", "previous", "hash"]
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])


def _cell(value: object) -> str:
    """A value as one cell. A text that a spreadsheet would run as a formula is quoted."""
    text = (
        ""
        if value is None
        else json.dumps(value, sort_keys=True)
        if isinstance(value, (dict, list))
        else str(value)
    )
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
