"""Mistakes about what comes in: promise 2, and the private answers of promise 8."""

from __future__ import annotations

from tools.mutants.mutant import mutant

USECASES = "bot/usecases/"
CLICK, COMMAND = USECASES + "receive_click.py", USECASES + "receive_command.py"
DECISION, REFUSE = USECASES + "record_decision.py", USECASES + "refuse_click.py"

INTAKE = (
    mutant(
        "a click is acknowledged before the store has it",
        2,
        CLICK,
        "    return await outside.store.write(store)\n",
        "    import asyncio\n\n    asyncio.get_running_loop().create_task(outside.store.write(store))\n    return True\n",
    ),
    mutant(
        "a question is acknowledged before the store has it",
        2,
        COMMAND,
        "    await outside.store.write(store)\n    return replies.looking_up()\n",
        "    import asyncio\n\n    asyncio.get_running_loop().create_task(outside.store.write(store))\n    return replies.looking_up()\n",
    ),
    mutant(
        "a busy store is swallowed: a click is acknowledged though nothing was stored",
        2,
        CLICK,
        "    return await outside.store.write(store)\n",
        "    from bot.domain.errors import StoreBusyError\n\n    try:\n        return await outside.store.write(store)\n"
        "    except StoreBusyError:\n        return False\n",
    ),
    mutant(
        "a command delivered twice makes two requests",
        2,
        COMMAND,
        "        dedupe_key=typed.dedupe_key,\n        response_url=typed.response_url,\n    )\n",
        '        dedupe_key=f"{typed.dedupe_key} {now.isoformat()}",\n        response_url=typed.response_url,\n    )\n',
    ),
    mutant(
        "a click delivered twice acts twice",
        2,
        CLICK,
        "        dedupe_key=clicked.dedupe_key,\n",
        '        dedupe_key=f"{clicked.dedupe_key} {now.isoformat()}",\n',
    ),
    mutant(
        "the due row of a click is finished before its effect is stored",
        2,
        DECISION,
        "        click_done(tx, due, item, now)\n\n    await outside.store.write(store)\n",
        "\n    await outside.store.write(lambda tx: click_done(tx, due, item, outside.clock.now()))\n"
        "    await outside.store.write(store)\n",
    ),
    mutant(
        "a refused click gets no private answer",
        8,
        REFUSE,
        "    tell_person(tx, item.person, message, now, channel=item.channel, response_url=item.response_url)\n"
        "    if found is not None:\n",
        "    if found is not None:\n",
    ),
)
