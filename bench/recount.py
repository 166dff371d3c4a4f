"""Counting every ballot again, beside DuckDB on the same data; and a scoring run from tallies."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import distributed
import duckdb
import numpy as np
import psycopg

from analytics.engine import Dask, Executor, InProcess, Processes
from bench import processes, rounds, servers
from bench.figures import Goal, Part, Table, figure, ratio, spoken
from bench.scoring import scoring_table
from surveys.commands.bulk import Ground, batches, ground_of, write
from surveys.db import Database, open_database, reading, transaction
from surveys.questionnaire import Validity
from surveys.recount import recount
from tests.services.servers import free_port

SEED = 1
MIB = 2**20
FREE_BYTES_PER_BALLOT = 700  # what a ballot may take while it is loaded, on both stores together


@dataclass(frozen=True)
class Sizes:
    """How many ballots, how often, and how many are folded for the scoring run."""

    ballots: tuple[int, ...]
    rounds: int
    scored: tuple[int, ...]


QUICK, FULL = (
    Sizes((200_000,), 2, (10_000, 200_000)),
    Sizes((1_000_000, 10_000_000), 3, (10_000, 1_000_000, 10_000_000)),
)


@dataclass
class Way:
    """One way to count, and how long it took each time: wall seconds and CPU seconds."""

    name: str
    count: Callable[[], object]
    cpu: Callable[[], float]
    wall_seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)

    def take(self) -> None:
        """Count once."""
        cpu, begun = self.cpu(), time.perf_counter()
        self.count()
        self.wall_seconds.append(time.perf_counter() - begun)
        self.cpu_seconds.append(self.cpu() - cpu)


def run(sizes: Sizes, folder: Path, has_postgresql: bool = True) -> Part:
    """Load each size once, then count it in every way, again and again."""
    tables: list[Table] = []
    raw: dict[str, Any] = {}
    goals: tuple[Goal, ...] = ()
    for ballots in sizes.ballots:
        _check_room(folder, ballots)
        place = folder / str(ballots)
        place.mkdir()
        with ExitStack() as stack:
            loads: dict[str, float] = {}
            ways = list(_ways(stack, place, ballots, has_postgresql, loads))
            for way in ways:
                way.count()  # workers load their modules, the system its caches
            for _ in range(sizes.rounds):
                for way in ways:
                    way.take()
                    click.echo(f"  {ballots:,} {way.name}: {way.wall_seconds[-1]:.2f} s")
            tables.append(_table(ballots, ways, loads))
            goals = _goals(ballots, ways)
            raw[str(ballots)] = {
                way.name: {"wall_seconds": way.wall_seconds, "cpu_seconds": way.cpu_seconds}
                for way in ways
            } | {"loaded_per_second": loads}
        for path in place.iterdir():
            path.unlink()
    scored, more, figures = scoring_table(folder, sizes.scored, sizes.rounds)
    raw["scoring"] = figures
    return Part("recount", (*tables, scored), (*goals, *more), raw)


# --- the ways ------------------------------------------------------------------------------------


def _ways(
    stack: ExitStack, place: Path, ballots: int, has_postgresql: bool, loads: dict[str, float]
) -> Iterator[Way]:
    made = _loaded(f"sqlite:///{place / 'recount.db'}", ballots, loads, "SQLite")
    database, ground = made
    stack.callback(database.dispose)
    yield Way("SQLite, one process", _counter(made, InProcess(), ballots), _own_cpu)
    yield Way("SQLite, 2 processes", _counter(made, Processes(2), ballots), _own_cpu)
    parquet = place / "ballots.parquet"
    _write_parquet(parquet, ground, ballots)
    for threads in (1, 2):
        name = f"DuckDB on Parquet, {threads} thread{'s' if threads > 1 else ''}"
        yield Way(name, _grouped(parquet, threads, ballots), _own_cpu)
    if not has_postgresql:
        return
    store = stack.enter_context(servers.postgresql_server())
    url = store.database("recount")
    with psycopg.connect(store.plain, autocommit=True) as connection:
        # Foreign keys are not looked up for seeded ballots: their parents are there.
        connection.execute("ALTER DATABASE recount SET session_replication_role = replica")
    kept = _loaded(url, ballots, loads, "PostgreSQL")
    stack.callback(kept[0].dispose)

    def cpu() -> float:
        return _own_cpu() + store.cpu_ms / 1000

    yield Way("PostgreSQL, one process", _counter(kept, InProcess(), ballots), cpu)
    for workers in (1, 2):
        address, pids = stack.enter_context(_cluster(place, url, workers))

        def with_workers(pids: tuple[int, ...] = pids) -> float:
            return cpu() + processes.cpu_ms(pids) / 1000

        name = f"PostgreSQL, Dask with {workers} worker{'s' if workers > 1 else ''}"
        yield Way(name, _counter(kept, Dask(address), ballots), with_workers)


def _loaded(url: str, ballots: int, loads: dict[str, float], name: str) -> tuple[Database, Ground]:
    """Make a round, load seeded ballots, and note how fast that was."""
    database = open_database(url)
    made = rounds.open_bench_round(database)
    with reading(database) as session:
        ground = ground_of(session, made.id)
    begun = time.perf_counter()
    for step in batches(ground, ballots, rounds.UNITS, SEED, datetime.now(UTC)):
        with transaction(database) as session:
            write(session, ground, step, is_first=False)
    loads[name] = ballots / (time.perf_counter() - begun)
    click.echo(f"  {ballots:,} loaded into {name}: {loads[name]:,.0f}/s")
    return database, ground


def _counter(
    made: tuple[Database, Ground], executor: Executor, ballots: int
) -> Callable[[], object]:
    database, ground = made

    def counted() -> None:
        found = recount(database, ground.round_id, executor)
        if found.differences or found.recounted.ballot_count != ballots:
            raise RuntimeError(f"{len(found.differences)} differences, {found.recounted}")

    return counted


def _write_parquet(path: Path, ground: Ground, ballots: int) -> None:
    """Write the same seeded ballots as columns: one sign per unit, and whether it is flagged."""
    columns: dict[str, list[Any]] = {}
    for step in batches(ground, ballots, rounds.UNITS, SEED, datetime.now(UTC)):
        for batch in step:
            is_flagged = np.full(len(batch.ids), batch.validity is Validity.FLAGGED)
            columns.setdefault("flagged", []).append(is_flagged)
            for unit in range(rounds.UNITS):
                level = batch.choices[:, unit, 0].astype(np.uint8)
                columns.setdefault(f"u{unit:02d}", []).append(level)
    table = {name: np.concatenate(parts) for name, parts in columns.items()}
    with duckdb.connect() as connection:
        connection.register("ballots", table)
        connection.execute(f"COPY ballots TO '{path}' (FORMAT parquet, COMPRESSION zstd)")


def _grouped(path: Path, threads: int, ballots: int) -> Callable[[], object]:
    """Return a count of every unit's options by GROUP BY, unit after unit."""

    def counted() -> None:
        with duckdb.connect(config={"threads": threads}) as connection:
            total = 0
            for unit in range(rounds.UNITS):
                rows = connection.execute(
                    f"SELECT u{unit:02d}, flagged, count(*) FROM '{path}' GROUP BY ALL"
                ).fetchall()
                total += sum(row[2] for row in rows)
        if total != ballots * rounds.UNITS:
            raise RuntimeError(f"{total} ratings")

    return counted


@contextmanager
def _cluster(folder: Path, url: str, workers: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Run a Dask scheduler with so many workers of one thread, on loopback."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    dask = "distributed.cli.dask_"
    quiet = ["--no-dashboard", "--host", "127.0.0.1"]
    commands = [[f"{dask}scheduler", *quiet, "--port", str(port)]]
    commands += [
        [f"{dask}worker", address, *quiet, "--nthreads", "1", "--no-nanny"] for _ in range(workers)
    ]
    environment = {**os.environ, "PINGYI_DATABASE_URL": url, "PINGYI_VAR": str(folder / "var")}
    with (folder / f"dask{workers}.log").open("wb") as log:
        running = [
            subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=servers.ROOT,
                env={**environment, "PYTHONPATH": str(servers.ROOT)},
                stdout=log,
                stderr=log,
            )
            for command in commands
        ]
    try:
        _wait_for_workers(address, workers)
        yield address, tuple(one.pid for one in running)
    finally:
        for one in reversed(running):
            one.kill()  # they hold nothing
            one.wait(timeout=30)


def _wait_for_workers(address: str, workers: int) -> None:
    with distributed.Client(address, timeout=30, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        client.wait_for_workers(workers, timeout=60)


def _own_cpu() -> float:
    """Return the CPU seconds of this process and of those children that have ended."""
    return sum(os.times()[:4])


def _check_room(folder: Path, ballots: int) -> None:
    found = os.statvfs(folder)
    free = found.f_bavail * found.f_frsize
    if free < ballots * FREE_BYTES_PER_BALLOT:
        raise click.ClickException(f"{free // MIB:,} MiB are free in {folder}: too few")


# --- the table -----------------------------------------------------------------------------------


def _table(ballots: int, ways: list[Way], loads: dict[str, float]) -> Table:
    first = next(way for way in ways if way.name.startswith("DuckDB"))
    rows = tuple(
        (
            way.name,
            str(figure(way.wall_seconds)),
            str(figure(way.cpu_seconds)),
            str(ratio(way.wall_seconds, first.wall_seconds)),
        )
        for way in ways
    )
    loaded = ", ".join(f"{name} {spoken(rate)}/s" for name, rate in loads.items())
    return Table(
        f"{ballots:,} ballots × {rounds.UNITS} units counted again",
        ("way", "seconds", "CPU seconds", "against DuckDB, 1 thread"),
        rows,
        (f"Loaded with `flask bench load`'s code: {loaded}.",),
    )


def _goals(ballots: int, ways: list[Way]) -> tuple[Goal, ...]:
    found = {way.name: way for way in ways}
    # One process uses one core: its CPU seconds are its time on a machine that does nothing else.
    single = figure(found["SQLite, one process"].cpu_seconds).median * 10_000_000 / ballots
    goals = [Goal("recount of 10,000,000 ballots, CPU of one core, SQLite", 10, 3, single, "s")]
    if "PostgreSQL, Dask with 2 workers" in found:
        one = found["PostgreSQL, Dask with 1 worker"].wall_seconds
        two = found["PostgreSQL, Dask with 2 workers"].wall_seconds
        faster = ratio(one, two).median
        goals.append(Goal("two Dask workers against one", 1.4, 1.7, faster, "×", smaller=False))
    return tuple(goals)
