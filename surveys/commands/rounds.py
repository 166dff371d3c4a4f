"""`flask round`, `score`, `export`: a round's way from workbook to official table."""

from collections.abc import Callable
from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from surveys import audit, web
from surveys.commands import SayingCommand, SayingGroup
from surveys.jobs.queue import announce
from surveys.models import Round
from surveys.planning import actions as planning
from surveys.planning.reading import read_round
from surveys.rounds import round_id_of
from surveys.scoring import actions as scoring
from surveys.scoring import queries
from surveys.scoring.evidence import start_evidence
from surveys.scoring.tables import build_csv
from surveys.scoring.workbook import build_workbook
from surveys.spreadsheet import read_workbook
from surveys.surge import check_drained
from surveys.wording import words

ACTOR = "command"


rounds = SayingGroup("round", help="Rounds: import one, take it through its life cycle.")


@rounds.command("list")
def list_rounds() -> None:
    """List the rounds, one a line."""
    with web.reading() as session:
        for found in session.scalars(select(Round).order_by(Round.id)):
            click.echo(f"{found.code:<20} {found.state.value:<10} {found.name}")


@rounds.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_round(file: Path) -> None:
    """Make a round from a workbook FILE (.xlsx); all or nothing."""
    plan = read_round(read_workbook(file.read_bytes(), file.name))
    with web.transaction() as session:
        made = planning.import_round(session, plan, web.now(), ACTOR)
        click.echo(f"{made.code}  {made.name}")


def _step(action: Callable[..., object], code: str) -> None:
    with web.transaction() as session:
        action(session, round_id_of(session, code), web.now(), ACTOR)
        found = session.scalars(select(Round).where(Round.code == code)).one()
        click.echo(f"{found.code}  {words(found.state)}")


@rounds.command("rehearse")
@click.argument("code")
def rehearse(code: str) -> None:
    """Begin the rehearsal of round CODE."""
    _step(planning.rehearse_round, code)


@rounds.command("open")
@click.argument("code")
def open_round(code: str) -> None:
    """Open round CODE and freeze its rules, units and questionnaires."""
    _step(planning.open_round, code)


@rounds.command("close")
@click.argument("code")
def close_round(code: str) -> None:
    """Close round CODE: no ballot is taken any more."""
    _step(planning.close_round, code)


@rounds.command("publish")
@click.argument("code")
def publish_round(code: str) -> None:
    """Publish the newest results of round CODE; they can no longer change."""
    _step(planning.publish_round, code)


@click.command("score", cls=SayingCommand)
@click.argument("code")
@with_appcontext
def score(code: str) -> None:
    """Score the closed round CODE: a new run, never changed afterwards.

    Its evidence is worked out by whichever server or worker runs; `flask evidence` does it here.
    """
    with web.reading() as session:
        round_id = round_id_of(session, code)
        check_drained(session, web.installation().settings, round_id)
        prepared = scoring.prepare_run(session, round_id)
    with web.transaction() as session:
        run = scoring.record_run(session, prepared, web.now(), ACTOR)
        job_id = start_evidence(session, round_id, run.number, web.now(), ACTOR)
        click.echo(f"{code}  第 {run.number} 次计分 / run {run.number}  {run.tally_sha256[:8]}")
    announce(web.installation().settings, job_id)


@click.command("export", cls=SayingCommand)
@click.argument("code")
@click.option("--run", "number", type=int, help="Number of the run (default: the newest).")
@click.option("--format", "kind", type=click.Choice(["xlsx", "csv"]), default="xlsx")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@with_appcontext
def export(code: str, number: int | None, kind: str, out: Path) -> None:
    """Write the official table of round CODE."""
    build = {"xlsx": build_workbook, "csv": build_csv}[kind]
    with web.reading() as session:
        round_id = round_id_of(session, code)
        out.write_bytes(build(queries.run_view(session, round_id, number)))
    with web.transaction() as session:
        audit.record(session, ACTOR, "results downloaded", web.now(), round_id, out.name)
    click.echo(str(out))


COMMANDS = (rounds, score, export)
