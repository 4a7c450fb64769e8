"""One target in a process of its own: `python -m tests.fuzz.child NAME SECONDS RUNS ENGINE SEED`. Ends with 0 when nothing was
found; a crash is written before the process ends otherwise."""

from __future__ import annotations

import sys

from tests.fuzz import by_hypothesis, places


def main(name: str, seconds: str, runs: str, engine: str, seed: str) -> None:
    """Fuzzes one target until the time is over or the number of inputs is reached; 0 is without limit for either."""
    if engine == "atheris":
        _by_atheris(name, int(seconds), int(runs), int(seed))
    else:
        by_hypothesis.fuzz(name, float(seconds), int(runs), int(seed))


def _by_atheris(name: str, seconds: int, runs: int, seed: int) -> None:
    import atheris

    # What is loaded in here is watched: each branch taken is a feature, each comparison a hint.
    with atheris.instrument_imports(include=["bot"]):
        from tests.fuzz.guarding import guarded
        from tests.fuzz.targets import target

        found = target(name)
    options = [
        f"-max_total_time={seconds}", f"-runs={runs or -1}", f"-seed={seed}", f"-max_len={found.longest}", "-timeout=60",
        "-print_final_stats=1", "-rss_limit_mb=4096", "-len_control=0", f"-dict={places.dictionary(found)}",
        f"-artifact_prefix={places.crash_prefix(found)}",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(places.grown(found)), str(found.seeds)], guarded(found))
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
