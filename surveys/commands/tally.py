"""`flask tally verify`: counts the ballots again, anywhere, and compares with the tally."""

import click
from sqlalchemy import select

from analytics.engine import CountingBroke, Dask, Executor, InProcess, Processes
from surveys import web
from surveys.commands import MOST_LINES, SayingGroup
from surveys.models import Round
from surveys.recount import Recount, executor_for, recount
from surveys.refusals import CountingLost, TallyDisagrees
from surveys.rounds import round_id_of
from surveys.tallies import ballots_of, record_check

ACTOR = "command"
AUTO = "auto"

tally = SayingGroup("tally", help="The counts that scores are made of.")


@tally.command("verify")
@click.argument("code", required=False)
@click.option(
    "--executor",
    default=AUTO,
    show_default=True,
    metavar="WHERE",
    help="auto, here, processes or the address of a Dask scheduler (tcp://…), whose workers need"
    " this version and the same PINGYI_DATABASE_URL.",
)
@click.option("--processes", type=click.IntRange(1, 64), default=2, show_default=True)
def verify(code: str | None, executor: str, processes: int) -> None:
    """Recount round CODE (default: every round) from its ballots and compare with the tally."""
    with web.reading() as session:
        wanted = [code] if code else session.scalars(select(Round.code).order_by(Round.id)).all()
        found = {one: round_id_of(session, one) for one in wanted}
    differing = 0
    for one, round_id in found.items():
        counted = _recounted(one, round_id, executor, processes)
        with web.transaction() as session:
            record_check(session, round_id, counted.finding, web.now(), ACTOR)
        differing += len(counted.differences)
        _say(one, counted)
    if differing:
        raise TallyDisagrees(count=differing)


def _recounted(code: str, round_id: int, executor: str, processes: int) -> Recount:
    """Recount a round under a progress bar."""
    installation = web.installation()
    with click.progressbar(length=1, label=code) as bar:

        def tell(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        try:
            return recount(
                installation.database,
                round_id,
                _executor(executor, processes, round_id),
                tell,
            )
        except CountingBroke as fault:
            raise CountingLost(problem=str(fault)) from fault


def _executor(name: str, processes: int, round_id: int) -> Executor:
    if name == AUTO:
        with web.reading() as session:
            ballots = sum(ballots_of(session, round_id).values())
        return executor_for(web.installation().settings.scheduler, ballots)
    fixed: dict[str, Executor] = {"here": InProcess(), "processes": Processes(processes)}
    return fixed.get(name) or Dask(name)


def _say(code: str, counted: Recount) -> None:
    finding = counted.finding
    click.echo(
        f"{code}: {finding.ballots:,} 份评议票 / ballots, "
        f"{finding.differences} 处不一致 / differences"
    )
    for difference in counted.differences[:MOST_LINES]:
        click.echo(
            f"  {' · '.join(difference.place)}: 记录 / folded {difference.folded:,},"
            f" 重数 / recounted {difference.recounted:,}"
        )


COMMANDS = (tally,)
