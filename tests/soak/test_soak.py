"""A small soak of the real bot; and that the judge can fail."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bench.servers.processes import ROOT
from tests.soak.judge import Row, Run, held, judged, slope, thirds, typical
from tests.soak.stories import Asked
from tests.soak.truth import Everything, Said, false_in_all, false_of
from tests.soak.watching import Ended, Sample


def samples(
    memory: Sequence[float] = (100.0,) * 60, *, fds: Sequence[int] = (50,) * 60, others: float = 0.0
) -> list[Sample]:
    """One for every hundred requests and second, on a machine of which others use that part."""
    import os

    cpus = os.cpu_count() or 1
    return [
        Sample(
            at=float(n), requests=n * 100, memory=memory[n], fds=fds[n], threads=5, database=1.0, wal=8.0, around=50.0,
            due={}, busy=n * (others * cpus + 0.1), own=n * 0.1,
        )
        for n in range(len(memory))
    ]  # fmt: skip


CALM = Run(samples=samples(), acks=[10.0] * 6000, ends=[1.0] * 6000)
ASKED = Asked(
    story="goes_at_once", user="U", channel="C", text="share a-1 to shop-dev", image="a-1", outcomes={"shop-dev": "done"},
    after=frozenset({"shop-dev"}),
)  # fmt: skip
ENDED = Ended(id=7, state="ended", outcomes={"shop-dev": "done"}, lanes=("succeeded",), seconds=1.0)
SAID = Said(
    cards=1, text="Done and verified (1 pair)", replies=["Done and verified: a-1 shared with shop-dev."]
)
ALL = Everything(
    expected={"a-1": frozenset({"shop-dev"})}, cloud={"a-1": frozenset({"shop-dev"})}, store={"a-1": frozenset({"shop-dev"})},
    asked=1, stored=1, left={}, counts={"effect_add": 1}, done={"share": 1},
)  # fmt: skip


def failed(rows: Sequence[Row]) -> list[str]:
    return [row.what for row in rows if row.verdict == "FAILED"]


SHORT = ("ack", "command to end", "file descriptors")
"""What a run of a few seconds on a busy machine cannot tell: connections are still being opened."""


@pytest.mark.slow
def test_two_hundred_requests_all_come_to_their_true_end(tmp_path: Path) -> None:
    """The soak itself must work, on this very bot. How long things took is judged where there is more of it."""
    command = [
        sys.executable,
        "-m",
        "tests.soak",
        "--requests",
        "200",
        "--backlog",
        "60",
        "--every",
        "0.5",
        "--json",
    ]
    done = subprocess.run(
        [*command, "--keep", str(tmp_path)], capture_output=True, text=True, cwd=ROOT, timeout=300
    )
    said = json.loads(done.stdout)
    assert said["wrong"] == []
    assert said["final"] == 200
    assert (said["audit"], said["stopped"], said["log_errors"]) == ("", "", {})
    bad = [row["what"] for row in said["rows"] if row["verdict"] == "FAILED"]
    assert [what for what in bad if not what.startswith(SHORT)] == []
    assert done.returncode == (1 if bad else 0)


def test_a_calm_run_holds() -> None:
    """Else the failures below would prove nothing."""
    assert failed(judged(CALM)) == []
    assert held(judged(CALM))


def test_memory_that_rises_is_found() -> None:
    """A leak of a hundredth of the whole with each hundred requests."""
    rows = judged(replace(CALM, samples=samples([100.0 + n for n in range(60)])))
    assert [what.split(" (")[0] for what in failed(rows)] == ["memory MB"]
    assert slope(samples([100.0 + n for n in range(60)])) == pytest.approx(100.0)


def test_a_single_high_sample_is_no_leak() -> None:
    """Medians judge, not samples."""
    memory = [100.0] * 60
    memory[58] = 400.0
    assert failed(judged(replace(CALM, samples=samples(memory)))) == []


def test_memory_is_judged_on_a_disturbed_machine_too() -> None:
    """Others may slow the bot down, they cannot make it grow."""
    rows = judged(replace(CALM, samples=samples([100.0 + n for n in range(60)], others=0.8)))
    assert len(failed(rows)) == 1


def test_file_descriptors_that_add_up_are_found() -> None:
    """One that is never closed, now and then."""
    rows = judged(replace(CALM, samples=samples(fds=[50 + n // 4 for n in range(60)])))
    assert failed(rows) == ["file descriptors"]


def test_an_acknowledgement_that_gets_slower_fails_on_a_calm_machine_and_warns_on_a_disturbed_one() -> None:
    """A table that is walked through gets longer and longer."""
    acks = [10.0 + n / 100 for n in range(6000)]
    slow = replace(CALM, acks=acks)
    assert failed(judged(slow)) == ["ack p50 ms", "ack p99 ms"]
    disturbed = judged(replace(slow, samples=samples(others=0.5)))
    assert failed(disturbed) == []
    assert [row.what for row in disturbed if row.verdict == "warning"] == ["ack p50 ms", "ack p99 ms"]


def test_a_lost_request_an_error_in_the_log_and_a_broken_audit_log_each_fail() -> None:
    """Truth has no tolerance."""
    for broken in (
        replace(CALM, wrong=["lost: 'share a-1 to shop-dev'"]),
        replace(CALM, errors={"bug": 1}),
        replace(CALM, audit="event 7 does not follow event 6"),
        replace(CALM, stopped="it ended with 1"),
    ):
        assert len(failed(judged(broken))) == 1
        assert not held(judged(broken))


def test_what_is_true_of_one_request_is_found_true() -> None:
    """Else the next test would prove nothing."""
    assert false_of(ASKED, ENDED, SAID) == []


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (replace(ENDED, outcomes={"shop-dev": "failed"}, lanes=("failed",)), SAID),
        (replace(ENDED, state="expired"), SAID),
        (ENDED, replace(SAID, replies=[])),
        (ENDED, replace(SAID, replies=SAID.replies * 2)),
        (ENDED, replace(SAID, replies=[*SAID.replies, "Failed: none of 1 pair went through."])),
        (ENDED, replace(SAID, cards=2)),
        (ENDED, replace(SAID, text="Running (1 pair)")),
        (ENDED, replace(SAID, text="Done and verified (1 pair) Failed: 1 pair")),
    ],
)
def test_a_false_claim_about_one_request_is_found(ended: Ended, said: Said) -> None:
    """Store and Slack must say what came of it, once."""
    assert false_of(ASKED, ended, said) != []


def test_a_repetition_that_says_so_of_itself_is_no_false_claim() -> None:
    """After a cut connection nobody can know whether the first one arrived."""
    twice = [*SAID.replies, f"{SAID.replies[0]} The connection was cut: it may stand here twice."]
    assert false_of(ASKED, ENDED, replace(SAID, replies=twice)) == []


def test_what_is_true_of_all_is_found_true() -> None:
    assert false_in_all(ALL) == []


@pytest.mark.parametrize(
    "broken",
    [
        replace(ALL, cloud={"a-1": frozenset()}, counts={"effect_add": 1}),
        replace(ALL, store={}),
        replace(ALL, stored=0),
        replace(ALL, left={"deliver": 1}),
        replace(ALL, counts={"effect_add": 1, "redundant": 1}),
        replace(ALL, counts={"effect_add": 2}),
    ],
)
def test_a_disagreement_between_store_cloud_and_what_was_asked_is_found(broken: Everything) -> None:
    """Three books, one truth."""
    assert false_in_all(broken) != []


def test_thirds_and_windows_lose_nothing() -> None:
    """What is measured is what is judged."""
    first, middle, last = thirds([float(n) for n in range(10)])
    assert [*first, *middle, *last] == [float(n) for n in range(10)]
    assert typical([5.0] * 3, 99) == 5.0
    assert typical([1.0] * 900 + [100.0] * 100, 50) == 1.0
