"""One export in a process of its own, as a job's child runs it: URL, round, form, folder."""

import json
import sys
import time
from pathlib import Path

from surveys.db import open_database
from surveys.jobs import Task
from surveys.reviewing.export import export_ballots
from surveys.settings import Settings

FORMS = ("csv", "xlsx", "ratings")


def main(url: str, round_id: str, form: str, folder: str) -> None:
    """Write the file into a folder; print CPU seconds before and after, and the peak of memory."""
    started = time.process_time()
    place = Path(folder)
    settings = Settings(url, "http://127.0.0.1:8000", b"-" * 40, place)
    arguments = {"form": form, "scope": "all"}
    export_ballots(
        Task(
            job_id=1,
            round_id=int(round_id),
            arguments=arguments,
            database=open_database(url),
            settings=settings,
            folder=place,
            upload=place / "upload",
            tell=lambda _done, _total: None,
        )
    )
    # Not what wait4 says: that remembers the memory of the process which started this one.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    print(json.dumps([started, time.process_time(), int(peak.split()[1]) / 1024]))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
