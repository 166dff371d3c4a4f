"""The product with two switches that no installation has: a weaker sync, and counted statements."""

from typing import Any

from flask import Flask, Response
from sqlalchemy import event

from app import create_server
from surveys.access import public


def create_normal() -> Flask:
    """Return the product with SQLite's commits left to the operating system: not durable."""
    app = create_server()
    event.listen(app.extensions["installation"].database.writer, "connect", _synchronous_normal)
    return app


def create_counted() -> Flask:
    """Return the product with `/bench/statements`, which says how many statements it has run."""
    app = create_server()
    database = app.extensions["installation"].database
    seen: list[None] = []  # appending is safe between threads, adding to a number is not

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(None)

    for engine in (database.writer, database.reader):
        event.listen(engine, "before_cursor_execute", note)

    @public
    def statements() -> Response:
        return Response(str(len(seen)))

    app.add_url_rule("/bench/statements", "bench_statements", statements)
    return app


def _synchronous_normal(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")
