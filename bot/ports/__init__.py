"""The outside on one page: what the use cases need of the store, the cloud, Slack, people and time.

Each sentence below is a promise to the use cases; the contract suites in tests/contracts hold one test per promise, and every
implementation, fake or real, runs them.
"""

from bot.ports.chat import AtOnce, Chat, People, Turns, Way
from bot.ports.cloud import Cloud, JobPhase, JobReading, Ticket
from bot.ports.outside import Clock, Outside, Pace
from bot.ports.store import Store, Transaction, View

__all__ = [
    "AtOnce",
    "Chat",
    "Clock",
    "Cloud",
    "JobPhase",
    "JobReading",
    "Outside",
    "Pace",
    "People",
    "Store",
    "Ticket",
    "Transaction",
    "Turns",
    "View",
    "Way",
]
