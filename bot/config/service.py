"""Settings of the bot itself: files, database, address, log, how much at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from bot.config.fields import (
    DAY,
    Database,
    Keep,
    Listen,
    Lower,
    Section,
    count,
    database_file,
    listen_address,
    seconds,
    setting,
)


class ServiceSettings(Section):
    """The bot."""

    policy: Path = setting("IMAGEBOT_POLICY", "The policy file.", default="policy.yml", expects="a path")
    database: Database = setting(
        "IMAGEBOT_DATABASE",
        "Where everything is kept. Three slashes: a relative path; four: an absolute one.",
        default="sqlite:///imagebot.db",
        expects="sqlite:///imagebot.db or sqlite:////data/imagebot.db",
    )
    migrate: bool = setting(
        "IMAGEBOT_MIGRATE",
        "Bring the database up to date at start. If not, run `imagebot migrate`.",
        default=True,
        expects="yes or no",
    )
    listen: Listen = setting(
        "IMAGEBOT_LISTEN",
        "Where `/healthz`, `/readyz`, `/metrics` and, in HTTP mode, `/slack/events` are served.",
        default="127.0.0.1:3000",
        expects="host:port",
    )
    max_connections: int = count(
        "IMAGEBOT_MAX_CONNECTIONS",
        500,
        "Connections held open there at the same time; more are turned away.",
        most=100_000,
    )
    metrics: bool = setting("IMAGEBOT_METRICS", "Serve `/metrics`.", default=True, expects="on or off")
    log: Annotated[Literal["debug", "info", "warning", "error"], Lower] = setting(
        "IMAGEBOT_LOG",
        "How much is logged; JSON when not a terminal.",
        default="info",
        expects="debug, info, warning or error",
    )
    workers: int = count("IMAGEBOT_WORKERS", 8, "Due rows handled at the same time.", most=256)
    shutdown_timeout: float = seconds(
        "IMAGEBOT_SHUTDOWN_TIMEOUT",
        timedelta(seconds=10),
        "How long work in hand may take to end after SIGTERM.",
        most=600,
    )

    audit_anchor_every: float = seconds(
        "IMAGEBOT_AUDIT_ANCHOR_EVERY",
        timedelta(days=1),
        "How often the head of the audit log is noted outside it: in the log, and in the ops channel.",
        most=7 * DAY,
    )
    audit_keep: Keep | None = setting(
        "IMAGEBOT_AUDIT_KEEP",
        "How long audit events are kept; older ones are removed once a day. Empty: for ever.",
        expects="days, from 1d to 36500d",
        example="400d",
    )
    audit_archive: Path | None = setting(
        "IMAGEBOT_AUDIT_ARCHIVE",
        "The file to which audit events are written before they are removed. Empty: nowhere.",
        expects="a path",
        example="audit-archive.jsonl",
    )

    @property
    def database_file(self) -> Path:
        return database_file(self.database)

    @property
    def listen_address(self) -> tuple[str, int]:
        """Host and port."""
        return listen_address(self.listen)
