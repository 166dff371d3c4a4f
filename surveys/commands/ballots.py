"""`flask ballots import`: paper and telephone ballots from a file, each once."""

from pathlib import Path

import click

from analytics.files import read_ratings
from surveys import web
from surveys.commands import SayingGroup
from surveys.questionnaire import Channel
from surveys.reviewing import actions, queries
from surveys.rounds import round_id_of

ballots = SayingGroup("ballots", help="Ballots that did not come by phone.")


class DryRun(Exception):
    """Ends the transaction of a dry run without saving."""


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
    with web.reading() as session:
        rules = queries.entry_rules(session, round_id_of(session, code))
    rows = read_ratings(file, rules.rules, frozenset(rules.unit_numbers))
    found = actions.gather_ballots(rows, rules, file.name)
    entry = actions.Entry({}, 0, 0)
    try:
        with (
            web.transaction() as session,
            click.progressbar(length=len(found), label=file.name) as bar,
        ):
            entry = actions.enter_ballots(
                session, rules, found, Channel(channel), file, web.now(), "command", bar.update
            )
            if dry_run:
                raise DryRun
    except DryRun:
        click.echo("试运行，未保存 / Dry run, nothing was saved")
    for group, count in entry.new.items():
        click.echo(f"{group}: {count} 份新票 / new ballots")
    click.echo(f"{entry.ratings} 条评分 / ratings; {entry.before} 份已录入过 / entered before")


COMMANDS = (ballots,)
