"""The auditor at the command line: verify, export and retain on a real database, read as an auditor reads."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from tests.adapters.store.audit_logs import a_log, a_retained_log, forger
from tests.journeys.process import Ended, imagebot


async def audit(folder: Path, *words: str) -> Ended:
    """`imagebot audit ...` on the database of the folder."""
    values = {
        "IMAGEBOT_DATABASE": f"sqlite:///{folder / 'imagebot.db'}", "NO_COLOR": "1", "COLUMNS": "200",
    }  # fmt: skip
    return await imagebot("audit", *words, values=values, folder=folder)


async def test_an_auditor_verifies_with_what_they_kept(tmp_path: Path) -> None:
    """With a pasted head, with lines of the log, and with neither."""
    events = await a_log(tmp_path / "imagebot.db")
    heads = tmp_path / "bot.log"
    said = [
        json.dumps({"event": "audit_head", "id": e.id, "count": e.id, "hash": e.hash}) for e in events[::2]
    ]
    heads.write_text("\n".join(["{}", *said]))
    bare, pasted, noted, plain = await asyncio.gather(
        audit(tmp_path, "verify"),
        audit(tmp_path, "verify", "--head", events[3].hash, "--count", "4"),
        audit(tmp_path, "verify", "--anchors", str(heads)),
        audit(tmp_path, "verify", "--json"),
    )

    assert (bare.code, "Events 1 to 7" in bare.out, "unbroken from its beginning" in bare.out) == (
        0,
        True,
        True,
    )
    assert f"Head: {events[-1].hash}, event 7." in bare.out
    assert (pasted.code, "1 noted head(s) fit" in pasted.out) == (0, True)
    assert (noted.code, "4 noted head(s) fit" in noted.out) == (0, True)
    assert json.loads(plain.out)["ok"] is True


async def test_a_cut_log_is_found_with_what_was_kept(tmp_path: Path) -> None:
    """And only with that: the chain itself cannot know its end."""
    path = tmp_path / "imagebot.db"
    events = await a_log(path)
    with forger(path) as connection:
        connection.execute("DELETE FROM events WHERE id > 4")
    bare, pasted = await asyncio.gather(
        audit(tmp_path, "verify"), audit(tmp_path, "verify", "--head", events[-1].hash, "--count", "7")
    )

    assert bare.code == 0
    assert (pasted.code, "The log ends with event 4, but event 7 was noted" in pasted.err) == (1, True)


async def test_an_export_is_verified_without_the_database(tmp_path: Path) -> None:
    """Each form, whole and in part; each export is an event of the log, and stands in itself."""
    await a_log(tmp_path / "imagebot.db")
    for form in ("jsonl", "csv", "ocsf"):
        file = tmp_path / f"export.{form}"
        exported = await audit(tmp_path, "export", "--format", form)
        file.write_bytes(exported.out.encode())
        part = tmp_path / f"part.{form}"
        part.write_bytes((await audit(tmp_path, "export", "--format", form, "--request", "#1")).out.encode())
        whole, strict, excerpt = await asyncio.gather(
            audit(tmp_path, "verify", "--file", str(file)),
            audit(tmp_path, "verify", "--file", str(part)),
            audit(tmp_path, "verify", "--file", str(part), "--part"),
        )
        assert "audit_exported" in exported.out.splitlines()[-1], form
        assert (whole.code, "unbroken from its beginning" in whole.out) == (0, True), whole.err
        assert (strict.code, "say --part" in strict.err) == (1, True), strict.out
        assert (excerpt.code, "This is an excerpt" in excerpt.out) == (0, True), excerpt.err
        content = file.read_text()
        file.write_text(content.replace("share a to b", "share a to c"))
        changed = await audit(tmp_path, "verify", "--file", str(file))
        assert (changed.code, "Event 2" in changed.err) == (1, True), changed.err


async def test_retention_is_told_and_proved(tmp_path: Path) -> None:
    """Without the archive from the seal on, with it from the beginning."""
    path, archive = tmp_path / "imagebot.db", tmp_path / "archive.jsonl"
    await a_retained_log(path, archive=archive)
    trial = await audit(tmp_path, "retain", "--keep", "1d", "--dry-run")
    done = await audit(tmp_path, "retain", "--keep", "1d", "--archive", str(archive))
    alone, joined, exported = await asyncio.gather(
        audit(tmp_path, "verify"),
        audit(tmp_path, "verify", "--archive", str(archive)),
        audit(tmp_path, "export"),
    )

    assert (trial.code, "would be removed" in trial.out) == (0, True), trial.err
    assert (done.code, "archived in" in done.out) == (0, True), done.err
    assert (alone.code, "removed by a retention that is recorded" in alone.out) == (0, True), alone.err
    assert (joined.code, "unbroken from its beginning" in joined.out) == (0, True), joined.err
    file = tmp_path / "export.jsonl"
    file.write_text(exported.out)
    assert (await audit(tmp_path, "verify", "--file", str(file))).code == 0
    assert (await audit(tmp_path, "verify", "--file", str(file), "--archive", str(archive))).code == 0
    archive.write_text(archive.read_text().replace("share a to b", "share a to c"))
    forged = await audit(tmp_path, "verify", "--archive", str(archive))
    assert (forged.code, "Event 2" in forged.err) == (1, True), forged.err


async def test_a_wrong_question_is_told_in_a_sentence(tmp_path: Path) -> None:
    """2 for what was typed wrongly, 1 for what cannot be done."""
    await a_log(tmp_path / "imagebot.db")
    (tmp_path / "empty.log").write_text("nothing\n")
    (tmp_path / "notes.txt").write_text("my notes\n")
    mistakes = (
        (("verify", "--head", "abc"), 2, "a hash of 64"),
        (("verify", "--count", "3"), 2, "--count needs --head"),
        (("verify", "--anchors", str(tmp_path / "nowhere")), 2, "cannot be read"),
        (("verify", "--anchors", str(tmp_path / "empty.log")), 2, "no line with an audit_head"),
        (("verify", "--part"), 2, "say --file too"),
        (("verify", "--file", str(tmp_path / "nowhere")), 1, "cannot be read"),
        (("verify", "--file", str(tmp_path / "notes.txt")), 1, "not an export"),
        (("verify", "--archive", str(tmp_path / "nowhere")), 1, "cannot be read"),
        (("export", "--since", "yesterday"), 2, "a day or a moment"),
        (("export", "--since", "2026-03-02", "--until", "2026-03-01"), 2, "--since must be before"),
        (("export", "--request", "twelve"), 2, "not a request number"),
        (("export", "--format", "xml"), 2, "jsonl or csv or ocsf"),
        (("retain", "--keep", "soon"), 2, "say --keep 400d"),
        (("retain",), 2, "--keep"),
        (("retain", "--keep", "1d", "--archive", str(tmp_path / "notes.txt")), 1, "not an archive"),
    )  # fmt: skip
    answers = await asyncio.gather(*(audit(tmp_path, *words) for words, _, _ in mistakes[:8]))
    answers += await asyncio.gather(*(audit(tmp_path, *words) for words, _, _ in mistakes[8:]))
    for (words, code, part), ended in zip(mistakes, answers, strict=True):
        assert (ended.code, part in ended.out + ended.err) == (code, True), (words, ended)
