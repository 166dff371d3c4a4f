"""Completed ballots end to end: the product beside bare Flask with one durable insert."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from sqlalchemy import func, select

from bench import phones, rounds, servers
from bench.completion_tables import part_of
from bench.figures import Part
from bench.machine import quiet
from bench.phones import Door, Load
from bench.servers import PostgreSQL, Server
from surveys.answering.device import cookie_name, make_device
from surveys.answering.nonce import make_nonce
from surveys.db import open_database, reading
from surveys.models import Ballot
from surveys.web import now

CONCURRENCY = 16
POSTERS = 64
WARM_SECONDS = 1.0
BARE_PATH = "/a/bench"


@dataclass(frozen=True)
class Sizes:
    """How long and how often is measured."""

    rounds: int
    seconds: float


QUICK, FULL = Sizes(3, 3.0), Sizes(6, 6.0)


@dataclass
class Candidate:
    """One server of the comparison, and what was found about it round by round."""

    name: str
    server: Server
    door: Door
    mark: Callable[[], tuple[str, str]]
    url: str | None
    postgresql: PostgreSQL | None = None
    warm: list[Load] = field(default_factory=list)
    whole: list[Load] = field(default_factory=list)
    posts: list[Load] = field(default_factory=list)
    gets: list[Load] = field(default_factory=list)
    cpu: dict[str, list[float]] = field(default_factory=dict)
    pss: float = 0.0
    worker_pss: float = 0.0

    def measured(self, kind: str, run: Callable[[], Any]) -> Load:
        """Run a load; note the CPU milliseconds of server and database for each thing done."""
        store = self.postgresql
        before = self.server.cpu_ms, store.cpu_ms if store else 0.0
        load: Load = asyncio.run(run())
        after = self.server.cpu_ms, store.cpu_ms if store else 0.0
        done = max(1, load.done)
        self.cpu.setdefault(kind, []).append((after[0] - before[0]) / done)
        self.cpu.setdefault(f"{kind} store", []).append((after[1] - before[1]) / done)
        getattr(self, kind).append(load)
        return load

    def rates(self, kind: str) -> list[float]:
        """Return what was done per second in each round."""
        return [load.rate for load in getattr(self, kind)]


def run(sizes: Sizes, folder: Path, has_postgresql: bool = True) -> Part:
    """Measure every candidate in turn, again and again, and put the ratios beside each other."""
    with ExitStack() as stack:
        found = list(_sqlite(stack, folder))
        if has_postgresql:
            found += _postgresql(stack, folder)
        syncs = [quiet(folder)]
        for one in found:  # pools are filled and templates compiled before anything counts
            warm = phones.completions(one.door, CONCURRENCY, WARM_SECONDS, 0)
            one.warm.append(asyncio.run(warm))
        for number in range(sizes.rounds):
            for one in found:
                _one_round(one, sizes.seconds, number)
            syncs.append(quiet(folder))
        for one in found:
            one.pss = one.server.pss_mib
            one.worker_pss = one.server.worker_pss_mib
        checked = {one.name: _compared(one) for one in found if one.url}
        statements = {
            "SQLite": _statements(stack, folder, found[0]),
        }
        if has_postgresql:
            model = next(one for one in found if one.postgresql)
            statements["PostgreSQL"] = _statements(stack, folder, model)
    return part_of(found, checked, syncs, statements)


def _one_round(one: Candidate, seconds: float, number: int) -> None:
    seed = 1000 * number
    whole = one.measured("whole", lambda: phones.completions(one.door, CONCURRENCY, seconds, seed))
    one.measured("posts", lambda: phones.posts(one.door, POSTERS, seconds / 2, seed, one.mark))
    one.measured("gets", lambda: phones.gets(one.door, CONCURRENCY, seconds / 4))
    click.echo(
        f"  {one.name:<34} {whole.rate:7.0f}/s  {one.cpu['whole'][-1]:.2f} ms"
        f"  POST {one.posts[-1].rate:6.0f}/s {one.cpu['posts'][-1]:.2f} ms"
        f"  GET {one.cpu['gets'][-1]:.2f} ms  {dict(whole.faults)}"
    )


# --- the candidates ------------------------------------------------------------------------------


def _sqlite(stack: ExitStack, folder: Path) -> Iterator[Candidate]:
    model = stack.enter_context(_product("product, SQLite FULL", folder / "full"))
    yield model
    page = folder / "page.html"
    page.write_bytes(_page_of(model))
    yield stack.enter_context(
        _product("product, SQLite NORMAL", folder / "normal", model=model.server)
    )
    for name, factory in (
        ("bare, a commit each, SQLite", "create_insert"),
        ("bare, group commit, SQLite", "create_group"),
        ("bare, nothing stored", "create_nothing"),
    ):
        place = folder / factory
        environment = {"BENCH_PAGE": str(page), "BENCH_STORE": str(place / "bare.db")}
        yield stack.enter_context(_bare(name, model, factory, place, environment))


def _postgresql(stack: ExitStack, folder: Path) -> Iterator[Candidate]:
    store = stack.enter_context(servers.postgresql_server())
    page = folder / "page.html"
    for workers in (1, 2):
        name = f"PostgreSQL, {workers} worker{'s' if workers > 1 else ''}"
        model = stack.enter_context(
            _product(
                f"product, {name}",
                folder / f"pg{workers}",
                url=store.database(f"product{workers}"),
                workers=workers,
                postgresql=store,
            )
        )
        yield model
        address = store.database(f"bare{workers}").replace("+psycopg", "")
        environment = {"BENCH_PAGE": str(page), "BENCH_STORE": address}
        place = folder / f"bare{workers}"
        yield stack.enter_context(
            _bare(f"bare, {name}", model, "create_insert", place, environment)
        )


@contextmanager
def _product(
    name: str,
    folder: Path,
    url: str = "",
    workers: int = 1,
    postgresql: PostgreSQL | None = None,
    model: Server | None = None,
    factory: str = "bench.product:create_normal",
) -> Iterator[Candidate]:
    """Serve the product over a new round; with a model, a factory of the bench in its place."""
    folder.mkdir(parents=True)
    url = url or f"sqlite:///{folder / 'pingyi.db'}"
    database = open_database(url)
    made = rounds.open_bench_round(database)
    database.dispose()
    served = (
        servers.product(name, folder, url, workers)
        if model is None
        else servers.alike(name, model, factory, folder, servers.settings(folder, url, 80))
    )
    with served as server:
        secret = (folder / "secret.key").read_bytes().strip()

        def mark() -> tuple[str, str]:
            return (
                make_nonce(secret, made.link_id, now()),
                f"{cookie_name(False)}={make_device(secret)}",
            )

        door = asyncio.run(phones.door(server.port, f"/a/{made.link_code}"))
        yield Candidate(name, server, door, mark, url, postgresql)


@contextmanager
def _bare(
    name: str, model: Candidate, factory: str, folder: Path, environment: dict[str, str]
) -> Iterator[Candidate]:
    """Serve a bare application with the command line of the product that it is compared with."""
    with servers.alike(name, model.server, f"bench.bare:{factory}", folder, environment) as server:
        door = Door(server.port, BARE_PATH, model.door.choices, model.door.comment)
        yield Candidate(name, server, door, lambda: ("n" * 54, ""), None, model.postgresql)


def _statements(stack: ExitStack, folder: Path, model: Candidate) -> float:
    """Return the statements per completion at the usual concurrency, on a server of its own."""
    name = "counted postgresql" if model.postgresql else "counted"
    url = model.postgresql.database("counted") if model.postgresql else ""
    place = folder / name.replace(" ", "")
    factory = "bench.product:create_counted"
    made = _product(name, place, url, 1, model.postgresql, model.server, factory)
    one = stack.enter_context(made)
    before = _asked(one, "/bench/statements")
    load: Load = asyncio.run(phones.completions(one.door, CONCURRENCY, 2.0, 1))
    return (_asked(one, "/bench/statements") - before) / max(1, load.done)


def _asked(one: Candidate, path: str) -> int:
    async def fetch() -> bytes:
        phone = await phones.connect(one.door.port)
        answer = await phone.ask(Door(one.door.port, path, (), "").page())
        phone.close()
        return answer.body

    return int(asyncio.run(fetch()))


def _page_of(model: Candidate) -> bytes:
    async def fetch() -> bytes:
        phone = await phones.connect(model.door.port)
        page = await phone.ask(model.door.page())
        phone.close()
        return page.body

    return asyncio.run(fetch())


def _compared(one: Candidate) -> dict[str, int]:
    """Return acknowledged and stored ballots; a receipt that came twice would show here too."""
    loads = one.warm + one.whole + one.posts
    acknowledged = {receipt for load in loads for receipt in load.receipts}
    database = open_database(one.url or "")
    with reading(database) as session:
        stored = session.scalars(select(func.count()).select_from(Ballot)).one()
    database.dispose()
    return {
        "acknowledged": sum(load.done for load in loads),
        "receipts": len(acknowledged),
        "stored": stored,
    }
