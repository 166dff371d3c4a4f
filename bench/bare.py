"""The least that could take a ballot: bare Flask, the form parsed, one durable insert."""

import os
import queue
import secrets
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pysqlite3
from flask import Flask, Response, request

TABLE = (
    "CREATE TABLE IF NOT EXISTS ballot (id text PRIMARY KEY, ratings text NOT NULL, comment text)"
)
RECEIVED = "<!doctype html><title>Received</title><p>Received, thank you: AAAA-AAAA-AAAA"
Row = tuple[str, str, str]


class Store(Protocol):
    """Where a bare server puts a row, durably, before it answers."""

    def keep(self, row: Row) -> None:
        """Return when the row is on the disk."""


def create_insert() -> Flask:
    """Return a server that answers after its own insert was committed."""
    return _app(_store(os.environ["BENCH_STORE"]))


def create_group() -> Flask:
    """Return a server whose one writer commits all rows that wait (SQLite)."""
    return _app(_Group(os.environ["BENCH_STORE"]))


def create_nothing() -> Flask:
    """Return a server that reads the form's bytes and answers, without a store."""
    app = Flask(__name__)
    page = _page()

    @app.route("/a/bench", methods=["GET", "POST"])
    def ballot() -> Response:
        if request.method == "GET":
            return Response(page, headers={"Content-Encoding": "gzip"})
        request.get_data()
        return Response(RECEIVED)

    return app


def _app(store: Store) -> Flask:
    app = Flask(__name__)
    page = _page()

    @app.route("/a/bench", methods=["GET", "POST"])
    def ballot() -> Response:
        if request.method == "GET":
            return Response(page, headers={"Content-Encoding": "gzip"})
        form = request.form
        names = sorted(name for name in form if not name.endswith(("nonce", "comment")))
        ratings = "".join(f"{name[:2]}{form[name]}" for name in names)
        comment = next((form[name] for name in form if name.endswith("comment")), "")
        store.keep((secrets.token_urlsafe(16), ratings, comment))
        return Response(RECEIVED)

    return app


def _page() -> bytes:
    """Return the page to serve, packed once; a copy of the product's own is given as a file."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(Path(os.environ["BENCH_PAGE"]).read_bytes()) + packer.flush()


def _store(address: str) -> Store:
    return _PostgreSQL(address) if address.startswith("postgresql") else _Sqlite(address)


class _Sqlite:
    """One connection under a lock, a commit per row."""

    def __init__(self, path: str) -> None:
        self._lock = threading.Lock()
        self._connection = _sqlite(path)

    def keep(self, row: Row) -> None:
        with self._lock:
            self._connection.execute("INSERT INTO ballot VALUES (?, ?, ?)", row)


class _PostgreSQL:
    """A connection per thread, a commit per row."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._own = threading.local()
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(1)")
            connection.execute(TABLE)

    def keep(self, row: Row) -> None:
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = psycopg.connect(self._address, autocommit=True)
            self._own.connection = connection
        connection.execute("INSERT INTO ballot VALUES (%s, %s, %s)", row)


@dataclass
class _Waiting:
    row: Row
    done: threading.Event = field(default_factory=threading.Event)


class _Group:
    """One writer: a transaction of all rows that wait, then everybody is told."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._queue: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
        threading.Thread(target=self._write, daemon=True).start()

    def keep(self, row: Row) -> None:
        waiting = _Waiting(row)
        self._queue.put(waiting)
        waiting.done.wait()

    def _write(self) -> None:
        connection = _sqlite(self._path)
        while True:
            batch = [self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get())
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO ballot VALUES (?, ?, ?)", [one.row for one in batch]
            )
            connection.execute("COMMIT")
            for one in batch:
                one.done.set()


def _sqlite(path: str) -> Any:
    connection = pysqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(TABLE)
    return connection


Factory = Callable[[], Flask]
