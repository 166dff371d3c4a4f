"""The intake and the storing of batches alone, beside the engine's own limit for the same rows."""

import secrets
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from bench import rounds, servers
from bench.figures import Figure, Part, Table, figure, ratio
from bench.machine import quiet
from surveys.ballots import keep_batch
from surveys.db import Database, open_database, transaction
from surveys.intake import Intake
from surveys.questionnaire import Channel, Submission, UnitRating, ratings_text
from surveys.web import now

BATCHES = (1, 10, 100, 1000)
WAITING_THREADS = 64
PATTERNS = "ABCDE"
WORDS = "窗口的同志很耐心，材料一次说清楚，当场就办完了；希望网上也能查到进度，省得再打电话问。"


@dataclass(frozen=True)
class Sizes:
    """How long and how often each way is measured."""

    rounds: int
    seconds: float


QUICK, FULL = Sizes(2, 0.5), Sizes(5, 2.0)
Row = tuple[Any, ...]
TABLES = {
    "ballot": "round_id, id, group_id, channel, link_id, device_key, ratings, answers,"
    " received_on, seconds, validity, reasons",
    "device": "round_id, key, ballot_id",
    "comment": "round_id, id, ballot_id, group_id, unit_number, words",
}


@dataclass
class Bench:
    """One store with a round, and what makes ballots for it."""

    name: str
    database: Database
    made: rounds.OpenRound
    postgresql: servers.PostgreSQL | None = None

    def submissions(self, count: int) -> list[Submission]:
        """Return new ballots of ten units with a comment, each from a browser of its own."""
        return [
            Submission(
                round_id=self.made.id,
                group_id=self.made.group_id,
                link_id=self.made.link_id,
                channel=Channel.OPEN,
                submission_id=secrets.token_urlsafe(16),
                unit_digits=2,
                ratings=tuple(
                    UnitRating(unit, PATTERNS[(number + unit) % 5])
                    for unit in range(1, rounds.UNITS + 1)
                ),
                comments=((1, WORDS),),
                seconds=60,
                device_key=secrets.token_urlsafe(32),
            )
            for number in range(count)
        ]

    def rows(self, count: int) -> tuple[list[Row], ...]:
        """Return the rows of such ballots as a driver takes them: ballots, devices, comments."""
        is_sqlite = self.database.is_sqlite
        today: Any = now().date().isoformat() if is_sqlite else now().date()
        made = self.submissions(count)
        ballots: list[Row] = [
            (
                *(one.round_id, one.submission_id, one.group_id, "open", one.link_id),
                *(one.device_key, ratings_text(one.ratings, 2), None, today, 60, "counted", ""),
            )
            for one in made
        ]
        devices: list[Row] = [(one.round_id, one.device_key, one.submission_id) for one in made]
        comments: list[Row] = [
            (one.round_id, secrets.token_urlsafe(16), one.submission_id, one.group_id, 1, WORDS)
            for one in made
        ]
        return ballots, devices, comments


def run(sizes: Sizes, folder: Path, has_postgresql: bool = True) -> Part:
    """Measure each way in turn on each store; batches are made before the clock runs."""
    tables: list[Table] = []
    raw: dict[str, Any] = {}
    with ExitStack() as stack:
        benches = [_bench("SQLite", f"sqlite:///{folder / 'writer.db'}")]
        if has_postgresql:
            store = stack.enter_context(servers.postgresql_server())
            benches.append(_bench("PostgreSQL", store.database("writer"), store))
        for bench in benches:
            sync = quiet(folder)
            rates = _measured(bench, sizes)
            tables.append(_table(bench.name, rates, f"{sync.sync_ms_median} ms"))
            raw[bench.name] = {f"{way} × {size}": found for (way, size), found in rates.items()}
            bench.database.dispose()
    return Part("writer", tuple(tables), raw=raw)


def _bench(name: str, url: str, store: servers.PostgreSQL | None = None) -> Bench:
    database = open_database(url)
    return Bench(name, database, rounds.open_bench_round(database), store)


def _measured(bench: Bench, sizes: Sizes) -> dict[tuple[str, int], list[float]]:
    """Return rows per second, round by round, of each way and batch size."""
    ways: dict[str, Any] = {"engine, executemany": _raw, "keep_batch": _kept}
    if bench.postgresql is not None:
        ways["engine, COPY"] = _copied
    rates: dict[tuple[str, int], list[float]] = {}
    for _ in range(sizes.rounds):
        for size in BATCHES:
            for name, way in ways.items():
                rates.setdefault((name, size), []).append(way(bench, size, sizes.seconds))
        rates.setdefault(("Intake, 64 threads", 1), []).append(_through(bench, sizes.seconds))
        click.echo(f"  {bench.name}: {[(k, round(v[-1])) for k, v in rates.items()]}")
    return rates


def _raw(bench: Bench, size: int, seconds: float) -> float:
    """Insert ready rows with the driver's own executemany, a durable commit per batch."""
    sign = "?" if bench.database.is_sqlite else "%s"
    statements = [
        f"INSERT INTO {table} ({columns}) VALUES ({', '.join([sign] * len(columns.split(',')))})"
        for table, columns in TABLES.items()
    ]

    def write(rows: tuple[list[Row], ...]) -> None:
        with bench.database.writer.begin() as connection:
            for statement, part in zip(statements, rows, strict=True):
                connection.exec_driver_sql(statement, part)

    return _rate(lambda: bench.rows(size), write, size, seconds)


def _copied(bench: Bench, size: int, seconds: float) -> float:
    """Copy ready rows into PostgreSQL, a durable commit per batch."""

    def write(rows: tuple[list[Row], ...]) -> None:
        with bench.database.writer.begin() as connection:
            cursor: Any = connection.connection.cursor()
            for (table, columns), part in zip(TABLES.items(), rows, strict=True):
                with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    for row in part:
                        copy.write_row(row)

    return _rate(lambda: bench.rows(size), write, size, seconds)


def _kept(bench: Bench, size: int, seconds: float) -> float:
    """Store batches as the writer does: keys, devices, comments, tally, participation."""

    def write(batch: list[Submission]) -> None:
        with transaction(bench.database) as session:
            keep_batch(session, batch, now())

    return _rate(lambda: bench.submissions(size), write, size, seconds)


def _through(bench: Bench, seconds: float) -> float:
    """Hand ballots to the intake from as many threads as a server has, each waiting for its own."""
    intake = Intake(bench.database, now)
    ready = bench.submissions(4000)
    lock = threading.Lock()
    done = 0
    deadline = time.perf_counter() + seconds

    def phone() -> None:
        nonlocal done
        while time.perf_counter() < deadline:
            with lock:
                if not ready:
                    return
                one = ready.pop()
            intake.keep(one)
            with lock:
                done += 1

    threads = [threading.Thread(target=phone) for _ in range(WAITING_THREADS)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - begun
    intake.close()
    return done / took


def _rate(
    prepare: Callable[[], Any], write: Callable[[Any], None], size: int, seconds: float
) -> float:
    """Return ballots per second; what is written is made before the clock runs."""
    spent, done = 0.0, 0
    while spent < seconds:
        ready = [prepare() for _ in range(max(1, 200 // size))]
        begun = time.perf_counter()
        for batch in ready:
            write(batch)
        spent += time.perf_counter() - begun
        done += size * len(ready)
    return done / spent


def _table(name: str, rates: dict[tuple[str, int], list[float]], sync: str) -> Table:
    limit = {
        size: max(
            (found for (way, at), found in rates.items() if at == size and "engine" in way),
            key=lambda found: figure(found).median,
        )
        for size in BATCHES
    }
    rows = tuple(
        (way, str(size), str(figure(found)), str(_against(found, limit[size], way)))
        for (way, size), found in rates.items()
    )
    return Table(
        f"Storing alone, {name}",
        ("way", "ballots per commit", "ballots/s", "against the engine's best"),
        rows,
        (f"A write of 4 KiB was on the disk after {sync}.",),
    )


def _against(found: list[float], limit: list[float], way: str) -> Figure | str:
    return "–" if "Intake" in way else ratio(found, limit)
