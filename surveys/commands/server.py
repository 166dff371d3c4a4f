"""`flask serve` and `flask db`: a server that is ready, on tables that fit the code."""

import errno
import os
import socket
import sys

import click
from alembic.util import CommandError
from flask.cli import with_appcontext

from surveys import metrics, schema, serving, web
from surveys.commands import SayingCommand, SayingGroup, demo
from surveys.settings import SettingFault, Settings

THREADS = 64
# A ballot is answered within 60 seconds; after this a worker that is asked to end is killed.
END_SECONDS = 90


@click.command("serve", cls=SayingCommand)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, help="Processes; more need PostgreSQL.")
@click.option("--demo", "with_demo", is_flag=True, help="Build the demonstration when empty.")
@with_appcontext
def serve(host: str, port: int, workers: int, with_demo: bool) -> None:
    """Bring the tables up to date and serve with the production server."""
    settings = web.installation().settings
    _check_port(host, port)
    if workers > 1 and web.installation().database.is_sqlite:
        raise click.ClickException(
            "SQLite 只能用一个进程；多进程请用 PostgreSQL。 / SQLite serves from one process."
        )
    serving.open_store(settings)
    _check_metrics(settings)
    base_url = os.environ.setdefault("PINGYI_BASE_URL", f"http://{host}:{port}")
    if not web.installation().database.is_sqlite:  # whose file nobody else serves by now
        schema.check_traffic(web.installation().database)
    schema.upgrade(web.installation().database)
    if with_demo:
        demo.prepare(base_url)
    click.echo(f"\n  服务地址 / Serving at  {base_url}\n", nl=True)
    web.installation().database.dispose()
    sys.stdout.flush()
    if settings.metrics is not None and workers > 1:
        metrics.share(settings.var / "metrics")
    command = [sys.executable, *_server(host, port, workers), *_logging(settings)]
    os.execv(sys.executable, command)  # noqa: S606


def _server(host: str, port: int, workers: int) -> list[str]:
    return [
        *("-m", "granian", "--interface", "wsgi", "--factory", "app:create_server"),
        *("--host", host, "--port", str(port), "--workers", str(workers)),
        *("--blocking-threads", str(THREADS), "--backlog", "2048", "--no-ws"),
        *("--respawn-failed-workers", "--workers-kill-timeout", str(END_SECONDS)),
    ]


def _logging(settings: Settings) -> list[str]:
    config = serving.server_log_config(settings.var) if settings.json_logs else None
    return ["--log-level", "error", *(["--log-config", str(config)] if config else [])]


def _check_port(host: str, port: int) -> None:
    """Say in one sentence that the port is taken or forbidden."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise click.ClickException(
                    f"端口 {port} 已被占用，请换一个，例如 make run PORT={port + 1}"
                    f" / Port {port} is in use; try another: make run PORT={port + 1}"
                ) from None
            raise click.ClickException(
                f"不能在 {host}:{port} 上提供服务:{error.strerror}"
                f" / Cannot listen on {host}:{port}: {error.strerror}"
            ) from None


def _check_metrics(settings: Settings) -> None:
    """Say in one sentence that the address for metrics cannot be had."""
    if settings.metrics is None:
        return
    host, port = settings.metrics
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingFault("METRICS", f"{host}:{port}: {error.strerror}") from None


db = SayingGroup("db", help="The tables: bring them up to date, take them back, compare them.")


@db.command("upgrade")
@click.argument("revision", default="head")
@click.option("--stopped", is_flag=True, help="No server of this installation is running.")
def upgrade(revision: str, stopped: bool) -> None:
    """Run the migrations up to REVISION (default: all).

    Most may run while people are served. One that rewrites tables says so and wants --stopped.
    """
    if not stopped:
        schema.check_traffic(web.installation().database)
    schema.upgrade(web.installation().database, revision)


@db.command("downgrade")
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Take the tables back to REVISION; `base` empties the database."""
    schema.downgrade(web.installation().database, revision)


@db.command("check")
def check() -> None:
    """Tell whether tables and code agree."""
    try:
        schema.check(web.installation().database)
    except CommandError as difference:
        raise click.ClickException(str(difference)) from None
    click.echo("表结构与程序一致 / tables and code agree")


@db.command("revision")
@click.argument("number")
@click.argument("message")
def revision(number: str, message: str) -> None:
    """Draft migration NUMBER from what the code has and the tables lack."""
    schema.draft(web.installation().database, message, number)


COMMANDS = (serve, db)
