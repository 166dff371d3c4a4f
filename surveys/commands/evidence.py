"""`flask evidence`: what statistics say beside a scoring run, worked out and written to a file."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from surveys import web
from surveys.commands import SayingCommand
from surveys.commands.jobs import finish, follow
from surveys.rounds import round_id_of
from surveys.scoring import queries
from surveys.scoring.evidence import evidence_job

ACTOR = "command"


@click.command("evidence", cls=SayingCommand)
@click.argument("code")
@click.option("--run", "number", type=int, help="Number of the run (default: the newest).")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File for the JSON.")
@with_appcontext
def evidence(code: str, number: int | None, out: Path | None) -> None:
    """Work out the evidence of a run of round CODE, if it is not kept yet, and write it down."""
    with web.transaction() as session:
        round_id = round_id_of(session, code)
        run = queries.run_view(session, round_id, number).number
        job_id = evidence_job(session, round_id, run, web.now(), ACTOR)
    while job_id is not None:  # where another run's was being worked out, this one's comes after it
        finish(follow(job_id))
        with web.transaction() as session:
            job_id = evidence_job(session, round_id, run, web.now(), ACTOR)
    if out is not None:
        with web.reading() as session:
            document = queries.evidence_document(session, round_id, run)
        out.write_text(document, encoding="utf-8")
    click.echo(f"{code}  第 {run} 次计分的可靠性分析 / evidence of run {run}  {out or ''}".rstrip())


COMMANDS = (evidence,)
