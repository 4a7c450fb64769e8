"""Figures for /metrics, in Prometheus' format. No names, no texts, no secrets: kinds and counts only."""

from __future__ import annotations

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.ports import Outside
from bot.worker import Report

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """One registry a process (not the library's global one, so that two bots in one test do not meet)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._inbound = Counter(
            "imagebot_inbound_total", "Commands, clicks and forms received.", ["kind"], registry=self.registry
        )
        self._work = Histogram(
            "imagebot_work_seconds", "Time to act on one due row.", ["kind", "outcome"], buckets=BUCKETS,
            registry=self.registry,
        )  # fmt: skip
        self._due = Gauge("imagebot_due_rows", "Rows due now.", ["kind"], registry=self.registry)
        self._jobs = Gauge("imagebot_jobs_in_flight", "Jobs neither done nor stuck.", registry=self.registry)
        self._ready = Gauge("imagebot_ready", "1 when /readyz says ready.", registry=self.registry)

    def inbound(self, kind: str) -> None:
        self._inbound.labels(kind).inc()

    def worked(self, report: Report) -> None:
        self._work.labels(report.kind.value, report.outcome.value).observe(report.seconds)

    async def render(self, outside: Outside, now: datetime, ready: bool) -> bytes:
        """The page, with the store's figures of this moment."""
        counts, jobs = await outside.store.read(
            lambda view: (view.due_counts(now), len(view.jobs_in_flight()))
        )
        for kind, count in counts.items():
            self._due.labels(kind.value).set(count)
        self._jobs.set(jobs)
        self._ready.set(1 if ready else 0)
        return generate_latest(self.registry)
