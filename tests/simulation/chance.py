"""Kinds of trouble, and whether it strikes. Every kind has its own stream of chances, and every chance its number, so that one
can be left out without changing the others: that is what a failing story is shrunk by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from random import Random


class Fault(StrEnum):
    """Kinds of trouble that strike at a call. `Deed` kinds (tests.simulation.script) strike at a time."""

    CRASH_BEFORE = "crash before an effect"
    CRASH_AFTER = "crash before the answer"
    CRASH_BEFORE_COMMIT = "crash before a commit"
    CRASH_AFTER_COMMIT = "crash after a commit"
    STORE_BUSY = "store busy"
    STORE_BROKEN = "store broken"
    SUBMIT_LOST_BEFORE = "submit lost on the way"
    SUBMIT_LOST_AFTER = "answer to submit lost"
    CLOUD_BUSY = "cloud 429"
    CLOUD_DOWN = "cloud 5xx or time-out"
    CLOUD_AUTH = "cloud refuses credentials"
    CLOUD_REFUSES = "cloud refuses a call"
    JOB_LIES = "job says SUCCESS, pairs missing"
    JOB_FAILS_DONE = "job says FAIL, pairs there"
    JOB_PARTIAL = "job does some pairs"
    JOB_FAILS = "job fails"
    JOB_SLOW = "slow job"
    JOB_STUCK = "job never ends"
    JOB_LOST = "cloud forgets a job"
    STALE_LIST = "member list lags"
    SLOW_CALL = "slow answer"
    CHAT_BUSY = "Slack 429"
    CHAT_CUT_BEFORE = "Slack cut on the way"
    CHAT_CUT_AFTER = "Slack cut after the effect"
    CHAT_AUTH = "Slack refuses the token"
    URL_DEAD = "response_url dead"
    GROUPS_UNKNOWN = "group look-up fails"
    GROUPS_STALE = "group look-up a minute old"
    DUPLICATE = "duplicate delivery"
    NO_ACK = "acknowledgement lost"
    POLICY_RACE = "policy edit just as a lane is approved"
    CANCEL_RACE = "cancelled just as its call is put back"


RATES: Mapping[Fault, float] = {
    Fault.CRASH_BEFORE: 0.008, Fault.CRASH_AFTER: 0.012, Fault.CRASH_BEFORE_COMMIT: 0.008,
    Fault.CRASH_AFTER_COMMIT: 0.014, Fault.STORE_BUSY: 0.02, Fault.STORE_BROKEN: 0.006,
    Fault.SUBMIT_LOST_BEFORE: 0.12, Fault.SUBMIT_LOST_AFTER: 0.25, Fault.CLOUD_BUSY: 0.08, Fault.CLOUD_DOWN: 0.06,
    Fault.CLOUD_AUTH: 0.02, Fault.CLOUD_REFUSES: 0.06, Fault.JOB_LIES: 0.2, Fault.JOB_FAILS_DONE: 0.15,
    Fault.JOB_PARTIAL: 0.2, Fault.JOB_FAILS: 0.2, Fault.JOB_SLOW: 0.2, Fault.JOB_STUCK: 0.12, Fault.JOB_LOST: 0.12,
    Fault.STALE_LIST: 0.2, Fault.SLOW_CALL: 0.02, Fault.CHAT_BUSY: 0.06, Fault.CHAT_CUT_BEFORE: 0.04,
    Fault.CHAT_CUT_AFTER: 0.1, Fault.CHAT_AUTH: 0.02, Fault.URL_DEAD: 0.2, Fault.GROUPS_UNKNOWN: 0.08,
    Fault.GROUPS_STALE: 0.3, Fault.DUPLICATE: 0.15, Fault.NO_ACK: 0.1,
    Fault.POLICY_RACE: 0.25, Fault.CANCEL_RACE: 0.4,
}  # fmt: skip
"""How often each kind strikes at a chance for it, before the seed makes it rarer or more frequent."""

Hit = tuple[Fault, int]
"""A chance that was taken: the kind, and the number of the chance among those of its kind."""


class Chance:
    """Trouble for one run. `rates` are those of the kinds that are on; with `only`, exactly those hits strike."""

    def __init__(self, seed: int, rates: Mapping[Fault, float], only: frozenset[Hit] | None = None) -> None:
        self._seed, self._rates, self._only = seed, dict(rates), only
        self._streams = {kind: Random(f"{seed}/{kind.name}") for kind in rates}
        self._count: Counter[Fault] = Counter()
        self.hits: list[Hit] = []
        self.healed = False
        """Whether trouble is over for good."""

    def strikes(self, kind: Fault) -> Random | None:
        """The dice for what is left open about this trouble, when it strikes now; None when it does not."""
        rate = self._rates.get(kind)
        if rate is None or self.healed:
            return None
        number = self._count[kind]
        self._count[kind] += 1
        drawn = self._streams[kind].random() < rate
        if not (drawn if self._only is None else (kind, number) in self._only):
            return None
        self.hits.append((kind, number))
        return Random(f"{self._seed}/{kind.name}/{number}")
