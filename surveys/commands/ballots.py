"""`flask ballots`: paper and telephone ballots come in from a file, all ballots go out as one."""

import shutil
from functools import partial
from pathlib import Path

import click

from surveys import audit, web
from surveys.commands import SayingGroup
from surveys.commands.jobs import ACTOR, finish, follow, result_path
from surveys.jobs.files import receive
from surveys.jobs.saying import result_of
from surveys.questionnaire import Channel
from surveys.reviewing import actions
from surveys.reviewing.export import Form
from surveys.reviewing.export_plan import Scope
from surveys.reviewing.export_words import export_words
from surveys.rounds import round_id_of

ballots = SayingGroup("ballots", help="Ballots in from a file, and out to one.")


@ballots.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--round", "code", required=True, help="Code of the round.")
@click.option(
    "--channel",
    type=click.Choice([Channel.PAPER.value, Channel.TELEPHONE.value]),
    default=Channel.PAPER.value,
    show_default=True,
)
@click.option("--dry-run", is_flag=True, help="Check everything, save nothing.")
def import_file(file: Path, code: str, channel: str, dry_run: bool) -> None:
    """Enter the ballots of a ratings FILE (ballot,group,unit, then a column per item code)."""
    var = web.installation().settings.var
    uploaded = receive(var, partial(shutil.copyfile, file))
    try:
        with web.transaction() as session:
            job_id = actions.start_import(
                session,
                var,
                round_id_of(session, code),
                uploaded,
                file.name,
                Channel(channel),
                web.now(),
                ACTOR,
                is_dry=dry_run,
            ).id
    finally:
        uploaded.unlink(missing_ok=True)
    job = follow(job_id)
    finish(job, file.name)
    entry = result_of(job)
    if dry_run:
        click.echo("试运行，未保存 / Dry run, nothing was saved")
    for group, count in entry["new"].items():
        click.echo(f"{group}: {count} 份新票 / new ballots")
    click.echo(
        f"{entry['ratings']} 条评分 / ratings; {entry['before']} 份已录入过 / entered before"
    )


@ballots.command("export")
@click.argument("code")
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in Form]),
    default=Form.XLSX.value,
    show_default=True,
    help="A workbook, a zip of CSV files, or the counted ratings as flask score-files reads them.",
)
@click.option(
    "--groups",
    "scope",
    type=click.Choice([scope.value for scope in Scope]),
    default=Scope.ALL.value,
    show_default=True,
    help="`open`: only groups without one-time codes, which is possible before the round closes.",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
def export(code: str, form: str, scope: str, out: Path) -> None:
    """Write all ballots of round CODE into a file, in random order."""
    with web.transaction() as session:
        round_id = round_id_of(session, code)
        job_id = actions.start_export(
            session, round_id, Form(form), Scope(scope), export_words(), web.now(), ACTOR
        ).id
    job = follow(job_id)
    finish(job)
    shutil.copyfile(result_path(job), out)
    with web.transaction() as session:
        audit.record(session, ACTOR, "ballots downloaded", web.now(), round_id, f"#{job_id}")
    click.echo(f"{result_of(job)['ballots']} 份评议票 / ballots → {out}")


COMMANDS = (ballots,)
