"""`imagebot audit`: the hash chain checked, the log written out, and its oldest events removed behind a seal."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.door import DatabaseOption, JsonFlag, app, database, fail, say
from bot.domain.errors import BotError, BugError

if TYPE_CHECKING:
    from bot.app.audit_check import Evidence, Result
    from bot.app.audit_exports import Chosen
    from bot.domain.audit import Anchor
    from bot.domain.model import RequestId

audit = typer.Typer(
    help="The audit log: verify its hash chain, export it, remove what is too old.", no_args_is_help=True
)
app.add_typer(audit, name="audit")

HeadOption = Annotated[str | None, typer.Option(help="A hash noted earlier: it must be in the log.")]
CountOption = Annotated[
    int | None, typer.Option(min=1, help="With --head: the number of the event with that hash.")
]
AnchorsOption = Annotated[
    Path | None,
    typer.Option(help="A file with lines of the bot's log: every audit_head in it must be in the log."),
]
ArchiveOption = Annotated[
    list[Path] | None,
    typer.Option(help="A file that removed events were written to; may be given several times."),
]
FileOption = Annotated[
    Path | None, typer.Option("--file", help="Check this exported file instead of the database.")
]
PartFlag = Annotated[
    bool, typer.Option("--part", help="With --file: it is an excerpt, events may be left out of it.")
]


@audit.command("verify")
def verify(
    head: HeadOption = None,
    count: CountOption = None,
    anchors: AnchorsOption = None,
    archive: ArchiveOption = None,
    export_file: FileOption = None,
    part: PartFlag = False,
    as_json: JsonFlag = False,
    file: DatabaseOption = None,
) -> None:
    """Recompute every hash. Exit 1 and the number of the first bad event when something does not fit."""
    from bot.app.audit_check import check_database, check_export

    evidence = _evidence((head, count), anchors, archive)
    if part and export_file is None:
        raise typer.BadParameter("--part is for an exported file: say --file too")
    if part and (evidence.head or evidence.archives):
        raise typer.BadParameter("an excerpt can be held against --head with --count, or --anchors, only")
    exported = export_file is not None
    checked = check_export(export_file, evidence, part=part) if export_file else None
    result = checked or check_database(database(file), evidence)
    if as_json:
        print(json.dumps(result.plain(), indent=2))
    elif result.ok:
        say(_found(result))
    else:
        fail("\n".join(result.problems), head=_hint(result, exported, part))
    if not result.ok:
        raise typer.Exit(1)


def _evidence(
    noted: tuple[str | None, int | None], anchors: Path | None, archives: list[Path] | None
) -> Evidence:
    from bot.app.audit_check import Evidence
    from bot.domain.audit import HASH, Anchor

    head, count = noted
    if head is not None and not HASH.fullmatch(head):
        raise typer.BadParameter("--head is a hash of 64 digits and letters from a to f")
    if count is not None and head is None:
        raise typer.BadParameter("--count needs --head: the hash of the event with that number")
    marks = _anchors(anchors) if anchors is not None else ()
    if head is not None and count is not None:
        marks, head = (*marks, Anchor(id=count, hash=head)), None
    return Evidence(head=head, anchors=marks, archives=tuple(archives or ()))


def _anchors(path: Path) -> tuple[Anchor, ...]:
    from bot.domain.audit import anchors_in

    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            found = anchors_in(lines, path.name)
    except OSError as error:
        raise typer.BadParameter(f"--anchors {path} cannot be read: {error.strerror}") from None
    except BugError as error:
        raise typer.BadParameter(error.message) from None
    if not found:
        raise typer.BadParameter(f"--anchors {path} holds no line with an audit_head")
    return found


def _found(result: Result) -> str:
    if not result.count:
        return "There is no event yet."
    lines = [f"Events {result.first} to {result.count}: every one is as it was written."]
    if result.gaps:
        lines.append(f"This is an excerpt: in {result.gaps} place(s) events of the log are left out.")
    elif result.first == 1:
        lines.append("The log is unbroken from its beginning.")
    else:
        lines.append(
            f"The log is unbroken from event {result.first} on; those before it were removed by a retention that is recorded."
        )
    if result.anchors_fit or result.anchors_unchecked:
        lines.append(f"{result.anchors_fit} noted head(s) fit.")
    if result.anchors_unchecked:
        lines.append(
            f"{result.anchors_unchecked} noted head(s) could not be checked: their events are not here. Add --archive."
        )
    lines.append(f"Head: {result.head}, event {result.count}.")
    return "\n".join(lines)


def _hint(result: Result, exported: bool, part: bool) -> str:
    whole = exported and not part and result.first > 1
    return "If this file is an excerpt (--since, --until, --request), say --part." if whole else ""


@audit.command("export")
def export(
    form: Annotated[str, typer.Option("--format", help="jsonl, csv or ocsf")] = "jsonl",
    since: Annotated[str | None, typer.Option(help="From this day or moment on, UTC: 2026-03-01.")] = None,
    until: Annotated[str | None, typer.Option(help="Up to, and without, this day or moment.")] = None,
    request: Annotated[str | None, typer.Option(help="Of this request only: 12.")] = None,
    file: DatabaseOption = None,
) -> None:
    """Write events to standard output, hashes included. The export itself is recorded. Every form can be verified from the
    file alone."""
    from bot.adapters.store.audit_file import AuditFile
    from bot.app.audit_exports import FORMS, Chosen, export

    if form not in FORMS:
        raise typer.BadParameter("say jsonl or csv or ocsf")
    chosen = Chosen(
        since=_moment(since, "--since"), until=_moment(until, "--until"), request=_request(request)
    )
    if chosen.since and chosen.until and chosen.since >= chosen.until:
        raise typer.BadParameter("--since must be before --until")
    path = database(file)
    AuditFile(path).close()  # what cannot be read is not exported
    _record_export(path, form, chosen)
    try:
        export(path, sys.stdout, form, chosen)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _record_export(path: Path, form: str, chosen: Chosen) -> None:
    """Who took what out, in the log itself. A copy that cannot be written to is exported all the same."""
    from bot.app.audit_beside import record_beside
    from bot.app.audit_retention import operator

    data = {
        "format": form,
        "since": chosen.since.isoformat() if chosen.since else "",
        "until": chosen.until.isoformat() if chosen.until else "",
        "by": operator(),
    }
    try:
        asyncio.run(record_beside(path, "audit_exported", chosen.request, data))
    except BotError as error:
        say(f"This export is not recorded in the log: {error.message}", file=sys.stderr)


def _moment(typed: str | None, option: str) -> datetime | None:
    if typed is None:
        return None
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        raise typer.BadParameter(
            f"{option} is a day or a moment: 2026-03-01 or 2026-03-01T14:30:00Z"
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _request(typed: str | None) -> RequestId | None:
    from bot.domain.model import RequestId

    if typed is None:
        return None
    digits = typed.removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 19):
        raise typer.BadParameter(f"{typed!r} is not a request number")
    return RequestId(int(digits))


@audit.command("retain")
def retain(
    keep: Annotated[str, typer.Option(help="How long events are kept: 400d.")],
    archive: Annotated[
        Path | None, typer.Option(help="Write the events to the end of this file before they are removed.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    file: DatabaseOption = None,
) -> None:
    """Remove the oldest events, up to the first that is young enough or belongs to an open request. The log stays provable:
    what was removed, when and by whom is an event of it."""
    from bot.app.audit_beside import retain_beside
    from bot.app.audit_retention import Order, operator
    from bot.config.fields import keep_time

    try:
        length = keep_time(keep)
    except ValueError:
        raise typer.BadParameter(f"{keep!r} is not a number of days: say --keep 400d") from None
    order = Order(keep=length, by=operator(), archive=archive)
    done = asyncio.run(retain_beside(database(file), order, dry=dry_run))
    verb = "would be removed" if dry_run else "removed"
    where = f", archived in {archive}" if archive and done.removed and not dry_run else ""
    print(f"{done.removed} event(s) {verb}{where}. The log begins with event {done.first_kept}.")
    if done.held_by is not None:
        print(f"Older ones stay: event {done.first_kept} belongs to request #{done.held_by}, which is open.")
