"""`imagebot demo` as a newcomer runs it: in a process of its own. And that it does not praise what did not happen."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from rich.console import Console

import bot
from bot.cli.demo.child import Bot
from bot.cli.demo.drawing import drawn, text_drawn
from bot.cli.demo.policy import POLICY
from bot.cli.demo.story import STEPS
from bot.cli.demo.teller import Teller
from bot.cli.demo.world import PROJECTS, WentWrongError, World
from bot.domain.policy_file import lint, load
from bot.simulator.ims import SimIms

SLOW_SECONDS = 100


class Demo:
    """A running demo; `seen` is what it has printed so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.seen = ""

    def until(self, pattern: str) -> re.Match[str]:
        """The first match in what it prints. Fails when it ends without one."""
        assert self.process.stdout is not None
        while not (found := re.search(pattern, self.seen)):
            line = self.process.stdout.readline()
            assert line, f"{pattern!r} is not in:\n{self.seen}\n{self.errors()}"
            self.seen += line
        return found

    def end(self) -> int:
        """Its exit code, once it has printed everything."""
        assert self.process.stdout is not None
        self.seen += self.process.stdout.read()
        return self.process.wait(SLOW_SECONDS)

    def errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read()


@contextmanager
def demo(folder: Path, *options: str, **environment: str) -> Iterator[Demo]:
    """Started in `folder`, where its temporary folder goes too, knowing nothing else."""
    environment = {"TMPDIR": str(folder), "PYTHONPATH": str(Path(bot.__file__).parents[1]), **environment}
    command = [sys.executable, "-m", "bot", "demo", *options]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, encoding="utf-8",
    ) as process:  # fmt: skip
        try:
            yield Demo(process)
        finally:
            if process.poll() is None:
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(20)
                process.kill()


def post(url: str, body: dict[str, Any]) -> None:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def is_alive(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def left(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith("imagebot-demo-")]


# -- the whole story -------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_demo_plays_its_story_to_the_end_wherever_it_is_run(tmp_path: Path) -> None:
    """The first thing a newcomer does; their proxy, their settings and their .env must not matter."""
    (tmp_path / ".env").write_text("IMAGEBOT_LISTEN=nonsense\nSLACK_BOT_TOKEN=xoxb-of-somebody\n")
    with demo(tmp_path, HTTP_PROXY="http://127.0.0.1:9", IMAGEBOT_LEASE="nonsense", TERM="dumb") as played:
        code = played.end()

        assert code == 0, played.seen + played.errors()
        assert "WRONG" not in played.seen
        assert len(re.findall(r"^── \d\. ", played.seen, re.MULTILINE)) == 8
        assert re.search(
            r"^The log is unbroken from its beginning\.\nHead: [0-9a-f]{64}, event \d+\.$",
            played.seen,
            re.MULTILINE,
        )
        assert "(9 pairs in all, each added exactly once)" in played.seen
        assert "none of them twice" in played.seen
        assert "All 8 steps really happened" in played.seen
    assert not [char for char in played.seen if not char.isprintable() and char != "\n"]
    assert max(map(len, played.seen.splitlines())) <= 100
    assert not [word for word in ("U0ANNA", "S0LEADS", "C0IMAGES") if word in played.seen]
    assert left(tmp_path) == []


@pytest.mark.slow
def test_a_kept_demo_can_be_used_until_ctrl_c_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """After the story people want to try it themselves, and then to be rid of it."""
    with demo(tmp_path, "--keep") as played:
        played.until(r"Ctrl-C stops")
        slack = played.until(r"slack +(http://\S+)")[1]
        cloud = played.until(r"cloud +(http://\S+/sim/state)")[1]
        ready, metrics = played.until(r"bot +(http://\S+/readyz) +(http://\S+/metrics)").groups()
        policy, database = played.until(r"policy +(/\S+)")[1], played.until(r"database +(/\S+)")[1]
        pid = int(re.findall(r"process (\d+)", played.seen)[-1])

        assert "<title>Simulated Slack</title>" in get(slack)
        assert json.loads(get(cloud))["redundant"] == []
        assert json.loads(get(ready))["ready"]
        assert "imagebot_" in get(metrics)
        assert Path(policy).exists()
        assert Path(database).exists()
        assert is_alive(pid)

        played.process.send_signal(signal.SIGINT)
        assert played.end() == 0, played.errors()
    assert not is_alive(pid)
    assert left(tmp_path) == []


# -- what must not be praised ----------------------------------------------------------------------------------------


def drop_a_share(cloud: str) -> None:
    """The next job says that all went well, and did nothing."""
    post(f"{cloud}/sim/fault", {"what": "job_success_but_missing"})


def share_behind_our_back(cloud: str) -> None:
    images = {one["name"]: one["id"] for one in json.loads(get(f"{cloud}/sim/state"))["images"]}
    post(f"{cloud}/sim/set_member", {"image": images["shop-web-7"], "project": PROJECTS["shop-prod"]})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sabotage", "sentence"),
    [
        (drop_a_share, "The card of #1 was expected to say: “Done and verified”."),
        (
            share_behind_our_back,
            "The simulated cloud shares, though nobody allowed it, shop-web-7 → shop-prod.",
        ),
    ],
)
def test_a_sabotaged_demo_fails_and_says_what_did_not_happen(
    sabotage: Callable[[str], None], sentence: str, tmp_path: Path
) -> None:
    """A demo that cannot fail shows nothing."""
    with demo(tmp_path) as played:
        sabotage(played.until(r"cloud +(http://\S+)/sim/state")[1])
        code = played.end()
        errors = played.errors()

    assert code == 1
    assert f"WRONG     {sentence}" in played.seen
    assert "really happened" not in played.seen
    assert errors == "The demo did not go as it should have.\n"
    assert left(tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_demo_that_is_broken_off_ends_its_bot_and_removes_its_folder(
    sign: signal.Signals, code: int, tmp_path: Path
) -> None:
    """Nobody should have to hunt for processes after a first try."""
    with demo(tmp_path) as played:
        pid = int(played.until(r"process (\d+)")[1])
        played.until(r"presses Approve")
        assert is_alive(pid)
        played.process.send_signal(sign)

        assert played.end() == code, played.errors()
        assert "Traceback" not in played.errors()
    assert not is_alive(pid)
    assert left(tmp_path) == []


async def test_a_bot_that_does_not_start_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    """“It did not start” alone helps nobody."""
    child = Bot(tmp_path, World())

    with pytest.raises(
        WentWrongError, match=r"^The bot ended with exit code 1\. The end of its log:$"
    ) as caught:
        await child.start()

    assert any("SLACK_API_URL" in line for line in caught.value.log)
    await child.stop()


# -- the judge of the truth ------------------------------------------------------------------------------------------

PAIR = ("base-ubuntu-24", "shop-dev")


@pytest.fixture
async def world() -> Any:
    """A cloud whose jobs are instantaneous and that asks nobody who they are."""
    world = World(cloud=SimIms(job_seconds=0.0, require_auth=False))
    await world.open()
    yield world
    await world.close()


async def share(world: World, image: str, project: str) -> None:
    body = {"images": [world.images[image]], "projects": [PROJECTS[project]]}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{world.cloud.url}/v1/cloudimages/members", json=body) as answer,
    ):
        assert answer.status == 200


async def test_the_truth_is_told_once_what_was_asked_for_is_there(world: World) -> None:
    """What is right must pass."""
    await share(world, *PAIR)

    said = world.check_cloud([PAIR], calls=1)

    assert said == "shared by 1 call: base-ubuntu-24 → shop-dev (1 pair in all, each added exactly once)"
    assert world.check_cloud() == "nothing was shared, nothing sent: still 1 pair"


async def test_a_pair_that_is_not_there_is_noticed(world: World) -> None:
    """The bot's word is not enough."""
    with pytest.raises(WentWrongError, match="does not share base-ubuntu-24 → shop-dev"):
        world.check_cloud([PAIR], calls=1)


async def test_a_pair_that_nobody_allowed_is_noticed(world: World) -> None:
    """Sharing too much is the worst that can happen."""
    await share(world, *PAIR)

    with pytest.raises(WentWrongError, match="shares, though nobody allowed it, base-ubuntu-24 → shop-dev"):
        world.check_cloud()


async def test_a_pair_that_came_by_another_way_is_noticed(world: World) -> None:
    """What somebody did in the console is not the bot's work."""
    world.cloud.set_member(world.images[PAIR[0]], PROJECTS[PAIR[1]])

    with pytest.raises(WentWrongError, match="shares, though no call added it, base-ubuntu-24 → shop-dev"):
        world.check_cloud([PAIR], calls=1)


async def test_a_share_that_was_sent_twice_is_noticed(world: World) -> None:
    """The member list alone would not show it."""
    await share(world, *PAIR)
    await share(world, *PAIR)

    with pytest.raises(WentWrongError, match="more than once to share base-ubuntu-24 → shop-dev"):
        world.check_cloud([PAIR], calls=2)


async def test_a_call_that_was_not_due_is_noticed(world: World) -> None:
    """Even one that happened to change nothing."""
    await share(world, *PAIR)
    world.check_cloud([PAIR], calls=1)
    world.cloud.fault("refuse:IMG.0027")
    with pytest.raises(AssertionError):
        await share(world, *PAIR)

    with pytest.raises(WentWrongError, match="received 1 call to change something, not 0"):
        world.check_cloud()


def test_the_recorded_demo_is_of_this_story() -> None:
    """A record of another story would make the reader doubt both."""
    page = (Path(bot.__file__).parents[1] / "docs/demo.md").read_text(encoding="utf-8")
    words = " ".join(page.split())

    for number, (title, caption, _) in enumerate(STEPS, start=1):
        assert f"── {number}. {title} ─" in words
        assert caption in words


# -- how it looks ----------------------------------------------------------------------------------------------------


def test_the_policy_of_the_demo_is_a_good_one() -> None:
    """Its own tests pass, and nothing in it is suspicious."""
    assert lint(load(POLICY)) == ()


def test_blocks_are_drawn_with_names_and_without_markup() -> None:
    """People have names, and ids are for machines."""
    names = {"U1": "anna", "S1": "leads"}
    words = {"type": "text", "text": "a & <b>", "style": {"code": True}}
    mention, group = {"type": "user", "user_id": "U1"}, {"type": "usergroup", "usergroup_id": "S1"}
    section = {"type": "rich_text_section", "elements": [mention, words, group]}
    button = {"type": "button", "text": {"text": "Approve"}, "style": "primary"}
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"text": "#1"}},
        {"type": "rich_text", "elements": [section, {"type": "rich_text_list", "elements": [section]}]},
        {
            "type": "context",
            "elements": [{"type": "plain_text", "text": "rule "}, {"type": "mrkdwn", "text": "<@U1>"}],
        },
        {"type": "actions", "elements": [button, button]},
    ]

    lines = [line.plain for line in drawn(blocks, names)]

    assert lines == [
        "#1", "@annaa & <b>@leads", "• @annaa & <b>@leads", "rule @anna", "[Approve]  [Approve]",
    ]  # fmt: skip


def test_a_text_is_drawn_with_mentions_dates_and_entities_undone() -> None:
    """What Slack would show."""
    text = "<@U1> &lt;3 <!subteam^S1> <!date^1700000000^{date_short_pretty}|then>"

    assert re.fullmatch(r"@anna <3 @S1 Nov 1[45], \d\d:\d\d", text_drawn(text, {"U1": "anna"}).plain)


def test_a_long_line_is_wrapped_beside_its_speaker() -> None:
    """Else nobody can see who says what."""
    out = Console(width=40, record=True, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    with out.file:
        Teller(out).does("anna", "/image share one, two, three to four, five")

    assert out.export_text().splitlines() == [
        "anna      /image share one, two, three",
        "          to four, five",
    ]
