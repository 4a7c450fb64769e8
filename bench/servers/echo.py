"""Floors E and D: Bolt on its own aiohttp server with one listener that acknowledges and does nothing else.

`python -m bench.servers.echo prompt|default|durable` prints its address and lives until its input ends. `prompt` is Bolt with
process_before_response (E), `default` as people write it (D), `durable` is E that first commits one row to a SQLite file in
the working directory: what a promise costs on this disk, whoever makes it. Slack's address, token and secret come from the
environment.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys

from aiohttp import web
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.app.async_server import AsyncSlackAppServer
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

PATH = "/slack/events"


def _kept(kind: str) -> sqlite3.Connection | None:
    if kind != "durable":
        return None
    connection = sqlite3.connect("durable.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE commands (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT")
    return connection


async def serve(kind: str) -> None:
    token, kept = os.environ["SLACK_BOT_TOKEN"], _kept(kind)
    bolt = AsyncApp(
        client=AsyncWebClient(token=token, base_url=os.environ["SLACK_API_URL"]),
        token=token,
        signing_secret=os.environ["SLACK_SIGNING_SECRET"],
        process_before_response=kind != "default",
    )

    @bolt.command("/image")
    async def acknowledge(ack: AsyncAck, body: dict[str, str]) -> None:
        if kept is not None:
            kept.execute("INSERT INTO commands (text) VALUES (?)", (body["text"],))
        await ack()

    runner = web.AppRunner(AsyncSlackAppServer(0, PATH, bolt).web_app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
