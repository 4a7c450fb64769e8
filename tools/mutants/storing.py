"""Mistakes about claims, versions and the audit log: what promises 2, 3, 6 and 9 stand on."""

from __future__ import annotations

from tools.mutants.mutant import mutant

STORE = "bot/adapters/store/"
AGENDA, WRITER = STORE + "agenda.py", STORE + "writer.py"
CHAINING = "bot/domain/audit/chaining.py"

STORING = (
    mutant(
        "a claim has no lease: two workers take the same row",
        (2, 3, 6),
        AGENDA,
        "self._sql.run_many(_CLAIM, [(claim, micros(until), row[0]) for row in ready])",
        "self._sql.run_many(_CLAIM, [(claim, micros(now), row[0]) for row in ready])",
    ),
    mutant(
        "who has lost its claim finishes all the same",
        (2, 3, 6),
        AGENDA,
        "        if not (self._sql.run(_REMOVE, mine).rowcount or self._sql.run(_RESTART, mine).rowcount):\n"
        "            raise _lost(due)\n",
        "        if not self._sql.run(_REMOVE, mine).rowcount:\n            self._sql.run(_RESTART, mine)\n",
    ),
    mutant(
        "the hash of an event leaves out its data",
        9,
        CHAINING,
        '        "data": data,\n        "previous": previous,\n',
        '        "previous": previous,\n',
    ),
    mutant(
        "a plan is made without an event in the log",
        9,
        "bot/usecases/plan_request.py",
        '            tx.record(\n                "lane_planned", at=now, request=request.id, lane=lane.id,\n',
        '            dict(\n                kind="lane_planned", at=now, request=request.id, lane=lane.id,\n',
    ),
    mutant(
        "a step that failed leaves its event as the head of the chain",
        9,
        WRITER,
        "            waiter.value, self._transaction.head = None, head\n",
        "            waiter.value = None\n",
    ),
)
