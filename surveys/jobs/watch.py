"""One job at work: its child is heard, its lease kept, its outcome written once."""

import json
import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from analytics.faults import Fault
from surveys import metrics
from surveys.db import Database, transaction
from surveys.jobs.files import clear, folder_of
from surveys.jobs.kinds import Claim, Kind, Result
from surveys.jobs.lease import JobLost, finish, hold, release, writing
from surveys.jobs.problems import problem_of
from surveys.jobs.process import Child
from surveys.models import JobState
from surveys.refusals import Refusal
from surveys.settings import Settings

log = logging.getLogger(__name__)

Progress = Callable[[int, int | None], None]

LISTEN_SECONDS = 0.25
TELL_SECONDS = 1.0
RENEW_SECONDS = 2.0


class Stopping(Exception):
    """This process ends; the job goes back on the list."""


class Broken(Exception):
    """The child ended without an outcome."""


class Failed(Exception):
    """The child came back with an expected no."""

    def __init__(self, problem: str, faults: list[Result]) -> None:
        super().__init__(problem)
        self.problem = problem
        self.faults = faults


@dataclass
class Watch:
    """What one process needs to bring one job to its end."""

    settings: Settings
    database: Database
    clock: Callable[[], datetime]
    stopping: threading.Event
    claim: Claim
    kind: Kind
    reference: str
    on_progress: Progress | None = None

    def run(self) -> None:
        """Do the job; whatever happens, leave its row in a state that says so."""
        try:
            self._run()
        except JobLost:
            log.info("job %s is no longer ours", self.claim.job_id)
        except Stopping:
            self._give(release, is_clean=True)
        except Failed as failed:
            result = {"faults": failed.faults} if failed.faults else None
            self._fail(failed.problem, result)
        except (Refusal, Fault) as expected:
            problem, faults = problem_of(expected)
            self._fail(problem, {"faults": faults} if faults else None)
        except Exception:
            log.exception("job %s broke off", self.claim.job_id)
            self._give(release, is_clean=False)

    def _run(self) -> None:
        result = self.claim.result
        if result is None:
            result = self._worked()
        if self.kind.apply is not None:
            result = self._applied(result)
        self._settle(result)

    # --- the three parts --------------------------------------------------------------------------

    def _worked(self) -> Result:
        """Let a child do the reading part; return what it found."""
        attempt = secrets.token_hex(8)
        folder = folder_of(self.settings.var, self.claim.job_id) / attempt
        folder.mkdir(mode=0o700, parents=True)
        try:
            with Child(self.settings, self.claim.job_id, self.reference, folder) as child:
                return {**self._heard(child), "folder": attempt}
        except BaseException:
            clear(folder)
            raise

    def _heard(self, child: Child) -> Result:
        """Listen until the outcome comes; keep the lease and tell the progress meanwhile."""
        told_at = renewed_at = time.monotonic()
        progress: dict[str, Any] = {}
        while True:
            messages = child.hear(LISTEN_SECONDS)
            if self.stopping.is_set():
                raise Stopping
            if messages is None:
                raise Broken
            for message in messages:
                if "result" in message:
                    found: Result = message["result"]
                    return found
                if "problem" in message:
                    raise Failed(message["problem"], message["faults"])
                progress = {"done_count": message["done"], "total_count": message["total"]}
            now = time.monotonic()
            if (progress and now - told_at >= TELL_SECONDS) or now - renewed_at >= RENEW_SECONDS:
                self._tell(progress)
                told_at, renewed_at, progress = now, now, {}

    def _tell(self, progress: dict[str, Any]) -> None:
        with transaction(self.database) as session:
            hold(session, self.claim, self.clock(), **progress)
        if progress and self.on_progress is not None:
            self.on_progress(progress["done_count"], progress["total_count"])

    def _applied(self, result: Result) -> Result:
        """Write effects step by step; what was found is kept first, for whoever takes over."""
        assert self.kind.apply is not None  # noqa: S101 - the caller looked
        if self.claim.result is None:
            with transaction(self.database) as session:
                kept = json.dumps(result, ensure_ascii=False)
                hold(session, self.claim, self.clock(), result=kept)
        folder = folder_of(self.settings.var, self.claim.job_id) / result["folder"]
        write = writing(self.database, self.claim, self.clock, self._between_steps)
        return {**self.kind.apply(self.claim, result, write, folder), "folder": result["folder"]}

    def _between_steps(self, done: int, total: int) -> None:
        if self.on_progress is not None:
            self.on_progress(done, total)
        if self.stopping.is_set():
            raise Stopping

    def _settle(self, result: Result) -> None:
        file = result.get("file")
        kept = {key: value for key, value in result.items() if key not in {"file", "folder"}}
        with transaction(self.database) as session:
            now = self.clock()
            hold(session, self.claim, now)
            if self.kind.settle is not None:
                self.kind.settle(session, self.claim, kept, now)
            finish(
                session,
                self.claim,
                now,
                JobState.DONE,
                result=json.dumps(kept, ensure_ascii=False),
                file_name=f"{result['folder']}/{file}" if file else None,
            )
        metrics.JOBS.labels(self.kind.name, JobState.DONE.value).inc()
        clear(folder_of(self.settings.var, self.claim.job_id), result["folder"] if file else "")

    # --- other ends -------------------------------------------------------------------------------

    def _fail(self, problem: str, result: Result | None) -> None:
        kept = {} if result is None else {"result": json.dumps(result, ensure_ascii=False)}
        self._give(finish, JobState.FAILED, problem=problem, **kept)
        metrics.JOBS.labels(self.kind.name, JobState.FAILED.value).inc()
        clear(folder_of(self.settings.var, self.claim.job_id))

    def _give(self, how: Callable[..., None], *arguments: Any, **changes: Any) -> None:
        try:
            with transaction(self.database) as session:
                how(session, self.claim, self.clock(), *arguments, **changes)
        except JobLost:
            log.info("job %s is no longer ours", self.claim.job_id)
        except Exception:  # its lease runs out, and then another takes it up
            log.exception("job %s could not be given back", self.claim.job_id)
