"""The policy in force is always a good one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app.policy_keeper import LARGEST, PolicyKeeper, read_policy
from bot.domain.errors import PolicyError
from tests.stories.world import POLICY


class Heard:
    """What was announced, in order."""

    def __init__(self) -> None:
        self.kinds: list[str] = []

    async def __call__(self, kind: str, sentence: str) -> None:
        self.kinds.append(kind)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yml"
    path.write_text(POLICY)
    return path


@pytest.mark.parametrize(
    "bad", ["", "rules: [", "version: 1\nrules: {}\n", POLICY + "\nsurprise: 1\n", "\x00"]
)
async def test_a_bad_file_never_replaces_a_good_one(file: Path, bad: str) -> None:
    """And it is said why, until it is mended."""
    keeper, heard = PolicyKeeper(file), Heard()
    good = keeper.current()
    file.write_text(bad)
    assert keeper.changed()

    assert await keeper.reload(heard) is False
    assert keeper.current() is good
    assert keeper.problem
    file.write_text(POLICY.replace("24h", "12h"))
    assert await keeper.reload(heard) is True
    assert keeper.current() is not good
    assert keeper.problem == ""
    assert heard.kinds == ["policy_refused", "policy_loaded"]


async def test_a_file_that_vanishes_leaves_the_policy_in_force(file: Path) -> None:
    """An editor that replaces the file must not stop the bot."""
    keeper = PolicyKeeper(file)
    file.unlink()
    assert await keeper.reload(Heard()) is False
    assert keeper.current().rules


async def test_a_policy_that_fails_its_own_tests_is_refused(file: Path) -> None:
    """The file carries its own tests."""
    keeper, heard = PolicyKeeper(file), Heard()
    file.write_text(
        POLICY
        + "tests:\n  - name: wrong\n    request: {by: {groups: []}, image: {name: x}, project: shop-dev}\n"
        "    expect: {outcome: allow}\n"
    )
    assert await keeper.reload(heard) is False
    assert "wrong" in keeper.problem


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"x" * (LARGEST + 1)])
def test_what_is_no_text_or_far_too_large_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    """A plain sentence, not a stack."""
    path = tmp_path / "policy.yml"
    path.write_bytes(content)
    with pytest.raises(PolicyError, match=r"policy\.yml"):
        read_policy(path)


def test_a_missing_file_says_which_setting_names_it(tmp_path: Path) -> None:
    """Bad input gets a clear error: what, where, and what to do."""
    with pytest.raises(PolicyError, match="IMAGEBOT_POLICY"):
        PolicyKeeper(tmp_path / "none.yml")
