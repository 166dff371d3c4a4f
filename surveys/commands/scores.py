"""`flask score-files`: the whole computation over files, with no database."""

import json
from functools import partial
from pathlib import Path

import click
from flask.cli import with_appcontext

from analytics.files import score_files
from analytics.rules import parse_rules
from surveys.commands import SayingCommand

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("score-files", cls=SayingCommand)
@click.option("--rules", type=FILE, required=True, help="Rule set, JSON (flask rules show).")
@click.option("--ratings", type=FILE, required=True, help="ballot,group,unit and item columns.")
@click.option("--units", type=FILE, required=True, help="code,name,class,ranked.")
@click.option("--work", type=FILE, help="unit,indicator,full_marks,score,applies.")
@click.option("--invited", type=FILE, help="group,unit,invited.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@with_appcontext
def score_the_files(
    rules: Path, ratings: Path, units: Path, work: Path | None, invited: Path | None, out: Path
) -> None:
    """Score ballots given as files and write result.json."""
    rule_set = parse_rules(rules.read_text(encoding="utf-8-sig"))
    result = score_files(
        rule_set, ratings, units, work=work, invited=invited, on_row=partial(_report, ratings.name)
    )
    click.echo(err=True)
    out.write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    click.echo(f"{len(result['units'])} 个单位 / units → {out}")


def _report(file: str, done: int) -> None:
    """Say how far the file has been read, on one line that is written over."""
    click.echo(f"\r{file}: {done:,}", nl=False, err=True)


COMMANDS = (score_the_files,)
