"""A job's child process as its parent sees it: started, listened to, ended."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from surveys import metrics
from surveys.jobs.kinds import Result
from surveys.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
_CHUNK = 1 << 16


class Child:
    """A process of its own session; it ends with this object, or with us."""

    def __init__(self, settings: Settings, job_id: int, reference: str, folder: Path) -> None:
        self._lines = b""
        self._reader, pipe = os.pipe()
        module = ("-m", "surveys.jobs.child")
        try:
            # Our end of its standard input closes when we die, however that happens.
            self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                [sys.executable, *module, str(job_id), reference, str(folder), str(pipe)],
                cwd=ROOT,
                env=_environment(settings),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=(pipe,),
                start_new_session=True,
            )
        finally:
            os.close(pipe)

    def __enter__(self) -> "Child":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        os.close(self._reader)

    def hear(self, seconds: float) -> list[Result] | None:
        """Return what it has said within this time; None when it will say no more."""
        ready, _, _ = select.select([self._reader], [], [], seconds)
        if not ready:
            return []
        chunk = os.read(self._reader, _CHUNK)
        if not chunk:
            return None
        *whole, self._lines = (self._lines + chunk).split(b"\n")
        return [json.loads(line) for line in whole]


def _environment(settings: Settings) -> dict[str, str]:
    """Return our own environment with this installation's store and folder."""
    own = {name: value for name, value in os.environ.items() if name != metrics.FOLDER_VARIABLE}
    return own | {
        f"{PREFIX}DATABASE_URL": settings.database_url,
        f"{PREFIX}VAR": str(settings.var),
        # A second thread of linear algebra costs more than it brings where cores are shared.
        **{name: os.environ.get(name, "1") for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")},
    }
