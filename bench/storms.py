"""Storms: one ballot sent many times, a crowd behind one address, five times what can be served."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from bench import phones, rounds, servers
from bench.figures import Part, Table, percentile, spoken
from bench.machine import quiet
from bench.phones import NONCE, RECEIPT, Broken, Door, Load
from surveys.answering.nonce import read_nonce
from surveys.db import open_database, reading
from surveys.models import Ballot

USUAL_PHONES = 16
TIMES = 5
PATIENCE_SECONDS = 20
MOST_OPEN = 4_000  # phones that one client process may have waiting at once
RECOVERED_AT_MOST = 2.0  # times the usual median
GIVE_UP_SECONDS = 60
COLUMNS = (
    "store",
    "storm",
    "sent",
    "acknowledged",
    "refused (503)",
    "without an answer",
    "lost",
    "doubled",
    "remarks",
)


@dataclass(frozen=True)
class Sizes:
    """How many and how long."""

    identical: int
    devices: int
    seconds: float


QUICK, FULL = Sizes(100, 1000, 10.0), Sizes(200, 1000, 60.0)


@dataclass(frozen=True)
class Served:
    """The product under load, and how to find out what it has stored."""

    name: str
    door: Door
    url: str
    secret: bytes
    link_id: int

    def submission_id(self, nonce: str) -> str:
        """Return the key under which a page's ballot is stored."""
        return read_nonce(self.secret, nonce, self.link_id).submission_id

    def stored(self) -> list[str]:
        """Return the keys of all ballots."""
        database = open_database(self.url)
        with reading(database) as session:
            found = list(session.scalars(select(Ballot.id)))
        database.dispose()
        return found


@dataclass
class Sent:
    """One ballot on its way: what was sent, and what became of it."""

    submission_id: str
    request: bytes
    receipt: bytes | None = None
    answers: int = 0


@dataclass
class Storm:
    """What phones saw in a storm."""

    outcomes: Counter[str] = field(default_factory=Counter)
    sent: list[Sent] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    is_open: int = 0


def run(sizes: Sizes, folder: Path, has_postgresql: bool = True) -> Part:
    """Take each store through the three storms, and compare what was said with what is stored."""
    rows: list[tuple[str, ...]] = []
    raw: dict[str, Any] = {}
    with ExitStack() as stack:
        sync = quiet(folder)
        found = [stack.enter_context(_served("SQLite", folder / "sqlite"))]
        if has_postgresql:
            store = stack.enter_context(servers.postgresql_server())
            url = store.database("storms")
            name = "PostgreSQL, 2 workers"
            found.append(stack.enter_context(_served(name, folder / "postgresql", url, 2)))
        for served in found:
            for storm in (_identical, _one_address, _overload):
                row, figures = storm(served, sizes)
                click.echo(f"  {served.name}: {row}")
                rows.append((served.name, *row))
                raw.setdefault(served.name, {})[row[0]] = figures
    note = f"A write of 4 KiB was on the disk after {sync.sync_ms_median} ms."
    return Part("storms", (Table("Storms", COLUMNS, tuple(rows), (note,)),), raw=raw)


@contextmanager
def _served(name: str, folder: Path, url: str = "", workers: int = 1) -> Iterator[Served]:
    folder.mkdir(parents=True)
    url = url or f"sqlite:///{folder / 'pingyi.db'}"
    database = open_database(url)
    made = rounds.open_bench_round(database)
    database.dispose()
    with servers.product(name, folder, url, workers) as server:
        secret = (folder / "secret.key").read_bytes().strip()
        door = asyncio.run(phones.door(server.port, f"/a/{made.link_code}"))
        yield Served(name, door, url, secret, made.link_id)


# --- the storms ----------------------------------------------------------------------------------


def _identical(served: Served, sizes: Sizes) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Send the same ballot on many connections at once."""

    async def storm() -> tuple[Sent, Counter[str]]:
        one, _ = await _opened(served, random.Random(1))
        outcomes: Counter[str] = Counter()
        receipts = set()

        async def press() -> None:
            phone = await phones.connect(served.door.port)
            answer = await phone.ask(one.request)
            phone.close()
            outcomes[str(answer.status)] += 1
            receipts.update(RECEIPT.findall(answer.body))

        await asyncio.gather(*(press() for _ in range(sizes.identical)))
        one.answers = len(receipts)
        return one, outcomes

    one, outcomes = asyncio.run(storm())
    there = served.stored().count(one.submission_id)
    row = _row(
        "one ballot, sent at once",
        sizes.identical,
        outcomes,
        lost=int(there == 0),
        doubled=max(0, there - 1),
        remark=f"{one.answers} receipt for all",
    )
    return row, {"outcomes": dict(outcomes), "stored": there, "receipts": one.answers}


def _one_address(served: Served, sizes: Sizes) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Let a thousand browsers answer from one address, a hundred at a time."""

    async def storm() -> Storm:
        found = Storm()
        waiting = iter(range(sizes.devices))

        async def come() -> None:
            for number in waiting:
                await _come(served, found, random.Random(number))

        await asyncio.gather(*(come() for _ in range(100)))
        return found

    begun = time.perf_counter()
    found = asyncio.run(storm())
    seconds = time.perf_counter() - begun
    lost, doubled = _compared(served, found)
    remark = f"all in {spoken(seconds)} s, p99 {spoken(percentile(found.took, 0.99) * 1000)} ms"
    row = _row(
        f"{sizes.devices:,} browsers behind one address",
        sizes.devices,
        found.outcomes,
        lost,
        doubled,
        remark,
    )
    return row, {"outcomes": dict(found.outcomes), "lost": lost, "doubled": doubled}


def _overload(served: Served, sizes: Sizes) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Offer five times what is served, then see how long it takes until all is as usual."""
    usual: Load = asyncio.run(phones.completions(served.door, USUAL_PHONES, 3.0, 1))
    offered = TIMES * usual.rate
    quiet_ms = percentile(usual.whole, 0.5)

    async def storm() -> tuple[Storm, float]:
        found = await _flood(served, offered, sizes.seconds)
        return found, await _recovered(served, quiet_ms)

    found, recovery = asyncio.run(storm())
    unknown = [one for one in found.sent if one.receipt is None]
    asyncio.run(_asked_again(served, unknown))
    lost, doubled = _compared(served, found)
    arrivals = found.outcomes.total()
    settled = sum(one.receipt is not None for one in unknown)
    remark = (
        f"usual {usual.rate:,.0f}/s, offered {arrivals / sizes.seconds:,.0f}/s;"
        f" {found.outcomes['too many']:,} more found no free connection at the client;"
        f" median {spoken(percentile(found.took, 0.5))} s; usual again after {spoken(recovery)} s;"
        f" {settled:,} of {len(unknown):,} unknown were settled by pressing again"
    )
    row = _row(
        f"{TIMES} × for {sizes.seconds:.0f} s", arrivals, found.outcomes, lost, doubled, remark
    )
    return row, {
        "usual_per_second": usual.rate,
        "outcomes": dict(found.outcomes),
        "recovery_seconds": recovery,
        "unknown": len(unknown),
        "settled": settled,
        "lost": lost,
        "doubled": doubled,
    }


# --- their parts ---------------------------------------------------------------------------------


async def _flood(served: Served, rate: float, seconds: float) -> Storm:
    """Let phones arrive at a rate whatever the server does; each waits as long as people do."""
    found = Storm()
    rng = random.Random(2)
    running: set[asyncio.Task[None]] = set()
    begun = time.perf_counter()
    arrived = 0
    while (passed := time.perf_counter() - begun) < seconds:
        due = int(passed * rate)
        for _ in range(due - arrived):
            if found.is_open >= MOST_OPEN:
                found.outcomes["too many"] += 1
                continue
            found.is_open += 1
            task = asyncio.create_task(_come(served, found, rng))
            running.add(task)
            task.add_done_callback(running.discard)
        arrived = due
        await asyncio.sleep(0.01)
    # The storm is over: those who still wait hang up, and do not know what became of their ballot.
    for task in list(running):
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    return found


async def _come(served: Served, found: Storm, rng: random.Random) -> None:
    """Open the page and hand a ballot in; note how it ended, and what was sent."""
    begun = time.perf_counter()
    ended = "no answer"
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            one, phone = await _opened(served, rng)
            found.sent.append(one)
            try:
                answer = await phone.ask(one.request)
            finally:
                phone.close()
        receipt = RECEIPT.search(answer.body)
        if answer.status == 200 and receipt is not None:
            one.receipt = receipt[0]
            found.took.append(time.perf_counter() - begun)
            ended = "acknowledged"
        else:
            ended = str(answer.status)
    except Refused as refusal:
        ended = str(refusal)
    except (Broken, TimeoutError, OSError) as fault:
        ended = f"no answer: {type(fault).__name__}"
    finally:
        found.outcomes[ended] += 1
        found.is_open -= 1


class Refused(Exception):
    """The page itself was refused; the text is the status."""


async def _opened(served: Served, rng: random.Random) -> tuple[Sent, phones.Phone]:
    """Open the page as a new browser; return what it would send, and its connection."""
    phone = await phones.connect(served.door.port)
    try:
        page = await phone.ask(served.door.page())
        nonce = NONCE.search(page.body)
        if nonce is None:
            raise Refused(str(page.status))
    except BaseException:
        phone.close()
        raise
    text = nonce[1].decode()
    request = served.door.ballot(text, page.cookie, rng)
    return Sent(served.submission_id(text), request), phone


async def _recovered(served: Served, usual_ms: float) -> float:
    """Return the seconds until a single completion is about as fast as usual."""
    begun = time.perf_counter()
    rng = random.Random(3)
    while (passed := time.perf_counter() - begun) < GIVE_UP_SECONDS:
        load = Load()
        await phones.complete(served.door, load, rng)
        if load.done and load.whole[0] <= RECOVERED_AT_MOST * usual_ms:
            return time.perf_counter() - begun
        await asyncio.sleep(0.05)
    return passed


async def _asked_again(served: Served, unknown: list[Sent]) -> None:
    """Press the button once more for every ballot whose fate is unknown, as its person would."""
    waiting = iter(unknown)

    async def press() -> None:
        for one in waiting:
            phone = await phones.connect(served.door.port)
            answer = await phone.ask(one.request)
            phone.close()
            receipt = RECEIPT.search(answer.body)
            one.receipt = receipt[0] if receipt else None

    await asyncio.gather(*(press() for _ in range(USUAL_PHONES)))


def _compared(served: Served, found: Storm) -> tuple[int, int]:
    """Return how many acknowledged ballots are missing, and how many are there twice."""
    stored = Counter(served.stored())
    acknowledged = [one.submission_id for one in found.sent if one.receipt is not None]
    lost = sum(stored[key] == 0 for key in acknowledged)
    return lost, sum(count - 1 for count in stored.values())


def _row(
    name: str, sent: int, outcomes: Counter[str], lost: int, doubled: int, remark: str
) -> tuple[str, ...]:
    good = outcomes["acknowledged"] + outcomes["200"]
    silent = sum(count for name, count in outcomes.items() if name.startswith("no answer"))
    others = {
        name: count
        for name, count in outcomes.items()
        if name not in {"acknowledged", "200", "503", "too many"} and not name.startswith("no ans")
    }
    remark += f"; also {others}" if others else ""
    return (
        name,
        f"{sent:,}",
        f"{good:,}",
        f"{outcomes['503']:,}",
        f"{silent:,}",
        f"{lost}",
        f"{doubled}",
        remark,
    )
