"""`flask ballots exclude` and `readmit`: decisions about stored ballots, from a list of ids."""

from pathlib import Path

import click

from surveys import web
from surveys.commands.ballots import ballots
from surveys.questionnaire import Validity
from surveys.rounds import round_id_of
from surveys.validity import change_validity

ACTOR = "command"
LIST = click.Path(exists=True, dir_okay=False, path_type=Path)


@ballots.command("exclude")
@click.argument("file", type=LIST)
@click.option("--round", "code", required=True, help="Code of the round.")
@click.option("--reason", required=True, help="Why; it is written down with the act.")
@click.option("--hold", is_flag=True, help="Set aside until somebody has looked, not for good.")
def exclude(file: Path, code: str, reason: str, hold: bool) -> None:
    """Take the ballots of a FILE (one id a line) out of the count; none is deleted.

    The list of doubted ballots that the evidence hands out can be given as it is, or shortened.

    One person is enough for it: approval by a second one is not built yet.
    """
    _decide(file, code, Validity.HELD if hold else Validity.EXCLUDED, reason)


@ballots.command("readmit")
@click.argument("file", type=LIST)
@click.option("--round", "code", required=True, help="Code of the round.")
@click.option("--reason", required=True, help="Why; it is written down with the act.")
@click.option("--flagged", is_flag=True, help="Count them with a mark of doubt.")
def readmit(file: Path, code: str, reason: str, flagged: bool) -> None:
    """Let the ballots of a FILE (one id a line) enter the count again.

    One person is enough for it: approval by a second one is not built yet.
    """
    _decide(file, code, Validity.FLAGGED if flagged else Validity.COUNTED, reason)


def ids_in(text: str) -> list[str]:
    """Return the ids of a list: one a line, or the first column of a table that is headed so.

    In a table an id that looks like a formula stands behind an apostrophe, which is not part of it.
    """
    lines = text.splitlines()
    if lines and lines[0].split(",")[0].strip() == "ballot":
        cells = (line.split(",")[0].strip().strip('"') for line in lines[1:])
        return [cell.removeprefix("'") for cell in cells if cell]
    return text.split()


def _decide(file: Path, code: str, validity: Validity, reason: str) -> None:
    ids = ids_in(file.read_text(encoding="utf-8-sig"))
    with web.transaction() as session:
        round_id = round_id_of(session, code)
        changed = change_validity(session, round_id, ids, validity, reason, web.now(), ACTOR)
    click.echo(
        f"{changed} 份评议票已更改，{len(set(ids)) - changed} 份原已如此"
        f" / {changed} ballots changed, {len(set(ids)) - changed} were so already"
    )


COMMANDS: tuple[click.Command, ...] = ()  # they belong to the group of `ballots`
