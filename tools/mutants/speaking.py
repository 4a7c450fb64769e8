"""Mistakes about what is said, in which order and to whom: promises 4, 6, 10 and 11."""

from __future__ import annotations

from tools.mutants.mutant import mutant

USECASES = "bot/usecases/"
DELIVER, SPEAK, ADVANCE = USECASES + "deliver_notice.py", USECASES + "speak.py", USECASES + "advance.py"
VIEW = "bot/adapters/store/view.py"

SPEAKING = (
    mutant(
        "a card is not drawn again after a step",
        4,
        ADVANCE,
        "    redraw(tx, request, happened.at)\n    schedule(tx, saved, happened.at)\n",
        "    schedule(tx, saved, happened.at)\n",
    ),
    mutant(
        "replies go out without waiting for the ones before them",
        6,
        VIEW,
        "\"(this.kind IN ('card', 'thread') AND notices.kind = this.kind)\",",
        "\"(this.kind = 'card' AND notices.kind = this.kind)\",",
    ),
    mutant(
        "a message is marked as delivered before it is sent",
        6,
        DELIVER,
        "    if notice is not None:\n        await _deliver(outside, due, notice)\n",
        "    if notice is not None and notice.kind is not NoticeKind.CARD:\n"
        "        sent = replace(notice, state=NoticeState.PENDING)\n"
        "        await outside.store.write(lambda tx: _delivered(tx, outside, due, sent, ()))\n"
        "        await _send(outside, notice)\n"
        "    elif notice is not None:\n        await _deliver(outside, due, notice)\n",
    ),
    mutant(
        "after a cut a message is posted again without a mark",
        6,
        SPEAK,
        "        return None, REPEATED\n",
        '        return None, ""\n',
    ),
    mutant(
        "a message that was being sent at a crash is taken for unsent",
        6,
        DELIVER,
        "    if notice.state is NoticeState.SENDING and redrawn:\n",
        "    if notice.state is NoticeState.SENDING:\n",
    ),
    mutant(
        "an answer by a dead response_url is called delivered",
        (2, 6),
        SPEAK,
        "    if notice.response_url and young and await outside.chat.respond(notice.response_url, message):\n        return\n",
        "    if notice.response_url and young:\n        await outside.chat.respond(notice.response_url, message)\n        return\n",
    ),
    mutant(
        "the response_url of a delivered answer is kept for ever",
        10,
        DELIVER,
        "    _end(tx, outside, replace(notice, state=NoticeState.DELIVERED, delivered_at=now, response_url=None))\n",
        "    _end(tx, outside, replace(notice, state=NoticeState.DELIVERED, delivered_at=now))\n",
    ),
    mutant(
        "foreign text is written as markup, and can mention",
        11,
        "bot/adapters/slack/blocks.py",
        "        text=lead + shortened_escaped(text, MAX_TEXT - len(lead)),\n",
        "        text=lead + shortened(text, MAX_TEXT - len(lead)),\n",
    ),
)
