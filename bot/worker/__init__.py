"""When due rows are acted on: how many at once, how fast, and when to stop. What is done with one is a use case."""

from bot.worker.crew import Crew, Report
from bot.worker.worker import Worker

__all__ = ["Crew", "Report", "Worker"]
