"""Cold start, the page of 62 units, QR codes and code lists, and exports of a million ballots."""

import gzip
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import Flask
from sqlalchemy import select

from app import create_app
from bench import rounds, servers
from bench.export_child import FORMS
from bench.figures import Goal, Part, Table, figure, spoken
from surveys import schema
from surveys.commands.bulk import batches, ground_of, write
from surveys.db import open_database, reading, transaction
from surveys.fielding.actions import make_link
from surveys.fielding.code_list import build_code_list
from surveys.models import Group
from surveys.planning.actions import close_round, import_round, open_round
from surveys.planning.demonstration import demonstration_plan
from surveys.qr import qr_png, qr_svg
from surveys.questionnaire import Channel
from surveys.settings import Settings
from surveys.tokens import make_token

ADDRESS = "https://ping.example.gov.cn/a/7k3mq9wxz#"
TOKENS = 10_000
SEED = 1
ACTOR = "bench"


@dataclass(frozen=True)
class Sizes:
    """How often, and how many ballots are exported."""

    rounds: int
    seconds: float
    ballots: int


QUICK, FULL = Sizes(3, 0.5, 50_000), Sizes(5, 2.0, 1_000_000)


def run(sizes: Sizes, folder: Path, _has_postgresql: bool = True) -> Part:
    """Measure each by itself."""
    starts = _starts(sizes, folder)
    page, first, kept, plain, packed = _page(sizes, folder)
    pictures = {
        "QR code as SVG": _rate(lambda: qr_svg(ADDRESS + make_token()), sizes.seconds),
        "QR code as PNG for posters": _rate(lambda: qr_png(ADDRESS + make_token()), sizes.seconds),
        "one-time code": _rate(make_token, sizes.seconds),
        f"line of a code list ({TOKENS:,} codes)": TOKENS * _rate(_code_list, sizes.seconds),
    }
    exports, goals = _exports(sizes, folder)
    rows = (
        ("`flask serve` until it answers, tables there", f"{figure(starts)} s"),
        (f"page of {page} units, first time, every template compiled too", f"{spoken(first)} ms"),
        ("the same page again, request to answer inside the process", f"{spoken(kept)} ms"),
        ("the page", f"{plain / 1000:.0f} kB, {packed / 1000:.1f} kB in gzip"),
        *((f"{name}, per CPU second", spoken(rate)) for name, rate in pictures.items()),
    )
    note = "There is no PDF of QR codes: codes go out as pictures, pages to print and lists."
    raw = {"starts_seconds": starts, "page_ms": [first, kept], "rates": pictures}
    return Part("others", (Table("Others", ("what", "value"), rows, (note,)), exports), goals, raw)


def _starts(sizes: Sizes, folder: Path) -> list[float]:
    url = f"sqlite:///{folder / 'start.db'}"
    database = open_database(url)
    schema.upgrade(database)
    database.dispose()
    took = []
    for number in range(sizes.rounds):
        begun = time.perf_counter()
        with servers.product("start", folder / f"start{number}", url):
            took.append(time.perf_counter() - begun)
        click.echo(f"  start: {took[-1]:.2f} s")
    return took


def _page(sizes: Sizes, folder: Path) -> tuple[int, float, float, int, int]:
    """Return units, milliseconds of the first and of later requests, bytes plain and packed."""
    url = f"sqlite:///{folder / 'page.db'}"
    code, units = _demonstration(url)
    app = _app(url, folder)
    client = app.test_client()
    headers = {"Accept-Encoding": "gzip"}
    begun = time.perf_counter()
    answer = client.get(f"/a/{code}", headers=headers)
    first = (time.perf_counter() - begun) * 1000
    kept = 1000 / _rate(lambda: client.get(f"/a/{code}", headers=headers), sizes.seconds)
    app.extensions["installation"].database.dispose()
    packed = answer.get_data()
    return units, first, kept, len(gzip.decompress(packed)), len(packed)


def _demonstration(url: str) -> tuple[str, int]:
    """Make an open round of the demonstration's plan; return its link's code."""
    database = open_database(url)
    schema.upgrade(database)
    now = datetime.now(UTC)
    plan = demonstration_plan("page", "页面测量")
    with transaction(database) as session:
        made = import_round(session, plan, now, ACTOR)
        groups = session.scalars(select(Group.id).where(Group.round_id == made.id)).all()
        links = [
            make_link(session, made.id, group, Channel.OPEN, now, actor=ACTOR) for group in groups
        ]
        open_round(session, made.id, now, ACTOR)
        code = links[0].code
    database.dispose()
    return code, len(plan.units)


def _app(url: str, folder: Path) -> Flask:
    settings = Settings(
        database_url=url,
        base_url="http://127.0.0.1:8000",
        secret_key=b"a key for measuring, long enough to be one",
        var=folder / "var",
    )
    settings.var.mkdir()
    return create_app(settings)


def _code_list() -> bytes:
    return build_code_list(("序号", "评议码", "网址"), ["0" * 26] * TOKENS, ADDRESS)


def _rate(do: Callable[[], object], seconds: float) -> float:
    """Return how often something can be done per CPU second."""
    done, begun = 0, time.process_time()
    while (spent := time.process_time() - begun) < seconds:
        do()
        done += 1
    return done / spent


# --- exports -------------------------------------------------------------------------------------


def _exports(sizes: Sizes, folder: Path) -> tuple[Table, tuple[Goal, ...]]:
    """Export a closed round in a process of its own, as a job does; note CPU and peak memory."""
    url = f"sqlite:///{folder / 'export.db'}"
    round_id = _filled(url, sizes.ballots)
    rows, goals = [], []
    for form in FORMS:
        started, cpu, peak, size = _exported(url, round_id, form, folder / form)
        click.echo(f"  {form}: {cpu:.1f} s CPU, {peak:.0f} MiB")
        cells = (f"{started:.1f}", f"{cpu - started:.1f}", f"{peak:.0f}", f"{size / 2**20:.1f}")
        rows.append((form, *cells))
        whole = started + (cpu - started) * 1_000_000 / sizes.ballots
        goals.append(Goal(f"1,000,000 ballots as {form}: CPU", 20, 8, whole, "s"))
        goals.append(Goal(f"the same: peak memory ({form})", 100, 100, peak, "MiB"))
    title = f"Export of {sizes.ballots:,} ballots × {rounds.UNITS} units, SQLite"
    columns = ("form", "CPU seconds to start", "to export", "peak memory MiB", "file MiB")
    note = "With no comments; the goals count both, and the peak is that of the whole process."
    return Table(title, columns, tuple(rows), (note,)), tuple(goals)


def _filled(url: str, ballots: int) -> int:
    database = open_database(url)
    made = rounds.open_bench_round(database)
    with reading(database) as session:
        ground = ground_of(session, made.id)
    for step in batches(ground, ballots, rounds.UNITS, SEED, datetime.now(UTC)):
        with transaction(database) as session:
            write(session, ground, step, is_first=False)
    with transaction(database) as session:
        close_round(session, made.id, datetime.now(UTC), ACTOR)
    database.dispose()
    return made.id


def _exported(url: str, round_id: int, form: str, folder: Path) -> tuple[float, float, float, int]:
    """Return CPU seconds to start and in all, peak MiB and bytes of one export in a new process."""
    folder.mkdir()
    command = [sys.executable, "-m", "bench.export_child", url, str(round_id), form, str(folder)]
    done = subprocess.run(command, cwd=servers.ROOT, check=True, capture_output=True, text=True)
    started, ended, peak = json.loads(done.stdout)
    size = sum(path.stat().st_size for path in folder.iterdir())
    shutil.rmtree(folder)
    return started, ended, peak, size
