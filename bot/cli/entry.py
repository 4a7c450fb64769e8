"""The entry point: every command, and how errors are told."""

from __future__ import annotations

import os
import traceback

from bot.cli import audit, policy, requests, running
from bot.cli.door import app, env_file, fail
from bot.domain.errors import BotError, ConfigError, PolicyError

COMMANDS = (running, requests, policy, audit)
"""Importing them adds their commands to the door."""


def main() -> None:
    """The entry point of the script. Errors of ours are told in plain words with exit code 1, never with a stack; a bug is told
    with its stack, and without any secret the process was given."""
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
    except Exception as error:
        fail(_stack(error), head="This is a bug in imagebot; please report it with these lines:")


def _stack(error: Exception) -> str:
    """Where it happened and what it says, with every secret of the settings hidden: an address or a header may hold one."""
    from bot.app.logs import scrubber
    from bot.config import SETTINGS
    from bot.config.reading import read_given

    names = [row.name for row in SETTINGS if row.secret]
    given = read_given(os.environ, env_file(), names)
    hide = scrubber([given.values[name] for name in names if name in given.values])
    return str(hide("".join(traceback.format_exception(error))))
