"""`flask analyse`: what statistics say beside the official score, over files, with no database."""

import csv
import json
from collections.abc import Callable
from functools import partial, wraps
from math import isfinite
from pathlib import Path
from typing import IO, Any

import click
from flask_babel import gettext

from analytics import analyses
from analytics.analyses import Document
from analytics.analyses.studies import Study, StudyFiles, read_study
from analytics.ballot_tables import read_places
from analytics.files import read_rules
from analytics.population_tables import read_population
from analytics.rules import preset
from analytics.weighting.calibration import Bounds
from surveys.commands import SayingGroup

Work = Callable[..., Document]
Option = Callable[[Callable[..., None]], Callable[..., None]]
Pair = tuple[float, float]

MOST = 1e6  # times a weight
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FILES: tuple[Option, ...] = (
    click.option(
        "--rules", type=FILE, help="Rule set, JSON as flask rules show prints it; or the default."
    ),
    click.option(
        "--ratings",
        type=FILE,
        required=True,
        help="CSV, a row per ballot and unit: ballot,group,unit, then a column per item.",
    ),
    click.option("--units", type=FILE, required=True, help="CSV: code,name,class,ranked."),
    click.option(
        "--invited", type=FILE, help="CSV: group,unit,invited; a blank unit holds for all."
    ),
)
OUT: Option = click.option(
    "--out",
    type=click.File("w", encoding="utf-8"),
    default="-",
    help="Where the JSON goes, if not to standard output.",
)
BALLOTS: Option = click.option(
    "--ballots", type=FILE, help="CSV: ballot,group, and any of seconds,at,place,channel."
)
SEED: Option = click.option(
    "--seed", type=click.IntRange(min=0), help="Seed of what is drawn, instead of the tally's own."
)
TOP: Option = click.option(
    "--top",
    type=click.IntRange(min=1),
    help="Places that count as the top, instead of the best grade's share of the class.",
)

analyse = SayingGroup(
    "analyse",
    help="Statistics over the files of score-files, as JSON. None of them is the official score;"
    " docs/statistics says what each figure may claim.",
)


def study_command(name: str, *options: Option) -> Callable[[Work], Work]:
    """Make a subcommand of a function from a study, and its own options, to a document."""

    def decorate(work: Work) -> Work:
        @wraps(work)
        def run(out: IO[str], **chosen: Any) -> None:
            _write(work(_read(chosen), **chosen), out)

        command: Callable[..., None] = run
        for option in reversed((*FILES, *options, OUT)):
            command = option(command)
        analyse.command(name)(command)
        return work

    return decorate


@study_command("interval", SEED)
def interval(study: Study, seed: int | None) -> Document:
    """Say how far scores could be off.

    Each by itself, with an interval, and all of them together, as a covariance.
    """
    return analyses.interval_analysis(study, seed)


@study_command("ranks", TOP, SEED)
def ranks(study: Study, top: int | None, seed: int | None) -> Document:
    """Say how far ranks can be told.

    Sets of ranks, chances of the first and last places, and who cannot be told apart.
    """
    return analyses.ranks_analysis(study, seed, top)


@study_command("severity")
def severity(study: Study) -> Document:
    """Say what strict appraisers do to the order."""
    return analyses.severity_analysis(study)


@study_command("reliability")
def reliability(study: Study) -> Document:
    """Say how far items, raters and groups agree."""
    return analyses.reliability_analysis(study)


@study_command(
    "drivers",
    click.option(
        "--overall",
        default=analyses.OVERALL,
        show_default=True,
        help="Code of the item that the others are held against.",
    ),
    click.option("--group", help="Only the ballots of this group."),
)
def drivers(study: Study, overall: str, group: str | None) -> Document:
    """Say what goes with the overall answer.

    Importance of items against how units do on them.
    """
    return analyses.drivers_analysis(study, overall, group)


@study_command("sensitivity", TOP, SEED)
def sensitivity(study: Study, top: int | None, seed: int | None) -> Document:
    """Say what ranks hang on.

    Weights, single groups, points of options, conversion, padding, a few ballots.
    """
    return analyses.sensitivity_analysis(study, seed, top)


@study_command("small-samples")
def small_samples(study: Study) -> Document:
    """Say what is made of small samples.

    By the rules, and what the ballots themselves would ask for.
    """
    return analyses.small_samples_analysis(study)


@study_command(
    "quality",
    BALLOTS,
    click.option("--comments", type=FILE, help="CSV: unit,comment, and if known ballot,group."),
    click.option("--places", type=FILE, help="CSV: place,people (who may vote there)."),
)
def quality(study: Study, places: Path | None) -> Document:
    """Say which ballots look wrong, and why.

    And what scores would be without them. Nothing is left out by this.
    """
    return analyses.quality_analysis(study, None if places is None else read_places(places))


def _pair(_context: click.Context, option: click.Parameter, pair: Pair | None) -> Pair | None:
    """Refuse two numbers of which one is none, which their ranges let pass."""
    if pair is not None and not all(isfinite(one) for one in pair):
        raise click.BadParameter("nan", param=option)
    return pair


@study_command(
    "rake",
    click.option(
        "--attributes",
        type=FILE,
        required=True,
        help="CSV: ballot,group, and a column per variable.",
    ),
    click.option("--population", type=FILE, required=True, help="CSV: variable,level,population."),
    click.option(
        "--bounds",
        type=(click.FloatRange(0, 1, max_open=True), click.FloatRange(1, MOST, min_open=True)),
        callback=_pair,
        metavar="LOW HIGH",
        help="No weight below or above these multiples of its base weight, such as 0.3 3.",
    ),
    click.option(
        "--trim",
        type=(click.FloatRange(0, 1), click.FloatRange(1, MOST)),
        callback=_pair,
        metavar="LOW HIGH",
        help="Cut weights at these multiples of their median, such as 0.2 5.",
    ),
    click.option("--group", "groups", multiple=True, help="Only this group; may be repeated."),
    click.option(
        "--variable", "variables", multiple=True, help="Only this variable; may be repeated."
    ),
    BALLOTS,
    click.option(
        "--weights-out",
        type=click.File("w", encoding="utf-8"),
        help="Write the weights as CSV: ballot,group,weight.",
    ),
)
def rake(
    study: Study,
    attributes: Path,
    population: Path,
    bounds: Pair | None,
    trim: Pair | None,
    groups: tuple[str, ...],
    variables: tuple[str, ...],
    weights_out: IO[str] | None,
) -> Document:
    """Weight ballots to the population.

    And hold the open link against other channels, where --ballots tells channels.
    """
    margins = analyses.chosen_margins(read_population(population), variables)
    said = analyses.read_people(study, attributes, margins)
    choices = analyses.RakeChoices(None if bounds is None else Bounds(*bounds), trim, groups)
    raked = analyses.rake_analysis(study, margins, said, choices)
    if weights_out is not None:
        rows = csv.writer(weights_out, lineterminator="\n")
        rows.writerow(("ballot", "group", "weight"))
        rows.writerows(raked.weights)
    return raked.document


@analyse.command("change")
@click.option("--now", type=FILE, required=True, help="What analyse interval wrote.")
@click.option("--before", type=FILE, required=True, help="The same of an earlier round.")
@OUT
def change(now: Path, before: Path, out: IO[str]) -> None:
    """Say which scores changed since a round.

    By more than chance, and whether the rules of the two let them be compared.
    """
    both = (analyses.read_intervals(path) for path in (now, before))
    _write(analyses.change_analysis(*both), out)


def _read(chosen: dict[str, Any]) -> Study:
    """Return the study of the files among the options, and take these out of them."""
    rules, ratings = chosen.pop("rules"), chosen.pop("ratings")
    named = {name: chosen.pop(name, None) for name in ("units", "invited", "ballots", "comments")}
    files = StudyFiles(ratings, **named)
    rule_set = preset("default") if rules is None else read_rules(rules)
    try:
        study = read_study(rule_set, files, partial(_report, ratings.name))
        _report(ratings.name, study.rows.unit.size)
    finally:
        click.echo(err=True)  # what follows, a fault too, stands on a line of its own
    return study


def _report(file: str, done: int) -> None:
    """Say how far the file has been read, on one line that is written over."""
    click.echo(f"\r{file}: {done:,}", nl=False, err=True)


def _write(document: Document, out: IO[str]) -> None:
    """Write a document, its claims in the reader's language."""
    document["claims"] = {name: gettext(claim) for name, claim in document["claims"].items()}
    json.dump(document, out, ensure_ascii=False, indent=1, allow_nan=False)
    out.write("\n")
    if out.name != "<stdout>":
        click.echo(f"→ {out.name}", err=True)


COMMANDS = (analyse,)
