"""`imagebot policy`: the policy file checked and asked, before it bites."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.door import DatabaseOption, app, database, env_file, fail
from bot.domain.errors import CommandError

policy = typer.Typer(help="The policy file: check it, ask it why.", no_args_is_help=True)
app.add_typer(policy, name="policy")

FileOption = Annotated[
    Path | None, typer.Option("--file", "-f", help="The policy file; default: IMAGEBOT_POLICY.")
]


def policy_file(path: Path | None) -> Path:
    """The file named, or that of the settings alone."""
    if path is not None:
        return path
    from bot.config.reading import read_given

    return Path(read_given(os.environ, env_file(), ()).values.get("IMAGEBOT_POLICY", "policy.yml"))


@policy.command("check")
def check(path: Annotated[Path | None, typer.Argument(help="Default: IMAGEBOT_POLICY.")] = None) -> None:
    """Read the file, run its own tests, and warn of what looks like a mistake. Exit 1 on any problem."""
    from bot.app.policy_tools import checked

    sentence, warnings = checked(policy_file(path))
    print(sentence)
    for warning in warnings:
        print(f"warning: {warning}")


@policy.command("explain")
def explain(
    words: Annotated[
        str, typer.Argument(help='A command in words ("share base-ubuntu to shop-dev"), or a request (#12).')
    ],
    group: Annotated[
        list[str] | None, typer.Option("--group", "-g", help="A group the requester is in; may be repeated.")
    ] = None,
    image: Annotated[
        list[str] | None,
        typer.Option("--image", "-i", help="Suppose a fact, such as encrypted=true; may be repeated."),
    ] = None,
    file: FileOption = None,
    store: DatabaseOption = None,
) -> None:
    """Show what the policy says of each pair, rule by rule, clause by clause."""
    from bot.app.clock import SystemClock
    from bot.app.policy_tools import Supposed, explained, explained_request
    from bot.domain.model import GroupName

    facts = dict(item.partition("=")[::2] for item in image or [])
    supposed = Supposed(
        groups=frozenset(GroupName(g) for g in group or []), facts=facts, at=SystemClock().now()
    )
    number = words.strip().removeprefix("#")
    try:
        if number.isdigit():
            lines = asyncio.run(explained_request(policy_file(file), database(store), int(number), supposed))
        else:
            lines = explained(policy_file(file), words, supposed)
    except CommandError as error:
        guess = f" Did you mean {error.suggestion}?" if error.suggestion else ""
        fail(f"{error.message}.{guess} {error.hint}".strip())
    print("\n".join(lines))
