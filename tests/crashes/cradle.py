"""A process that has imported the bot once and forks `imagebot serve` out of itself as often as it is asked to, since a
fresh interpreter takes longer to start than a whole round lasts. Each child is a process of its own, in every way.

The simulated Slack has no rate limits of its own, and Slack's would make a round ten times as long: a child's table of paces is
faster. A fresh interpreter keeps the real one.

Reads one JSON object a line on standard input (id, environ, folder, log, doom, nobody, posts_a_second), answers with {"id", "pid"}
at the birth and {"id", "code"} at the end. A negative code is the signal that ended it.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import select
import signal
import sys
from typing import Any, NoReturn

from bot.adapters.slack.pacing import PACES, Pace
from tests.crashes import doom
from tests.crashes.sites import by_code

PR_SET_PDEATHSIG = 1
NOBODY = 65534


def main() -> None:
    """Until standard input ends; whoever still lives then is killed by the kernel."""
    import bot.app.serve
    import bot.cli  # noqa: F401

    by_code()  # of the source that was loaded, not of one that somebody edits meanwhile
    PACES.update({method: Pace(per_second=200.0, burst=50) for method in PACES})
    gc.freeze()
    woken, wake = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    living: dict[int, int] = {}
    answer({"id": 0, "pid": os.getpid()})
    asked = b""
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if 0 in ready:
            piece = os.read(0, 1 << 20)
            if not piece:
                return
            asked += piece
            *lines, asked = asked.split(b"\n")
            for line in lines:
                bear(json.loads(line), living)
        if woken in ready:
            os.read(woken, 4096)
        bury(living)


def answer(what: dict[str, Any]) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


def bear(order: dict[str, Any], living: dict[int, int]) -> None:
    pid = os.fork()
    if pid == 0:
        live(order)
    living[pid] = order["id"]
    answer({"id": order["id"], "pid": pid})


def bury(living: dict[int, int]) -> None:
    while living:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        answer({"id": living.pop(pid), "code": os.waitstatus_to_exitcode(status)})


def live(order: dict[str, Any]) -> NoReturn:
    """As a new process would: its own environment, folder, signals and streams."""
    code = 70
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDWR)
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for stream, goal in ((nothing, 0), (nothing, 1), (log, 2)):
            os.dup2(stream, goal)
        os.closerange(3, 256)
        os.environ.clear()
        os.environ.update(order["environ"])
        os.chdir(order["folder"])
        if order["nobody"] and os.getuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        if order["posts_a_second"]:
            PACES["chat.postMessage"] = Pace(per_second=order["posts_a_second"], burst=1)
        if order["doom"]:
            doom.watch(**order["doom"])
        code = serve()
    finally:
        sys.stderr.flush()
        os._exit(code)


def serve() -> int:
    from bot.cli import main as imagebot

    sys.argv = ["imagebot", "serve"]
    try:
        imagebot()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


if __name__ == "__main__":
    main()
