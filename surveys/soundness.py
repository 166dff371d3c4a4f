"""Whether a store can be trusted: an undamaged file, settings that keep promises, fit tables."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import pysqlite3
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from surveys.lock import store_file
from surveys.schema import MIGRATIONS

# A quick check reads the whole file, some two seconds for each gigabyte.
LARGEST_CHECKED_AT_START = 4 * 1024**3


class Mark(StrEnum):
    """How one thing that was looked at stands."""

    FINE = "✓"
    WORTH_A_LOOK = "!"
    BROKEN = "✗"


@dataclass(frozen=True)
class Finding:
    """What was found about one thing, in both languages, and the command that mends it."""

    mark: Mark
    chinese: str
    english: str
    mend: str = ""

    def __str__(self) -> str:
        line = f"{self.mark} {self.chinese} / {self.english}"
        return f"{line}\n    → {self.mend}" if self.mend else line


class StoreDamaged(SystemExit):
    """The store cannot be trusted; stops the start with what was found."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))


def check_file(database_url: str, largest: int | None = None) -> Finding | None:
    """Return what SQLite's quick check says; None without a file or above a size in bytes."""
    path = store_file(database_url)
    if path is None or not path.exists() or (largest and path.stat().st_size > largest):
        return None
    try:
        connection = pysqlite3.connect(str(path))
        try:
            answers = [row[0] for row in connection.execute("PRAGMA quick_check(1)")]
        finally:
            connection.close()
    except pysqlite3.DatabaseError as fault:
        answers = [str(fault)]
    if answers == ["ok"]:
        return Finding(Mark.FINE, "数据库文件完好", "the database file is undamaged")
    return Finding(
        Mark.BROKEN,
        f"数据库文件 {path} 已损坏（{answers[0]}）：请先把它连同 -wal、-shm 文件另存，再从备份恢复",
        f"the database file is damaged ({answers[0]}): put it aside with its -wal and -shm files, "
        "then restore the backup",
        "docs/operator.md#backup",
    )


# Settings whose wrong value breaks a promise, and the value that keeps it.
PROMISES = {
    "fsync": ("on", "断电会丢失数据", "a power cut loses data"),
    "full_page_writes": ("on", "断电会损坏数据页", "a power cut tears pages"),
}


def check_promises(connection: Connection) -> list[Finding]:
    """Return which settings of a PostgreSQL server break what people were told, if any do."""
    asked = text("SELECT name, setting FROM pg_settings WHERE name = ANY(:names)")
    found = {
        str(name): str(setting)
        for name, setting in connection.execute(asked, {"names": list(PROMISES)})
    }
    return [
        Finding(
            Mark.BROKEN,
            f"PostgreSQL 的 {name}={found.get(name)}：{chinese}，“已收到”不再可靠",
            f'PostgreSQL has {name}={found.get(name)}: {english}, and "received" is not true',
            f"ALTER SYSTEM SET {name} = {kept}; SELECT pg_reload_conf();",
        )
        for name, (kept, chinese, english) in PROMISES.items()
        if found.get(name) != kept
    ]


class Tables(StrEnum):
    """How the tables stand to the code."""

    CURRENT = "current"
    NEWER = (
        "newer"  # another process runs newer code; migrations only expand, so this one may go on
    )
    OLDER = "older"
    MISSING = "missing"


def tables(connection: Connection) -> Tables:
    """Return how the tables of a database stand to the migrations of this code."""
    try:
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except DBAPIError as fault:
        if "alembic_version" not in str(fault.orig):
            raise
        return Tables.MISSING
    known = revisions()
    if revision == known[0]:
        return Tables.CURRENT
    if revision is None:
        return Tables.MISSING
    return Tables.OLDER if revision in known else Tables.NEWER


@lru_cache(maxsize=1)
def revisions() -> tuple[str, ...]:
    """Return the migrations of this code, newest first."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    return tuple(step.revision for step in script.walk_revisions())


# Kinds of file systems on which SQLite's locks do not hold (statfs(2), /proc/mounts).
NETWORK_KINDS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "afs"}
)


def file_system(path: Path, mounts: str) -> str:
    """Return the kind of file system that a path lies on, by the lines of /proc/mounts."""
    places = [line.split()[1:3] for line in mounts.splitlines() if len(line.split()) > 2]
    above = [
        (place.replace("\\040", " "), kind)
        for place, kind in places
        if path.is_relative_to(place.replace("\\040", " "))
    ]
    return max(above, key=lambda found: len(found[0]), default=("", ""))[1]
