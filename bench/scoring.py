"""A scoring run of 62 units from tallies: the same at ten thousand and at ten million ballots."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bench.figures import Goal, Table, figure
from surveys import schema
from surveys.commands.bulk import Batch, Ground, batches, fold, ground_of
from surveys.db import Database, open_database, reading, transaction
from surveys.fielding.actions import make_link
from surveys.models import Group, TallyCell
from surveys.planning.actions import close_round, import_round, open_round
from surveys.planning.demonstration import demonstration_plan
from surveys.questionnaire import Channel
from surveys.scoring.actions import prepare_run, record_run

UNITS_PER_BALLOT = 10
SEED = 1
ACTOR = "bench"

Put = Callable[[Session, Ground, tuple[Batch, ...]], None]


def scoring_table(
    folder: Path, sizes: tuple[int, ...], repeats: int
) -> tuple[Table, tuple[Goal, ...], dict[str, Any]]:
    """Score rounds of several sizes in turn; return the table, the goal and the plain figures."""
    prepared = {size: prepared_round(folder / f"score{size}.db", size, fold) for size in sizes}
    took: dict[int, list[float]] = {size: [] for size in sizes}
    for _ in range(repeats):
        for size, (database, round_id, _cells) in prepared.items():
            begun = time.perf_counter()
            with reading(database) as session:
                ready = prepare_run(session, round_id)
            with transaction(database) as session:
                record_run(session, ready, datetime.now(UTC), ACTOR)
            took[size].append((time.perf_counter() - begun) * 1000)
    for database, _, _ in prepared.values():
        database.dispose()
    rows = tuple(
        (f"{size:,}", f"{prepared[size][2]:,}", str(figure(found))) for size, found in took.items()
    )
    table = Table(
        "A scoring run of 62 units with all statistics, from the tally",
        ("ballots folded", "cells of the tally", "ms"),
        rows,
        ("Only counts are stored here: a run reads no ballot. Five items, four groups.",),
    )
    largest = figure(took[max(sizes)]).median
    return (
        table,
        (Goal("scoring run from tallies", 50, 20, largest, "ms"),),
        {str(size): found for size, found in took.items()},
    )


def prepared_round(path: Path, ballots: int, put: Put) -> tuple[Database, int, int]:
    """Return a closed round of the demonstration's plan with so many ballots put into it.

    `put` keeps them or folds them only. The last number is that of the tally's cells.
    """
    database = open_database(f"sqlite:///{path}")
    schema.upgrade(database)
    now = datetime.now(UTC)
    with transaction(database) as session:
        made = import_round(session, demonstration_plan("score", "计分测量"), now, ACTOR)
        for group in session.scalars(select(Group.id).where(Group.round_id == made.id)).all():
            make_link(session, made.id, group, Channel.OPEN, now, actor=ACTOR)
        open_round(session, made.id, now, ACTOR)
    with reading(database) as session:
        ground = ground_of(session, made.id)
    for step in batches(ground, ballots, UNITS_PER_BALLOT, SEED, now):
        with transaction(database) as session:
            put(session, ground, step)
    with transaction(database) as session:
        close_round(session, made.id, now, ACTOR)
        cells = session.scalars(select(func.count()).select_from(TallyCell)).one()
    click.echo(f"  {ballots:,} ballots counted in {cells:,} cells")
    return database, made.id, cells
