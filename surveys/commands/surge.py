"""`flask surge`: stores the ballots that wait in Redis, and tells how many there are."""

import logging
import os
import secrets
import signal
import socket
import threading

import click
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from surveys import web
from surveys.circuit import FAULTS
from surveys.commands import SayingGroup
from surveys.draining import CLAIM_SECONDS, Drainer
from surveys.models import Round, RoundState
from surveys.surge import Streams

log = logging.getLogger(__name__)

IDLE_SECONDS = 0.1
PAUSE_SECONDS = 2.0

surge = SayingGroup("surge", help="Ballots that wait in Redis before they are stored.")


@surge.command("drain")
@click.option("--once", is_flag=True, help="End when nothing waits any more.")
def drain(once: bool) -> None:
    """Store what waits, until SIGTERM; several may run at once."""
    stop = threading.Event()
    for number in () if once else (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    drainer = Drainer(_streams(), web.installation().database, _name())
    click.echo("正在存入等待中的评议票 / Storing the ballots that wait")
    while not stop.is_set():
        try:
            # At the very end also what a dead drainer left behind is due.
            done = drainer.sweep(0.0 if once else CLAIM_SECONDS)
        except (SQLAlchemyError, *FAULTS) as fault:
            log.warning("draining waits: %s", type(fault).__name__)
            if once:
                raise click.ClickException(str(fault)) from None
            stop.wait(PAUSE_SECONDS)
            continue
        if done:
            click.echo("  ".join(f"{what} {count}" for what, count in sorted(done.items())))
        elif once:
            return
        else:
            stop.wait(IDLE_SECONDS)


@surge.command("status")
def status() -> None:
    """Say per round how many ballots wait and how many could not be stored."""
    streams = _streams()
    problem = streams.problem()
    click.echo(
        f"Redis 不可靠，评议票直接入库 / not durable, ballots are stored directly: {problem}"
        if problem
        else "Redis 可靠 / durable"
    )
    for round_id, code in _rounds():
        waiting, aside = streams.waiting(round_id), streams.aside(round_id)
        if waiting is None or aside is None:
            raise click.ClickException("Redis 没有响应 / Redis does not answer")
        click.echo(f"{code:<20} 等待 / waiting {waiting}  搁置 / set aside {aside}")


@surge.command("retry")
@click.argument("code")
def retry(code: str) -> None:
    """Let the ballots of round CODE that could not be stored be tried once more."""
    drainer = Drainer(_streams(), web.installation().database, _name())
    moved = sum(drainer.retry_aside(round_id) for round_id, found in _rounds() if found == code)
    click.echo(f"{code}: {moved} 份重新排队 / queued again")


def _rounds() -> list[tuple[int, str]]:
    with web.reading() as session:
        wanted = select(Round.id, Round.code).where(Round.state != RoundState.DRAFT)
        return [(row.id, row.code) for row in session.execute(wanted.order_by(Round.id))]


def _streams() -> Streams:
    settings = web.installation().settings
    if not settings.redis_url:
        raise click.ClickException("未设置 PINGYI_REDIS_URL / PINGYI_REDIS_URL is not set")
    return Streams(settings.redis_url, settings.secret_key)


def _name() -> str:
    """Return a name that no other drainer has."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


COMMANDS = (surge,)
