"""`flask doctor`: looks an installation over and says what to mend."""

import sys
from collections.abc import Iterator
from datetime import datetime, timedelta

import click
import pysqlite3
from alembic.util import CommandError
from flask.cli import with_appcontext
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from surveys import diagnosis, schema, web
from surveys.db import POOL_OVERFLOW, POOL_SIZE, Database, reading
from surveys.models import AuditEntry, Job, JobState, Round, RoundState, TallyCheck
from surveys.settings import Settings
from surveys.soundness import Finding, Mark, Tables, check_file, check_promises, tables
from surveys.surge import Streams

LATE = timedelta(minutes=5)
CLOCK_SLACK_SECONDS = 5
ROUNDS_LOOKED_AT = 5
UPGRADE = "flask --app app db upgrade"


@click.command("doctor")
@with_appcontext
def doctor() -> None:
    """Say what is well with this installation and what to mend; exit 1 when something is broken."""
    here = web.installation()
    broken = 0
    findings = (
        *diagnosis.machine(here.settings),
        *diagnosis.address(here.settings),
        *diagnosis.redis(here.settings),
        *store(here.database, here.settings.database_url, web.now()),
        *surge(here.database, here.settings),
    )
    for finding in findings:
        click.echo(finding)
        broken += finding.mark is Mark.BROKEN
    if broken:
        click.echo(f"\n{broken} 处需要处理 / {broken} to mend", err=True)
        sys.exit(1)
    click.echo("\n一切正常 / all is well")


def store(database: Database, database_url: str, now: datetime) -> Iterator[Finding]:
    """Look at the store: its file or server first, then its tables, then what lies in them."""
    damage = check_file(database_url)
    if damage is not None:
        yield damage
        if damage.mark is Mark.BROKEN:
            return
    try:
        with database.reader.connect() as connection:
            yield from sqlite(connection) if database.is_sqlite else postgresql(connection, now)
            state = tables(connection)
    except (DBAPIError, OSError) as fault:
        yield Finding(
            Mark.BROKEN,
            f"数据库无应答（{type(fault).__name__}）",
            "the database does not answer",
            "PINGYI_DATABASE_URL",
        )
        return
    yield from fit(database, state)
    if state in {Tables.CURRENT, Tables.NEWER}:
        with reading(database) as session:
            yield from contents(session, now)


def surge(database: Database, settings: Settings) -> Iterator[Finding]:
    """Tell which ballots Redis holds that could not be stored."""
    if not (settings.surge and settings.redis_url):
        return
    streams = Streams(settings.redis_url, settings.secret_key)
    try:
        with reading(database) as session:
            rounds = session.execute(select(Round.id, Round.code)).all()
    except DBAPIError:
        return  # told above
    for round_id, code in rounds:
        aside = streams.aside(round_id)
        if aside:
            yield Finding(
                Mark.BROKEN,
                f"轮次 {code}：{aside} 张已收到的评议票未能入库",
                f"round {code}: {aside} ballots were received and could not be stored",
                "flask --app app surge --help",
            )


def sqlite(connection: Connection) -> Iterator[Finding]:
    """Look at what SQLite does with a commit."""
    journal = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())
    synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar()
    said = f"SQLite {pysqlite3.sqlite_version}, journal_mode={journal}, synchronous={synchronous}"
    if journal == "wal" and synchronous in {2, 3}:
        yield Finding(Mark.FINE, said, "commits reach the disk")
    else:
        yield Finding(
            Mark.BROKEN,
            f"{said}：应为 wal 与 2",
            "should be wal and 2; the file system may not carry WAL",
            "PINGYI_VAR=/var/lib/pingyi",
        )


def postgresql(connection: Connection, now: datetime) -> Iterator[Finding]:
    """Look at what a PostgreSQL server promises, and how many processes it has room for."""
    asked = "server_version", "data_checksums", "server_encoding", "TimeZone", "synchronous_commit"
    found = {name: str(connection.scalar(text(f"SHOW {name}"))) for name in asked}
    promises = check_promises(connection)
    yield from promises
    if not promises:
        yield Finding(Mark.FINE, f"PostgreSQL {found['server_version']}", "keeps what it commits")
    if connection.scalar(text("SELECT pg_is_in_recovery()")):
        yield Finding(
            Mark.BROKEN, "这是只读副本", "this is a copy that cannot be written", "pg_promote()"
        )
    if found["data_checksums"] != "on":
        yield Finding(
            Mark.WORTH_A_LOOK,
            "未启用数据校验和，磁盘的静默损坏不会被发现",
            "no data checksums: silent faults of the disk go unseen",
            "pg_checksums --enable -D …",
        )
    if found["server_encoding"] != "UTF8":
        yield Finding(
            Mark.BROKEN,
            f"数据库编码为 {found['server_encoding']}，存不下生僻字",
            "the encoding cannot hold every name",
            "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
        )
    yield _room_for_processes(connection)
    yield _clock(connection, now)


def _room_for_processes(connection: Connection) -> Finding:
    most, reserved = (
        int(str(connection.scalar(text(f"SHOW {name}"))))
        for name in ("max_connections", "superuser_reserved_connections")
    )
    each = POOL_SIZE + POOL_OVERFLOW
    processes = (most - reserved) // each
    said = f"max_connections={most}"
    if processes < 1:
        return Finding(
            Mark.BROKEN,
            f"{said}，每个服务进程最多用 {each} 个连接",
            f"each serving process may take {each} connections",
            "ALTER SYSTEM SET max_connections = 100;",
        )
    return Finding(
        Mark.FINE, f"{said}，够 {processes} 个服务进程", f"room for {processes} serving processes"
    )


def _clock(connection: Connection, now: datetime) -> Finding:
    theirs = connection.scalar(text("SELECT clock_timestamp()"))
    apart = abs((theirs - now).total_seconds()) if theirs is not None else 0.0
    if apart > CLOCK_SLACK_SECONDS:
        return Finding(
            Mark.WORTH_A_LOOK,
            f"本机与数据库的时钟相差 {apart:.0f} 秒",
            f"this machine's clock and the database's are {apart:.0f} s apart",
            "timedatectl set-ntp true",
        )
    return Finding(Mark.FINE, "与数据库的时钟一致", "the clocks of machine and database agree")


def fit(database: Database, state: Tables) -> Iterator[Finding]:
    """Tell whether the tables are those of this code."""
    if state is Tables.NEWER:
        yield Finding(
            Mark.WORTH_A_LOOK,
            "表结构比本程序新：另有新版本在运行",
            "the tables are newer than this code",
            "scripts/setup.sh run",
        )
        return
    if state is not Tables.CURRENT:
        words = {
            Tables.MISSING: ("尚未建表", "there are no tables yet"),
            Tables.OLDER: ("表结构比本程序旧", "the tables are older than this code"),
        }
        yield Finding(Mark.BROKEN, *words[state], UPGRADE)
        return
    try:
        schema.check(database)
    except CommandError as difference:
        yield Finding(
            Mark.BROKEN,
            f"表结构被改动过：{str(difference)[:300]}",
            "the tables were changed by hand",
            "flask --app app db check",
        )
    else:
        yield Finding(Mark.FINE, "表结构与程序一致", "tables and code agree")


def contents(session: Session, now: datetime) -> Iterator[Finding]:
    """Look at what lies in the tables: times to come, tallies that disagree, jobs that stand."""
    newest = session.scalar(select(func.max(AuditEntry.at)))
    if newest is not None and newest > now + timedelta(seconds=CLOCK_SLACK_SECONDS):
        yield Finding(
            Mark.BROKEN,
            f"本机时钟比最近的操作记录还早（{web.moment(newest)}）",
            "the clock is behind the newest entry of the history",
            "timedatectl set-ntp true",
        )
    yield from _tallies(session)
    yield from _jobs(session, now)


def _tallies(session: Session) -> Iterator[Finding]:
    ended = (RoundState.CLOSED, RoundState.SCORED, RoundState.PUBLISHED)
    rounds = session.scalars(
        select(Round)
        .where(Round.state.in_(ended))
        .order_by(Round.id.desc())
        .limit(ROUNDS_LOOKED_AT)
    )
    for made in rounds:
        last = session.scalar(
            select(TallyCheck)
            .where(TallyCheck.round_id == made.id)
            .order_by(TallyCheck.checked_at.desc())
            .limit(1)
        )
        yield _tally(made.code, last)


def _tally(code: str, last: TallyCheck | None) -> Finding:
    verify = f"flask --app app tally verify {code}"
    if last is None:
        return Finding(
            Mark.WORTH_A_LOOK,
            f"轮次 {code}：计票尚未复核",
            f"round {code}: its tally was never counted again",
            verify,
        )
    if last.differences:
        return Finding(
            Mark.BROKEN,
            f"轮次 {code}：计票与复核有 {last.differences} 处不符",
            f"round {code}: tally and recount differ in {last.differences} places",
            verify,
        )
    return Finding(
        Mark.FINE,
        f"轮次 {code}：{last.ballots} 张评议票复核一致",
        f"round {code}: tally and recount of {last.ballots} ballots agree",
    )


def _jobs(session: Session, now: datetime) -> Iterator[Finding]:
    stands = session.scalar(
        select(func.count())
        .select_from(Job)
        .where(
            ((Job.state == JobState.RUNNING) & (Job.lease_until < now - LATE))
            | ((Job.state == JobState.WAITING) & (Job.created_at < now - LATE))
        )
    )
    if stands:
        yield Finding(
            Mark.WORTH_A_LOOK,
            f"{stands} 个后台任务无人处理",
            f"{stands} background jobs stand still: no process takes them up",
            "flask --app app jobs list",
        )


COMMANDS = (doctor,)
