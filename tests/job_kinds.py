"""Kinds of jobs for tests: quick, slow, dying, saying no; a child process loads them by name."""

import os
import signal
import time
from datetime import datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from surveys.db import reading, transaction
from surveys.jobs import Claim, Kind, Result, Task, Write
from surveys.models import AuditEntry
from surveys.refusals import NotReady

STEPS = 12


def _count(task: Task) -> Result:
    for done in range(STEPS):
        task.tell(done, STEPS)
    (task.folder / "made.txt").write_text(str(task.arguments), encoding="utf-8")
    return {"file": "made.txt", "counted": STEPS}


def _wait(task: Task) -> Result:
    task.tell(1, STEPS)
    Path(task.arguments["pid"]).write_text(str(os.getpid()), encoding="utf-8")
    while True:
        time.sleep(0.05)


def _die_once(task: Task) -> Result:
    """Die by SIGKILL until a file says that it has."""
    mark = Path(task.arguments["mark"])
    deaths = len(mark.read_text(encoding="utf-8")) if mark.exists() else 0
    if deaths < task.arguments["deaths"]:
        mark.write_text("x" * (deaths + 1), encoding="utf-8")
        os.kill(os.getpid(), signal.SIGKILL)
    return {"deaths": deaths}


def _say_no(_task: Task) -> Result:
    raise NotReady("There is not a single counted ballot yet.")


def _try_to_write(task: Task) -> Result:
    for opened in (reading, transaction):
        with opened(task.database) as session:
            session.execute(text("DELETE FROM job"))
    return {}


def _settle(session: Session, claim: Claim, result: Result, now: datetime) -> None:
    details = str(result)
    session.add(AuditEntry(at=now, actor=claim.actor, action="settled", details=details))


def _apply(claim: Claim, result: Result, write: Write, _folder: Path) -> Result:
    """Write one line a step, slowly, so that a process can be killed between two of them."""
    for done in range(result.get("done", 0), STEPS):
        with write() as step:
            line = AuditEntry(at=step.now, actor=claim.actor, action="step", details=str(done))
            step.session.add(line)
            step.note(done + 1, STEPS, {**result, "done": done + 1})
        time.sleep(claim.arguments.get("pause", 0))
    return {"done": STEPS}


QUICK = Kind("quick", _count, settle=_settle)
ENDLESS = Kind("endless", _wait, settle=_settle)
DYING = Kind("dying", _die_once, settle=_settle)
REFUSING = Kind("refusing", _say_no, settle=_settle)
WRITING = Kind("writing", _try_to_write)
STEPWISE = Kind("stepwise", lambda _task: {}, apply=_apply)

KINDS = {
    kind.name: f"tests.job_kinds:{name}"
    for name, kind in {
        "QUICK": QUICK,
        "ENDLESS": ENDLESS,
        "DYING": DYING,
        "REFUSING": REFUSING,
        "WRITING": WRITING,
        "STEPWISE": STEPWISE,
    }.items()
}
