"""The raw text of the settings: variables of the process, the `.env` file, the files `NAME_FILE` names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from dotenv.parser import parse_stream

from bot.domain.errors import Problem


@dataclass(frozen=True, kw_only=True)
class Given:
    """What somebody set, before it is understood."""

    values: Mapping[str, str]
    """Name to value. Empty ones are left out: an empty variable is the same as none."""
    names: frozenset[str]
    """Names somebody tried to set, in this way or another; of these none is missing."""
    problems: tuple[Problem, ...]


def read_given(environ: Mapping[str, str], env_file: Path | None, secrets: Iterable[str]) -> Given:
    """The variables, those of the process first, with every secret that lies in a file."""
    from_file, problems = _read_env_file(env_file)
    values = {name: value for name, value in {**from_file, **environ}.items() if value}
    names = set(values)
    for name in secrets:
        pointer = f"{name}_FILE"
        path = values.pop(pointer, None)
        if path is None:
            continue
        names.add(name)
        secret = _read_secret(pointer, name, Path(path), both=name in values)
        if isinstance(secret, Problem):
            problems.append(secret)
        else:
            values[name] = secret
    return Given(values=values, names=frozenset(names), problems=tuple(problems))


def _read_env_file(path: Path | None) -> tuple[dict[str, str], list[Problem]]:
    if path is None:
        return {}, []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}, []
    except (OSError, UnicodeDecodeError, ValueError) as error:
        return {}, [
            Problem(
                where=str(path),
                what=f"cannot be read: {_reason(error)}",
                instead="a text file of NAME=value lines",
            )
        ]
    values: dict[str, str] = {}
    problems: list[Problem] = []
    # Taken as it stands: a secret with "${" in it must not be expanded.
    for line in parse_stream(StringIO(text)):
        if line.error or (line.key is not None and line.value is None):
            number = line.original.line + len(line.original.string) - len(line.original.string.lstrip("\r\n"))
            problems.append(
                Problem(where=f"{path}:{number}", what="cannot be understood", instead="NAME=value")
            )
        elif line.key is not None and line.value is not None:
            values[line.key] = line.value
    return values, problems


def _read_secret(pointer: str, name: str, path: Path, *, both: bool) -> str | Problem:
    if both:
        return Problem(where=name, what=f"is set, and so is {pointer}", instead="set one of the two")
    try:
        secret = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        return Problem(
            where=pointer,
            what=f"{path} cannot be read: {_reason(error)}",
            instead="a file that holds the secret alone",
        )
    if not secret.strip():
        return Problem(where=pointer, what=f"{path} is empty", instead="a file that holds the secret alone")
    return secret


def _reason(error: Exception) -> str:
    # A UnicodeDecodeError's own words would quote the file.
    return (error.strerror or "no reason given").lower() if isinstance(error, OSError) else "it is not text"
