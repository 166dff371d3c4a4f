"""`flask move-to`: everything, or single rounds, from SQLite to PostgreSQL, and proven there."""

import click
from flask.cli import with_appcontext
from sqlalchemy.engine import make_url

from surveys import audit, lock, web
from surveys.commands import SayingCommand
from surveys.db import open_database, transaction
from surveys.moving import Moved, move

ACTOR = "command"


@click.command("move-to", cls=SayingCommand)
@click.argument("url")
@click.option("--round", "codes", multiple=True, help="Only the round of this code; repeatable.")
@click.option("--snapshot", is_flag=True, help="Copy while people are served: later ballots stay.")
@with_appcontext
def move_to(url: str, codes: tuple[str, ...], snapshot: bool) -> None:
    """Copy everything from this SQLite installation to PostgreSQL at URL, and prove the copy.

    All or nothing: when anything on the two sides differs the target stays as it was. Nothing is
    taken away here.
    """
    here = web.installation()
    if not here.database.is_sqlite or make_url(url).get_backend_name() != "postgresql":
        raise click.ClickException(
            "只能从 SQLite 迁移到 PostgreSQL / From SQLite to PostgreSQL only"
        )
    path = lock.store_file(here.settings.database_url)
    if path is not None and not snapshot:
        lock.take(path)  # until the end of this process nobody can serve it
    target = open_database(url)
    try:
        moved = move(here.database, target, codes, _tell)
        with transaction(target) as session:
            details = ", ".join(codes)
            audit.record(session, ACTOR, "moved to PostgreSQL", web.now(), details=details)
    finally:
        target.dispose()
    _print(moved)
    click.echo(
        "\n两边一致。请设置 PINGYI_DATABASE_URL 并沿用同一个密钥 (secret.key)。"
        "\nBoth sides agree. Set PINGYI_DATABASE_URL and keep the same secret.key."
    )


def _tell(table: str, rows: int) -> None:
    click.echo(f"  {table} +{rows}", err=True)


def _print(moved: Moved) -> None:
    click.echo(f"\n{'表 / table':<22}{'行 / rows':>12}  摘要 / digest")
    for table in moved.tables:
        click.echo(f"{table.name:<22}{table.rows:>12}  {table.digest:032x}"[:50] + "  ✓")
    click.echo(f"\n{'轮次 / round':<22}{'票 / ballots':>12}{'评分 / ratings':>14}  计票 / tally")
    for one in moved.rounds:
        click.echo(f"{one.code:<22}{one.ballots:>12}{one.ratings:>14}  {one.tally_sha256[:12]}  ✓")


COMMANDS = (move_to,)
