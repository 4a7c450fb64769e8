"""Draws docs/curves/*.png from docs/curves/growth.json. Needs matplotlib, which the bot and its tests do not: `make curves` gives it
an environment of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt

FOLDER = Path(__file__).parents[1] / "docs" / "curves"
PANELS = {
    "by_requests": (
        "requests",
        "stored requests",
        (
            ("acknowledgement, ms", {"ack_p50_ms": "median", "ack_p99_ms": "99 %"}),
            ("claim of 20 due rows, us", {"claim_us": ""}),
            ("resident memory, MB", {"memory_mb": ""}),
            ("database, MB", {"database_mb": ""}),
        ),
    ),
    "by_jobs": (
        "jobs",
        "jobs in flight",
        (
            ("acknowledgement, ms", {"ack_p50_ms": "median", "ack_p99_ms": "99 %"}),
            ("claim of 20 due rows, us", {"claim_us": ""}),
            ("resident memory, MB", {"memory_mb": ""}),
            ("from a job's end to our seeing it, s", {"delay_mean_s": "mean", "delay_p99_s": "99 %"}),
        ),
    ),
}


def draw(name: str, points: list[dict[str, float]]) -> None:
    """One picture of four panels."""
    x, words, panels = PANELS[name]
    figure, axes = plt.subplots(2, 2, figsize=(9, 6), layout="constrained")
    for axis, (title, lines) in zip(axes.flat, panels, strict=True):
        for key, label in lines.items():
            axis.plot([p[x] for p in points], [p[key] for p in points], marker="o", label=label or None)
        axis.set_title(title, fontsize=10)
        axis.set_xscale("log")
        axis.set_xlabel(words)
        spread = [p[key] for p in points for key in lines]
        if max(spread) > 20 * min(spread) > 0:
            axis.set_yscale("log")
        else:
            axis.set_ylim(0, 1.1 * max(spread))
        axis.grid(alpha=0.3)
        if any(lines.values()):
            axis.legend(frameon=False)
    figure.savefig(FOLDER / f"{name}.png", dpi=110, metadata={"Software": ""})
    plt.close(figure)


def main() -> None:
    figures: dict[str, Any] = json.loads((FOLDER / "growth.json").read_text(encoding="utf-8"))
    for name in PANELS:
        draw(name, figures[name])


if __name__ == "__main__":
    main()
