"""`imagebot serve` as it is, but for Slack's tiers: the bot keeps to them without being told to, and at four messages a second a
hundred thousand requests would take a day. `python -m tests.soak.served` calls a thousand times as often."""

from __future__ import annotations

import sys
from dataclasses import replace

from bot.adapters.slack.pacing import IN_ALL, PACES
from bot.cli import main

FASTER = 1000


def lift() -> None:
    """For every bucket that is made from now on."""
    for table in (PACES, IN_ALL):
        for method, pace in table.items():
            table[method] = replace(pace, per_second=pace.per_second * FASTER, burst=pace.burst * FASTER)


if __name__ == "__main__":
    lift()
    sys.argv[1:] = ["serve"]
    main()
