"""The operator's door: `imagebot COMMAND`. Exit codes: 0 done, 1 failed, 2 usage.

Each command is a thin function: settings in, one call of `bot.app`, words out. Modules are imported when a command runs, so that
`imagebot --help` is quick and a broken setting breaks nothing else.
"""

from bot.cli.entry import main

__all__ = ["main"]
