"""What a serving process counts and times, for Prometheus; no label names a person or an answer."""

import os
import re
from pathlib import Path

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
    multiprocess,
)

from surveys import __version__

# Read by prometheus_client when it is imported first: with it, processes count into files there.
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
# The shares of a second that matter for a phone: a commit is some milliseconds, a wait some tens.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
BATCHES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)

disable_created_metrics()
QUEUE_DEPTH = Gauge(
    "pingyi_intake_queue_depth",
    "Ballots that wait for the writer.",
    multiprocess_mode="livesum",
)
BATCH_SIZE = Histogram("pingyi_intake_batch_size", "Ballots per transaction.", buckets=BATCHES)
COMMIT_SECONDS = Histogram(
    "pingyi_intake_commit_seconds",
    "From taking a batch to its commit.",
    buckets=SECONDS,
)
OUTCOMES = Counter("pingyi_ballots", "Ballots answered, by what became of them.", ["outcome"])
REFUSALS = Counter("pingyi_refusals", "Expected refusals, by kind.", ["kind"])
REQUESTS = Counter("pingyi_requests", "Requests, by view and status.", ["endpoint", "status"])
REQUEST_SECONDS = Histogram(
    "pingyi_request_seconds", "Time in the application, by view.", ["endpoint"], buckets=SECONDS
)
JOBS = Counter("pingyi_jobs", "Background jobs that came to an end.", ["kind", "state"])
BUILD_INFO = Gauge(
    "pingyi_build_info",
    "Always 1; the label tells the version.",
    ["version"],
    multiprocess_mode="max",
)
BUILD_INFO.labels(__version__).set(1)

_INNER_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def kind_of(refusal: BaseException) -> str:
    """Return the kind of a refusal as its metrics name it: `LinkClosed` is `link_closed`."""
    return _INNER_CAPITAL.sub("_", type(refusal).__name__).lower()


def exposition() -> bytes:
    """Return everything counted, of all processes where there are several, as Prometheus' text."""
    folder = os.environ.get(FOLDER_VARIABLE)
    if not folder:
        return generate_latest(REGISTRY)
    forget_dead(Path(folder))
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, path=folder)
    return generate_latest(registry)


def forget_dead(folder: Path) -> None:
    """Drop the gauges of processes that are gone; what they counted stays."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = file.stem.rpartition("_")[2]
        if not Path("/proc", pid).exists():
            multiprocess.mark_process_dead(int(pid), str(folder))
