"""The operator looks: at requests and the audit log beside a running bot, and what is said when the question was wrong."""

from __future__ import annotations

import json
import sqlite3

from tests.journeys.cast import ALICE, LEA
from tests.journeys.process import assert_discreet, imagebot, served
from tests.journeys.stage import empty_stage, stage


async def test_the_operator_can_look_while_the_bot_runs() -> None:
    """Reading takes no lock and changes nothing; an export leaves its own event, and nothing else."""
    async with stage() as s:
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev, shop-prod because CHG-9")
        await s.says("Done and verified")
        await s.quiet()
        only = {"IMAGEBOT_DATABASE": f"sqlite:///{s.database}"}

        listed = await imagebot("requests", values=only, folder=s.folder)
        assert (listed.code, "#1" in listed.out, "waiting for approval" in listed.out) == (0, True, True)
        rows = json.loads((await imagebot("requests", "all", "--json", values=only, folder=s.folder)).out)
        assert [row["id"] for row in rows] == [1]

        shown = await imagebot("show", "#1", values=only, folder=s.folder)
        assert "base-ubuntu-24 -> shop-dev: done" in shown.out
        tree = json.loads((await imagebot("show", "1", "--json", values=only, folder=s.folder)).out)
        assert [lane["state"] for lane in tree["lanes"]] == ["succeeded", "awaiting_approval"]

        sound = await imagebot("audit", "verify", values=only, folder=s.folder)
        assert (sound.code, "unbroken" in sound.out) == (0, True)
        exported = await imagebot("audit", "export", values=only, folder=s.folder)
        kinds = [json.loads(line)["kind"] for line in exported.out.splitlines()]
        assert kinds[0] == "bot_started"
        assert "request_received" in kinds
        table = await imagebot("audit", "export", "--format", "csv", values=only, folder=s.folder)
        assert kinds[-1] == "audit_exported"
        assert len(table.out.splitlines()) == 1 + len(kinds) + 1  # its columns, and the event of this export

        command = ("policy", "explain", "#1", "-g", "engineers", "--file", str(s.policy))
        why = await imagebot(*command, values=only, folder=s.folder)
        assert (why.code, "needs 1 of leads" in why.out) == (0, True)
        await s.press(LEA, "Approve", lane="1.2")
        assert await s.settled() == "ended"


MISTAKES = (
    (("show", "77"), 1, "There is no request #77"),
    (("show", "x"), 2, "not a request number"),
    (("requests", "some"), 2, "open or all"),
    (("audit", "export", "--format", "xml"), 2, "jsonl or csv"),
    (("frobnicate",), 2, "No such command"),
    (("manifest", "carrier-pigeon"), 2, "socket or http"),
    (("requests", "--database", "/nowhere/at/all.db"), 1, "There is no database"),
    (("policy", "check", "/nowhere/policy.yml"), 1, "cannot be read"),
)


async def test_an_operators_mistake_is_told_in_a_sentence() -> None:
    """1 for what failed, 2 for what was typed wrongly; never a stack."""
    async with empty_stage() as s:
        await imagebot("migrate", values=s.environ(), folder=s.folder)
        only = {"IMAGEBOT_DATABASE": f"sqlite:///{s.database}", "NO_COLOR": "1", "COLUMNS": "200"}
        for words, code, part in MISTAKES:
            ended = await imagebot(*words, values=only, folder=s.folder)
            assert (ended.code, part in ended.out + ended.err) == (code, True), ended
            assert_discreet(ended)


async def test_a_changed_row_is_found_in_the_audit_log() -> None:
    """Promise 9: the first bad row is named."""
    async with empty_stage() as s:
        async with served(s) as bot:
            await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
            await s.settled()
            await bot.terminate()
        only = {"IMAGEBOT_DATABASE": f"sqlite:///{s.database}"}
        with sqlite3.connect(s.database) as connection:
            tables = [r[0] for r in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
            table = next(t for t in tables if "audit" in t or "event" in t)
            triggers = connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall()
            for (name,) in triggers:
                connection.execute(f'DROP TRIGGER "{name}"')
            connection.execute(f'UPDATE "{table}" SET kind = "nothing_happened" WHERE id = 2')
        ended = await imagebot("audit", "verify", values=only, folder=s.folder)
        assert ended.code == 1
        assert "2" in ended.err
