"""What the machine around the bot leaves open: files that others may read or change, an address that everybody can reach.
Findings for the doctor; nothing is changed."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path

from bot.config import SETTINGS, Config

READ, WRITE = stat.S_IRGRP | stat.S_IROTH, stat.S_IWGRP | stat.S_IWOTH


def warnings(config: Config, environ: Mapping[str, str], env_file: Path | None) -> Iterator[str]:
    """One plain sentence for each thing that should be closed; nothing when all is well."""
    secret_files = [
        environ[f"{row.name}_FILE"] for row in SETTINGS if row.secret and environ.get(f"{row.name}_FILE")
    ]
    for path in (*([env_file] if env_file else []), *map(Path, secret_files)):
        yield from _open_to_others(path, READ | WRITE, "holds secrets", "chmod 600")
    database = config.service.database_file
    for path in (database, *(database.with_name(database.name + end) for end in ("-wal", "-shm"))):
        yield from _open_to_others(path, READ | WRITE, "holds every request and the audit log", "chmod 600")
    yield from _open_to_others(config.service.policy, stat.S_IWOTH, "decides who may share what", "chmod o-w")
    yield from _listening(config)


def _open_to_others(path: Path, bits: int, what: str, instead: str) -> Iterator[str]:
    try:
        mode = path.stat().st_mode & bits
    except OSError:
        return
    if not mode:
        return
    can = " and ".join(word for word, bit in (("read", READ), ("change", WRITE)) if mode & bit)
    yield f"{path} {what}, and other users of this machine can {can} it: {instead} {path}."


def _listening(config: Config) -> Iterator[str]:
    host, port = config.service.listen_address
    if _is_loopback(host):
        return
    what = "Slack's calls are answered" if not config.slack.socket_mode else "health and metrics are shown"
    yield (
        f"IMAGEBOT_LISTEN={config.service.listen}: without TLS {what} to whoever reaches port {port} of this machine. "
        "Let only your proxy or your cluster reach it, or listen on 127.0.0.1."
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
