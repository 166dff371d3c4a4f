"""What a serving process does beyond the application: holds its store, tells figures, ends well."""

import json
import logging
import secrets
import time
from multiprocessing.util import Finalize
from pathlib import Path

import structlog
from flask import Flask, Response, g, request
from sqlalchemy.exc import DBAPIError

from surveys import lock, metrics
from surveys.db import Database
from surveys.jobs.runner import Runner, start_runner
from surveys.settings import Settings
from surveys.soundness import (
    LARGEST_CHECKED_AT_START,
    Mark,
    StoreDamaged,
    check_file,
    check_promises,
)
from surveys.web import Installation, installation

log = logging.getLogger(__name__)
request_log = logging.getLogger("surveys.requests")

# Of these views a line is written only when something went wrong: when people answer, and in which
# order, is nobody's business, and health is asked all day.
QUIET_VIEWS = frozenset({"static", "healthz", "readyz"})
QUIET_BLUEPRINT = "answering"


def open_store(settings: Settings) -> None:
    """Hold the store of this installation and look at it once; refuse what cannot be trusted.

    The processes that this one starts have the hold from it and do not look again.
    """
    path = lock.store_file(settings.database_url)
    if path is None or not lock.take(path):
        return
    found = check_file(settings.database_url, LARGEST_CHECKED_AT_START)
    if found is None and path.exists():
        log.warning("the database file is large: flask doctor checks it, the start does not")
    if found is not None and found.mark is Mark.BROKEN:
        raise StoreDamaged(found)


def attend(app: Flask) -> None:
    """Make an application one that serves: figures, request lines, an end that loses nothing."""
    with app.app_context():
        here = installation()
    _complain(here.database)
    if here.settings.metrics is not None:
        metrics.serve(*here.settings.metrics)
    if here.settings.metrics is not None or here.settings.json_logs:
        _watch(app, here.settings)
    # Servers that fork their workers end them without atexit; this runs in both cases, once all
    # requests are answered.
    Finalize(None, _end, args=(here, start_runner(here)), exitpriority=100)


def server_log_config(folder: Path) -> Path:
    """Write the log configuration of granian's own first process, so that it speaks JSON too."""
    config = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "surveys.logs.formatter"}},
        "handlers": {
            "err": {
                "class": "logging.StreamHandler",
                "formatter": "json",
                "stream": "ext://sys.stderr",
            }
        },
        "loggers": {"_granian": {"handlers": ["err"], "level": "ERROR", "propagate": False}},
    }
    path = folder / "server-log.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def _complain(database: Database) -> None:
    """Log which settings of the store break a promise; the start goes on, people are waiting."""
    if database.is_sqlite:
        return
    try:
        with database.reader.connect() as connection:
            found = check_promises(connection)
    except DBAPIError:
        return  # not there yet; /readyz tells
    for finding in found:
        log.error("%s", finding.english)


def _end(here: Installation, jobs: Runner) -> None:
    """Write the ballots that wait, put the job at work back, then let go of the store."""
    here.intake.close()
    jobs.stop()
    here.database.dispose()


def _watch(app: Flask, settings: Settings) -> None:
    """Count and time every request; with JSON logs, give it an id and write its line."""
    is_logged = settings.json_logs

    def begin() -> None:
        g.began_at = time.perf_counter()
        if is_logged:
            structlog.contextvars.clear_contextvars()
            structlog.contextvars.bind_contextvars(request=secrets.token_hex(8))

    def finish(response: Response) -> Response:
        seconds = time.perf_counter() - g.began_at
        endpoint = request.endpoint or "none"
        metrics.REQUESTS.labels(endpoint, response.status_code).inc()
        metrics.REQUEST_SECONDS.labels(endpoint).observe(seconds)
        if is_logged and (response.status_code >= 400 or not _is_quiet(endpoint)):
            line = {
                "endpoint": endpoint,
                "status": response.status_code,
                "ms": round(seconds * 1000, 1),
            }
            request_log.info("request", extra=line)
        return response

    app.before_request_funcs.setdefault(None, []).insert(0, begin)
    app.after_request(finish)


def _is_quiet(endpoint: str) -> bool:
    return endpoint in QUIET_VIEWS or endpoint.partition(".")[0] == QUIET_BLUEPRINT
