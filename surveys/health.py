"""Whether this process lives, and whether it may be sent people: /healthz and /readyz."""

import threading
import time
from collections.abc import Callable

from flask import Flask, Response, current_app, jsonify, request
from flask_babel import gettext
from sqlalchemy import text

from analytics.faults import N_
from surveys import db
from surveys.access import public
from surveys.disk import FreeSpace, data_folders
from surveys.intake import Intake
from surveys.soundness import Tables, tables
from surveys.web import installation

WORDS = {
    "store": N_("The database does not answer."),
    "standby": N_("The database is a copy that cannot be written."),
    "tables": N_("The tables do not fit this version: run flask --app app db upgrade."),
    "queue": N_("More ballots wait than may wait."),
    "room": N_("Too little room is left on the disk."),
}
STORE_SECONDS = 2.0
REMEMBERED_SECONDS = 1.0


class Readiness:
    """What a process needs to take a ballot; asked at most once a second."""

    def __init__(
        self,
        intake: Intake,
        space: FreeSpace,
        store: Callable[[], str],
        patience: float = STORE_SECONDS,
    ) -> None:
        self._intake = intake
        self._space = space
        self._store = store
        self._patience = patience
        self._asking = threading.Lock()
        self._asked_at = float("-inf")
        self._found = ""
        self._probe: threading.Thread | None = None

    def missing(self) -> list[str]:
        """Return the parts that are not ready, named as in WORDS."""
        parts = [self._store_state()]
        parts += ["queue"] if self._intake.is_full else []
        parts += ["room"] if self._space.is_short else []
        return [part for part in parts if part]

    def _store_state(self) -> str:
        """Ask the store in a thread, so that a silent one makes nobody wait longer than that."""
        with self._asking:
            if time.monotonic() - self._asked_at < REMEMBERED_SECONDS:
                return self._found
            if self._probe is None or not self._probe.is_alive():
                self._found = "store"
                self._probe = threading.Thread(target=self._ask, name="readiness", daemon=True)
                self._probe.start()
            self._probe.join(self._patience)
            self._asked_at = time.monotonic()
            return "store" if self._probe.is_alive() else self._found

    def _ask(self) -> None:
        try:
            self._found = self._store()
        except Exception:  # whatever it is, the store did not answer
            self._found = "store"


def store_state(database: db.Database) -> str:
    """Return what is wrong with a store, named as in WORDS, or nothing."""
    with database.reader.connect() as connection:
        if not database.is_sqlite and connection.scalar(text("SELECT pg_is_in_recovery()")):
            return "standby"
        return "" if tables(connection) in {Tables.CURRENT, Tables.NEWER} else "tables"


def prepare(app: Flask) -> None:
    """Give an app its two health pages."""
    with app.app_context():
        here = installation()
    app.extensions["readiness"] = Readiness(
        here.intake,
        FreeSpace(data_folders(here.settings), here.settings.min_free_mb),
        lambda: store_state(here.database),
    )
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)


@public
def healthz() -> Response:
    """Say that the process serves."""
    return Response("ok\n", mimetype="text/plain")


@public
def readyz() -> Response:
    """Say whether this process may be sent people, else which part is missing."""
    readiness: Readiness = current_app.extensions["readiness"]
    missing = readiness.missing()
    if request.accept_mimetypes.best == "application/json":
        response = jsonify(
            ready=not missing, missing={part: gettext(WORDS[part]) for part in missing}
        )
    else:
        lines = [f"{part}: {gettext(WORDS[part])}" for part in missing] or ["ok"]
        response = Response("\n".join((*lines, "")), mimetype="text/plain")
    if missing:
        response.status_code = 503
        response.headers["Retry-After"] = "5"
    return response
