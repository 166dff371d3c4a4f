"""What a serving process counts and times, for Prometheus; no label names a person or an answer."""

import os
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import AF_INET, AF_INET6

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
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


def count_refusal(refusal: BaseException) -> None:
    """Count an expected no that a person was told."""
    REFUSALS.labels(kind_of(refusal)).inc()


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


def share(folder: Path) -> None:
    """Let the processes that are started from here on count into one folder, from nothing."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        file.unlink()
    os.environ[FOLDER_VARIABLE] = str(folder)


def serve(host: str, port: int) -> None:
    """Answer GET /metrics on an address of its own, from a thread that ends with the process.

    Several processes share the address: whichever is asked answers for all.
    """
    server = _Server((host, port), _Asked)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()


class _Server(ThreadingHTTPServer):
    allow_reuse_port = True
    daemon_threads = True

    def __init__(self, address: tuple[str, int], asked: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = AF_INET6 if ":" in address[0] else AF_INET
        super().__init__(address, asked)


class _Asked(BaseHTTPRequestHandler):
    timeout = 10

    def do_GET(self) -> None:
        """Answer with everything counted."""
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(404)
            return
        body = exposition()
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE_PLAIN_0_0_4)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write no line: who asks, asks every few seconds."""
