"""`imagebot policy`: the policy file, checked, asked, tried and compared before it bites."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.door import DatabaseOption, JsonFlag, app, database, env_file, fail, say
from bot.domain.errors import CommandError

if TYPE_CHECKING:
    from bot.app.policy_tools import Supposed
    from bot.domain.model import GroupName

policy = typer.Typer(
    help="The policy file: check it, ask it why, test it, compare it with another.", no_args_is_help=True
)
app.add_typer(policy, name="policy")

FileOption = Annotated[
    Path | None, typer.Option("--file", "-f", help="The policy file; default: IMAGEBOT_POLICY.")
]
FileArgument = Annotated[Path | None, typer.Argument(help="Default: IMAGEBOT_POLICY.")]
GroupOption = Annotated[
    list[str] | None, typer.Option("--group", "-g", help="A group the requester is in; may be repeated.")
]
LastOption = Annotated[int, typer.Option("--last", "-n", min=1, max=10_000, help="How many stored requests.")]


def policy_file(path: Path | None) -> Path:
    """The file named, or that of the settings alone."""
    if path is not None:
        return path
    from bot.config.reading import read_given

    return Path(read_given(os.environ, env_file(), ()).values.get("IMAGEBOT_POLICY", "policy.yml"))


def _print(report: dict[str, Any], as_json: bool, words: Callable[[dict[str, Any]], list[str]]) -> None:
    say(json.dumps(report, indent=2) if as_json else "\n".join(words(report)))


@policy.command("schema")
def schema() -> None:
    """Print the JSON Schema of the file, so that an editor completes its keys, facts and operators."""
    from bot.domain.policy_file.schema import schema as made

    print(json.dumps(made(), indent=2))


@policy.command("check")
def check(
    path: FileArgument = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings are failures too.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Read the file, run its own tests, and warn of what looks like a mistake. Exit 1 on any problem."""
    from bot.app.policy_check import check_report, check_words

    report = check_report(policy_file(path))
    if not report["ok"] and not as_json:
        fail("\n".join(check_words(report)))
    _print(report, as_json, check_words)
    if not report["ok"] or (strict and report["warnings"]):
        raise typer.Exit(1)


@policy.command("test")
def run_tests(
    path: FileArgument = None,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="List the rules and clauses no test exercises.")
    ] = False,
    least: Annotated[
        float | None, typer.Option("--min", min=0, max=100, help="Exit 1 below this coverage, in percent.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Run the file's own tests. Exit 1 when one fails."""
    from bot.app.policy_check import own_tests_report, own_tests_words

    report = own_tests_report(policy_file(path))
    _print(report, as_json, lambda r: own_tests_words(r, with_coverage=coverage or least is not None))
    if report["failed"]:
        raise typer.Exit(1)
    if least is not None and report["coverage"]["percent"] < least:
        fail(f"the coverage is below {least:g} %")


@policy.command("explain")
def explain(
    words: Annotated[
        str, typer.Argument(help='A command in words ("share base-ubuntu to shop-dev"), or a request (#12).')
    ],
    group: GroupOption = None,
    image: Annotated[
        list[str] | None,
        typer.Option("--image", "-i", help="Suppose a fact, such as encrypted=true; may be repeated."),
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", help="Slack id of who asks; groups that list them are theirs.")
    ] = None,
    at: Annotated[
        datetime | None,
        typer.Option(
            "--at", formats=["%Y-%m-%dT%H:%M"], help="When, in UTC, such as 2025-01-01T12:00; default: now."
        ),
    ] = None,
    file: FileOption = None,
    store: DatabaseOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Show what the policy says of each pair, who could approve it, rule by rule, clause by clause."""
    from bot.app.policy_explain import explain_words, explained, explained_request

    facts = dict(item.partition("=")[::2] for item in image or [])
    supposed = _supposed(_groups(group), facts, at, by)
    number = words.strip().removeprefix("#")
    try:
        if number.isdigit():
            report = asyncio.run(explained_request(policy_file(file), database(store), int(number), supposed))
        else:
            report = explained(policy_file(file), words, supposed)
    except CommandError as error:
        guess = f" Did you mean {error.suggestion}?" if error.suggestion else ""
        fail(f"{error.message}.{guess} {error.hint}".strip())
    _print(report, as_json, explain_words)


@policy.command("diff")
def diff(
    old: Annotated[Path, typer.Argument(help="The policy file in force.")],
    new: Annotated[Path, typer.Argument(help="The one that is to replace it.")],
    requests: Annotated[
        Path | None, typer.Option("--requests", help="Compare over the requests of this file.")
    ] = None,
    last: Annotated[
        int | None,
        typer.Option("--last", "-n", min=1, max=10_000, help="Compare over the last stored requests."),
    ] = None,
    store: DatabaseOption = None,
    group: GroupOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Show which pairs would come out otherwise: loosened, tightened, other. Exit 0 either way."""
    from bot.app.policy_diff import diff_of_file, diff_of_rules, diff_of_stored, diff_words

    if requests is not None and (last is not None or store is not None):
        raise typer.BadParameter("--requests or --last with --database, not both")
    if requests is not None:
        report = diff_of_file(old, new, requests)
    elif last is not None or store is not None:
        report = asyncio.run(diff_of_stored(old, new, database(store), last or 100, _groups(group)))
    else:
        report = diff_of_rules(old, new)
    _print(report, as_json, diff_words)


@policy.command("replay")
def replay(
    last: LastOption = 20,
    file: FileOption = None,
    store: DatabaseOption = None,
    group: GroupOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Judge stored requests by the file as it is now, beside what was decided then. Changes nothing."""
    from bot.app.policy_replay import replay_words, replayed

    report = asyncio.run(replayed(policy_file(file), database(store), last, _groups(group)))
    _print(report, as_json, replay_words)


def _groups(given: list[str] | None) -> frozenset[GroupName]:
    from bot.domain.model import GroupName

    return frozenset(GroupName(name) for name in given or [])


def _supposed(
    groups: frozenset[GroupName], facts: dict[str, str], at: datetime | None, by: str | None
) -> Supposed:
    from datetime import UTC

    from bot.app.clock import SystemClock
    from bot.app.policy_tools import SOMEBODY, Supposed
    from bot.domain.model import Person

    moment = SystemClock().now() if at is None else at.replace(tzinfo=UTC)
    return Supposed(
        groups=groups, facts=facts, at=moment, person=Person(SOMEBODY.team, by) if by else SOMEBODY
    )
