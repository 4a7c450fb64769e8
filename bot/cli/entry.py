"""The entry point: every command, and how errors are told."""

from __future__ import annotations

from bot.cli import audit, policy, requests, running
from bot.cli.door import app, fail
from bot.domain.errors import BotError, ConfigError, PolicyError

COMMANDS = (running, requests, policy, audit)
"""Importing them adds their commands to the door."""


def main() -> None:
    """The entry point of the script. Errors of ours are told in plain words with exit code 1; never a stack."""
    try:
        app()
    except (ConfigError, PolicyError) as error:
        fail(
            "\n".join(f"- {problem}" for problem in error.problems), head=f"{len(error.problems)} problem(s):"
        )
    except BotError as error:
        fail(error.message)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
