"""Mistakes about the calls to the cloud and what came of them: promises 3, 4 and 5."""

from __future__ import annotations

from tools.mutants.mutant import mutant

USECASES = "bot/usecases/"
SUBMIT, POLL, VERIFY = USECASES + "submit_job.py", USECASES + "poll_job.py", USECASES + "verify_members.py"
START, CANCEL, RETRY = USECASES + "start_lane.py", USECASES + "cancel.py", USECASES + "retry.py"
REPORT, LIFECYCLE = "bot/domain/job_report.py", "bot/domain/lifecycle.py"

RUNNING = (
    mutant(
        "after a time-out the call is sent again without reading back",
        3,
        SUBMIT,
        "    except (CloudBusyError, CloudDownError) as error:\n",
        "    except (CloudBusyError, CloudDownError, AnswerLostError) as error:\n",
    ),
    mutant(
        "after a crash in the middle of a call it is sent again without reading back",
        3,
        SUBMIT,
        '        _follow(tx, outside, due, job_step(job, JobEvent.ANSWER_LOST), "answer_lost")\n        return None\n',
        "        return job\n",
    ),
    mutant(
        "the intent to call is not stored before the call",
        3,
        SUBMIT,
        '    return save_job_step(tx, claimed, "job_submitting", now)\n',
        "    return claimed\n",
        SUBMIT,
        "    now = outside.clock.now()\n    running = replace(\n        job_step(job, JobEvent.JOB_ACCEPTED),\n",
        '    now = outside.clock.now()\n    job = save_job_step(tx, job, "job_submitting", now)\n    running = replace(\n'
        "        job_step(job, JobEvent.JOB_ACCEPTED),\n",
    ),
    mutant(
        "two lanes send the same pair at the same time",
        3,
        START,
        "        elif _overlaps(tx, members):\n",
        "        elif _overlaps(tx, ()):\n",
    ),
    mutant(
        "a busy cloud's refusal to list members is taken for an empty list",
        (3, 4),
        VERIFY,
        "    except CloudRefusedError as error:\n        if error.status in GONE or ",
        "    except TransientError:\n        return ()\n    except CloudRefusedError as error:\n        if error.status in GONE or ",
    ),
    mutant(
        "a busy cloud's refusal to take a call is taken for its success",
        (3, 4),
        SUBMIT,
        "    except (CloudBusyError, CloudDownError) as error:\n",
        "    except CloudBusyError:\n        from bot.domain.states import MemberOutcome\n\n"
        "        def done(tx: Transaction) -> None:\n"
        "            mine = [m for m in tx.members(job.lane) if m.job == job.id]\n"
        "            tx.save_members([replace(m, outcome=MemberOutcome.DONE) for m in mine])\n"
        "            verifying = job_step(job, JobEvent.REFUSED_BY_CLOUD)\n"
        '            save_job_step(tx, job_step(verifying, JobEvent.MEMBERS_READ), "job_ended", outside.clock.now())\n'
        "            tx.finish(due)\n\n        await outside.store.write(done)\n"
        "    except CloudDownError as error:\n",
    ),
    mutant(
        "the read-back is skipped: a job's SUCCESS is believed",
        4,
        REPORT,
        '        if (status not in ("", "rejected")) if job.action is Action.SHARE else status == "":\n',
        '        if job.said_ok or (status not in ("", "rejected") if job.action is Action.SHARE else status == ""):\n',
    ),
    mutant(
        "a job's FAIL is believed, what it did all the same is not looked for",
        4,
        REPORT,
        '        if (status not in ("", "rejected")) if job.action is Action.SHARE else status == "":\n',
        "        there = job.said_ok is not False\n"
        '        if there and ((status not in ("", "rejected")) if job.action is Action.SHARE else status == ""):\n',
    ),
    mutant(
        "a job that the cloud has lost is taken for failed without reading",
        (3, 4),
        POLL,
        '        await outside.store.write(lambda tx: _verify(tx, outside, due, lost, "job_lost"))\n',
        "        from bot.domain.states import MemberOutcome\n\n"
        "        def fail(tx: Transaction) -> None:\n"
        "            mine = [m for m in tx.members(job.lane) if m.job == job.id]\n"
        "            tx.save_members([replace(m, outcome=MemberOutcome.FAILED, detail=ABSENT) for m in mine])\n"
        '            save_job_step(tx, job_step(lost, JobEvent.MEMBERS_READ), "job_lost", now)\n'
        "            tx.finish(due)\n\n        await outside.store.write(fail)\n",
    ),
    mutant(
        "a partly done lane is reported as done",
        4,
        LIFECYCLE,
        "    if all(good):\n",
        "    if any(good):\n",
    ),
    mutant(
        "a job with some of its pairs read back is taken for done",
        (4, 5),
        VERIFY,
        "    if not report.missing:\n        _done(",
        "    if report.done or not report.missing:\n        _done(",
    ),
    mutant(
        "the member list of the first image is read for all",
        4,
        VERIFY,
        "        lists = {image: await _read(outside, image) for image in job.images}\n",
        "        lists = dict.fromkeys(job.images, await _read(outside, job.images[0]))\n",
    ),
    mutant(
        "a retry sends what is shared already, too",
        3,
        RETRY,
        "    failed = [m for m in tx.members(lane.id) if m.outcome is MemberOutcome.FAILED]\n"
        "    if not failed or _tried_already(tx, lane, failed):\n",
        "    failed = list(tx.members(lane.id))\n    if not failed or _tried_already(tx, lane, failed):\n",
    ),
    mutant(
        "the queued jobs of a cancelled lane stay queued, to run yet",
        (1, 5),
        CANCEL,
        "        if job.state is JobState.QUEUED:\n",
        "        if job.state is JobState.RUNNING:\n",
    ),
    mutant(
        "a lane nobody decided never expires",
        5,
        USECASES + "advance.py",
        "        tx.plan_work(DueKind.DEADLINE, lane.id, lane.deadline)\n",
        "        tx.drop_work(DueKind.DEADLINE, lane.id)\n",
        USECASES + "pass_deadline.py",
        "            tx.plan_work(DueKind.DEADLINE, lane.id, lane.deadline)\n",
        "            tx.drop_work(DueKind.DEADLINE, lane.id)\n",
    ),
    mutant(
        "a stuck lane says nothing in its thread",
        5,
        USECASES + "advance_job.py",
        "        tell_thread(tx, request, thread.stuck(after, members), at, topic=Topic.REPORT)\n",
        "        return\n",
    ),
)
