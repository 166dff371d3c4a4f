"""`flask rules`: the rule sets that are shipped, and whether one adds up."""

from pathlib import Path

import click

from analytics.rules import PRESETS, parse_rules, preset
from surveys.commands import SayingGroup

rules = SayingGroup("rules", help="Rule sets: list the presets, show one, check a file.")


@rules.command("list")
def list_presets() -> None:
    """List the presets, one a line."""
    for name in PRESETS:
        options = preset(name).options
        click.echo(f"{name:<22} " + " ".join(f"{one.code}={one.words}" for one in options))


@rules.command("show")
@click.argument("name", default="default", type=click.Choice(list(PRESETS)))
def show(name: str) -> None:
    """Print a preset as JSON; an edited copy is what --rules takes."""
    click.echo(preset(name).to_json())


@rules.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path) -> None:
    """Say whether a rule set FILE adds up, and its digest."""
    click.echo(parse_rules(file.read_text(encoding="utf-8-sig")).sha256)


COMMANDS = (rules,)
