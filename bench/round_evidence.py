"""Everything that statistics say beside a run, from the stored ballots to the kept document."""

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from bench import servers
from bench.figures import Table
from bench.scoring import ACTOR, prepared_round
from bench.turns import Contender, Section, Taken, cpu_seconds, raw_of, take_turns
from bench.yardsticks import Yardsticks
from surveys.commands.bulk import Batch, Ground, write
from surveys.db import Database, open_database, reading, transaction
from surveys.models import ScoringRun
from surveys.recount import one_moment
from surveys.scoring.actions import prepare_run, record_run
from surveys.scoring.evidence import evidence_document, evidence_inputs

Run = tuple[Database, int, int]  # where it is, the round's id, the run's number


@dataclass(frozen=True, slots=True)
class Sizes:
    """Whether the demonstration takes part, and how many ballots other rounds have."""

    has_demonstration: bool
    kept: tuple[int, ...]


def evidence_section(sizes: Sizes, rounds: int, folder: Path, _yardsticks: Yardsticks) -> Section:
    """Return the CPU seconds that the evidence of the demonstration and of other rounds takes."""
    runs = {f"{size:,} ballots × 10 units": _random(folder, size) for size in sizes.kept}
    if sizes.has_demonstration:
        runs = {"the demonstration": _demonstration(folder), **runs}
    contenders = [Contender(name, partial(_taken, run)) for name, run in runs.items()]
    counts = {name: _counts(run) for name, run in runs.items()}
    take_turns(contenders, rounds, tolerance=0)
    for database, _, _ in runs.values():
        database.dispose()
    shown = Table(
        "Everything that statistics say of a round, CPU seconds",
        ("round", "ballots", "ratings", "comments", "reading them", "evidence"),
        tuple(
            (
                one.name,
                *(f"{count:,}" for count in counts[one.name]),
                *(one.shown(step) for step in ("reading", "evidence")),
            )
            for one in contenders
        ),
        ("Of 62 units, in a job behind the run: from the stored ballots to the document kept.",),
    )
    return Section((shown,), (), raw_of(contenders))


def _demonstration(folder: Path) -> Run:
    """Return the scored run of `flask demo`, whose deputies rate all units together."""
    url = f"sqlite:///{folder / 'demonstration.db'}"
    variables = {"PINGYI_DATABASE_URL": url, "PINGYI_VAR": str(folder / "var")}
    for command in (("db", "upgrade"), ("demo",)):
        subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", *command],
            cwd=servers.ROOT,
            env={**os.environ, **variables},
            stdout=subprocess.DEVNULL,
            check=True,
        )
    database = open_database(url)
    with reading(database) as session:
        newest = select(ScoringRun.round_id, ScoringRun.number).order_by(ScoringRun.id.desc())
        round_id, number = session.execute(newest.limit(1)).one()
    click.echo("  the demonstration is there")
    return database, round_id, number


def _random(folder: Path, ballots: int) -> Run:
    """Return a scored run of a round with so many ballots made up at random."""
    database, round_id, _ = prepared_round(folder / f"kept{ballots}.db", ballots, _keep)
    with reading(database) as session:
        ready = prepare_run(session, round_id)
    with transaction(database) as session:
        number = record_run(session, ready, datetime.now(UTC), ACTOR).number
    return database, round_id, number


def _keep(session: Session, ground: Ground, made: tuple[Batch, ...]) -> None:
    write(session, ground, made, is_first=False)


def _counts(run: Run) -> tuple[int, int, int]:
    database, round_id, number = run
    with one_moment(database) as session:
        _, inputs = evidence_inputs(session, round_id, number)
    return len(inputs.rows.ballots), inputs.rows.ballot.size, len(inputs.written)


def _taken(run: Run) -> Taken:
    database, round_id, number = run
    with one_moment(database) as session:
        reading_took, (_, inputs) = cpu_seconds(partial(evidence_inputs, session, round_id, number))
    evidence_took, _ = cpu_seconds(partial(evidence_document, inputs))
    return Taken({"reading": reading_took, "evidence": evidence_took}, {})
