"""What the machine around the bot leaves open, and what the bot itself leaves on its disk."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bot.adapters.store.sqlite import SqliteStore
from bot.app.hardening import warnings
from bot.app.policy_keeper import read_policy
from bot.config import Config
from bot.domain.errors import PolicyError
from tests.test_docker import RUN, STAGES

ROOT = Path(__file__).parents[2]
NEEDED = {
    "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s", "IMAGEBOT_REGION": "eu-de", "HUAWEICLOUD_SDK_AK": "a",
    "HUAWEICLOUD_SDK_SK": "b", "HUAWEICLOUD_SDK_PROJECT_ID": "c",
}  # fmt: skip


def found(folder: Path, env_file: Path | None = None, **more: str) -> list[str]:
    """The doctor's warnings for a bot whose files lie in this folder."""
    places = {
        "IMAGEBOT_DATABASE": f"sqlite:///{folder}/bot.db",
        "IMAGEBOT_POLICY": str(folder / "policy.yml"),
    }
    environ = NEEDED | places | more
    return list(warnings(Config.load(environ, env_file=env_file), environ, env_file))


def file(path: Path, mode: int, text: str = "") -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


# -- the doctor --------------------------------------------------------------------------------


def test_a_machine_in_good_order_has_no_warnings(tmp_path: Path) -> None:
    """Else nobody reads them."""
    for name in ("bot.db", "bot.db-wal", ".env"):
        file(tmp_path / name, 0o600)
    file(tmp_path / "policy.yml", 0o644)

    assert found(tmp_path, tmp_path / ".env") == []


@pytest.mark.parametrize(
    ("mode", "word"), [(0o640, "read"), (0o604, "read"), (0o620, "change"), (0o666, "read and change")]
)
def test_a_file_of_secrets_that_others_may_read_or_change_is_told(
    tmp_path: Path, mode: int, word: str
) -> None:
    """Every user of the machine would be the bot."""
    env = file(tmp_path / ".env", mode)
    (told,) = found(tmp_path, env)

    assert f"can {word} it: chmod 600" in told


def test_a_secret_in_a_file_of_its_own_is_looked_at_too(tmp_path: Path) -> None:
    """SLACK_SIGNING_SECRET_FILE and its like."""
    path = file(tmp_path / "secret", 0o644, "quite-secret")
    environ = {"SLACK_SIGNING_SECRET": "", "SLACK_SIGNING_SECRET_FILE": str(path)}

    assert [str(path) in told for told in found(tmp_path, None, **environ)] == [True]


@pytest.mark.parametrize("name", ["bot.db", "bot.db-wal", "bot.db-shm"])
def test_a_database_that_others_may_read_is_told(tmp_path: Path, name: str) -> None:
    """Somebody copied or restored it with the usual mode."""
    file(tmp_path / name, 0o644)

    assert [name in told for told in found(tmp_path)] == [True]


def test_a_policy_that_everybody_may_change_is_told(tmp_path: Path) -> None:
    """Whoever changes it decides what needs no approval."""
    file(tmp_path / "policy.yml", 0o646)

    assert ["chmod o-w" in told for told in found(tmp_path)] == [True]


@pytest.mark.parametrize(
    ("listen", "told"),
    [
        ("127.0.0.1:3000", 0),
        ("[::1]:3000", 0),
        ("localhost:3000", 0),
        ("0.0.0.0:3000", 1),
        ("[::]:3000", 1),
        ("10.1.2.3:80", 1),
    ],
)
def test_an_address_that_everybody_reaches_is_told(tmp_path: Path, listen: str, told: int) -> None:
    """The bot speaks no TLS itself."""
    sentences = found(tmp_path, None, IMAGEBOT_LISTEN=listen)

    assert len(sentences) == told
    assert all("without TLS" in one and "proxy" in one for one in sentences)


# -- the disk ----------------------------------------------------------------------------------


async def test_every_file_the_bot_makes_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    """A service is often started with umask 0."""
    before = os.umask(0)
    try:
        store = SqliteStore(str(tmp_path / "bot.db"))
        await store.write(lambda tx: tx.next_due())
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        await store.close()
    finally:
        os.umask(before)

    assert {"bot.db", "bot.db-wal"} <= set(modes)
    assert set(modes.values()) == {0o600}


def test_what_was_deleted_does_not_linger_in_the_pages() -> None:
    """A response_url that was emptied would else still be in a copy of the file."""
    text = (ROOT / "bot/adapters/store/connection.py").read_text()
    assert '"secure_delete = ' in text


# -- the image ---------------------------------------------------------------------------------


def test_nothing_of_the_outside_is_copied_into_the_image() -> None:
    """A .env beside the Dockerfile must not end in a layer."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    ignored = [line for line in lines if not line.startswith("#")]
    assert ignored[0] == "*"
    assert not any(line.startswith("!") and "env" in line for line in ignored)
    assert not [text for stage in STAGES for step, text in stage.steps if step == "ADD"]


def test_the_image_needs_no_rights_of_a_superuser() -> None:
    """A port below 1024 or a file outside /data would be a reason to run it as root."""
    assert int(RUN.last("EXPOSE")) > 1024
    assert RUN.last("USER") != "root"
    assert not [text for step, text in RUN.steps if step == "RUN"], (
        "nothing is done as root in the last stage"
    )


# -- files that are read -----------------------------------------------------------------------

UNSAFE = (
    "!!python/object/apply:os.system ['touch pwned']",
    "!!python/name:os.system",
    "!!python/object:pathlib.Path {}",
)


@pytest.mark.parametrize("tag", UNSAFE)
def test_a_policy_cannot_run_anything(tag: str, tmp_path: Path) -> None:
    """It comes by a pull request, and is read before anybody has looked at what it does."""
    path = file(tmp_path / "policy.yml", 0o600, f"version: 1\ngroups: {tag}\n")
    with pytest.raises(PolicyError):
        read_policy(path)

    assert not (Path.cwd() / "pwned").exists()


def test_only_the_safe_reader_of_yaml_is_used() -> None:
    """The others construct whatever the file names."""
    unsafe = re.compile(r"yaml\.(load|unsafe_load|full_load|Loader|FullLoader|UnsafeLoader|CLoader)\b")
    assert [
        str(p) for p in (ROOT / "bot").rglob("*.py") if unsafe.search(p.read_text(encoding="utf-8"))
    ] == []


def test_a_billion_laughs_are_refused_at_once(tmp_path: Path) -> None:
    """Aliases of aliases: a few hundred bytes that unfold to gigabytes."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    path = file(tmp_path / "policy.yml", 0o600, "version: 1\n" + "\n".join(lines) + "\n")
    with pytest.raises(PolicyError):
        read_policy(path)


LINEAR = """
import re, sys
sys.path.insert(0, {root!r})
from bot.app.logs import scrub
from bot.domain.errors import CommandError
from bot.domain.parse import parse
for text in {texts!r}:
    text = text * 20000
    scrub(text)
    try:
        parse("share " + text[:40000])
    except CommandError:
        pass
"""


@pytest.mark.slow
def test_no_text_makes_reading_it_take_for_ever() -> None:
    """A pattern that backtracks would hold everybody up: forty thousand characters of the worst kinds are read in seconds. The
    end of the time is the failure; a pattern that squares would take hours."""
    texts = [
        "a",
        "-",
        "<",
        "`",
        '"',
        "&lt;",
        "https://x/",
        "xoxb-",
        "SDK-HMAC-SHA256",
        "a,",
        ", ",
        "\u2013",
        "<@U",
        "ticket=",
        "\\",
    ]
    code = LINEAR.format(root=str(ROOT), texts=texts)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)

    assert done.returncode == 0, done.stderr
