"""`flask bench load`: a demonstration round with as many seeded ballots as one wants to measure."""

import time

import click

from surveys import audit, web
from surveys.commands import SayingGroup
from surveys.commands.bulk import batches, ground_of, write
from surveys.rounds import round_id_of

bench = SayingGroup("bench", help="Data to measure with.")


@bench.command("load")
@click.option("--round", "code", required=True, help="Code of an open demonstration round.")
@click.option("--ballots", required=True, type=click.IntRange(1, 100_000_000))
@click.option("--units-per-ballot", default=10, show_default=True, type=click.IntRange(1, 999))
@click.option("--seed", default=1, show_default=True, help="The same seed, the same ballots.")
def load(code: str, ballots: int, units_per_ballot: int, seed: int) -> None:
    """Store seeded ballots in a demonstration round, with tally and participation."""
    began = time.perf_counter()
    with web.reading() as session:
        ground = ground_of(session, round_id_of(session, code))
    made = batches(ground, ballots, units_per_ballot, seed, web.now())
    with click.progressbar(length=ballots, label=code) as bar:
        for number, step in enumerate(made):
            with web.transaction() as session:
                write(session, ground, step, is_first=number == 0)
            bar.update(sum(len(batch.ids) for batch in step))
    with web.transaction() as session:
        audit.record(
            session, "command", "bench ballots loaded", web.now(), ground.round_id, f"{ballots}"
        )
    seconds = time.perf_counter() - began
    click.echo(f"{code}: {ballots:,} 份模拟票 / seeded ballots, {ballots / seconds:,.0f}/s")


COMMANDS = (bench,)
