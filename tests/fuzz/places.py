"""Where the fuzzer keeps what it finds: under .fuzz, which is not committed."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.target import Target

HOME = Path(__file__).parents[2] / ".fuzz"
CRASHES = HOME / "crashes"
LOGS = HOME / "logs"


def grown(target: Target) -> Path:
    """The folder of inputs that showed something new, kept from run to run."""
    folder = HOME / "corpus" / target.name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def crash_prefix(target: Target) -> str:
    """What the path of every crash of this target begins with."""
    CRASHES.mkdir(parents=True, exist_ok=True)
    return f"{CRASHES}/{target.name}-"


def target_of(crash: Path) -> str:
    """The name of the target whose crash this is."""
    return crash.name.partition("-")[0]


def dictionary(target: Target) -> Path:
    """The target's words as libFuzzer wants them."""
    path = HOME / f"{target.name}.dict"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (_quoted(token.encode("utf-8", "surrogatepass")) for token in target.tokens if token)
    path.write_text("".join(f'"{line}"\n' for line in lines))
    return path


def _quoted(token: bytes) -> str:
    return "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02x}" for byte in token
    )
