"""Damaged files, tables of another version, servers that forget: each is seen for what it is."""

import os
from pathlib import Path

import pytest
from sqlalchemy import text

from surveys import schema, serving
from surveys.db import open_database
from surveys.lock import VARIABLE, store_file
from surveys.settings import Settings
from surveys.soundness import (
    Mark,
    StoreDamaged,
    Tables,
    check_file,
    check_promises,
    file_system,
    revisions,
    tables,
)

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
PAGE = 4096


def no_database(path: Path) -> None:
    path.write_bytes(b"this is no database, whatever its name says\n" * 200)


def torn_pages(path: Path) -> None:
    with path.open("r+b") as file:
        for page in range(4, path.stat().st_size // PAGE):
            file.seek(page * PAGE)
            file.write(b"\xff" * PAGE)


def cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


@ON_SQLITE
@pytest.mark.parametrize("damage", [no_database, torn_pages, cut_in_half])
def test_a_damaged_file_is_not_served(database_url, tmp_path, monkeypatch, damage):
    monkeypatch.setenv(VARIABLE, "")
    path = store_file(database_url)
    damage(path)
    found = check_file(database_url)
    assert found.mark is Mark.BROKEN
    assert "-wal" in str(found)
    settings = Settings(database_url, "http://localhost", b"k" * 32, tmp_path)
    with pytest.raises(StoreDamaged, match=r"已损坏.* / the database file is damaged"):
        serving.open_store(settings)
    os.close(int(os.environ[VARIABLE]))


@ON_SQLITE
def test_a_sound_file_passes_and_a_large_one_is_left_to_the_doctor(database_url):
    assert check_file(database_url).mark is Mark.FINE
    assert check_file(database_url, largest=1000) is None


@pytest.mark.parametrize("url", ["sqlite:////nowhere/pingyi.db", "postgresql+psycopg://host/name"])
def test_without_a_file_there_is_nothing_to_check(url):
    assert check_file(url) is None


@pytest.mark.parametrize(
    ("revision", "state"),
    [
        pytest.param(None, Tables.CURRENT, id="as the code is"),
        pytest.param("UPDATE alembic_version SET version_num = '0001'", Tables.OLDER, id="older"),
        pytest.param("UPDATE alembic_version SET version_num = '9999'", Tables.NEWER, id="newer"),
        pytest.param("DELETE FROM alembic_version", Tables.MISSING, id="never built"),
        pytest.param("DROP TABLE alembic_version", Tables.MISSING, id="no tables"),
    ],
)
def test_the_tables_are_compared_with_the_code(database, revision, state):
    if revision:
        with database.writer.begin() as connection:
            connection.execute(text(revision))
    with database.reader.connect() as connection:
        assert tables(connection) is state


def test_the_newest_migration_comes_first(database):
    assert sorted(revisions(), reverse=True) == list(revisions())


@ON_POSTGRESQL
def test_a_server_that_flushes_keeps_its_promises(database):
    with database.reader.connect() as connection:
        assert check_promises(connection) == []


@ON_POSTGRESQL
def test_a_commit_waits_for_the_disk_where_the_server_would_not(database, database_url):
    name = database_url.rpartition("/")[2]
    for value, kept in (("off", "on"), ("remote_apply", "remote_apply")):
        with database.writer.begin() as connection:
            connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = {value}"))
        again = open_database(database_url)
        with again.writer.connect() as connection:
            assert connection.scalar(text("SHOW synchronous_commit")) == kept
        again.dispose()


MOUNTS = """\
/dev/vda / ext4 rw 0 0
server:/data /srv/share nfs4 rw 0 0
//server/x /srv/share/win\\040dows cifs rw 0 0
proc /proc proc rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/pingyi/pingyi.db", "ext4"),
        ("/srv/share/pingyi.db", "nfs4"),
        ("/srv/share/win dows/pingyi.db", "cifs"),
        ("/srv/sharepoint/pingyi.db", "ext4"),
    ],
)
def test_the_kind_of_file_system_is_that_of_the_nearest_mount(path, kind):
    assert file_system(Path(path), MOUNTS) == kind


def test_the_schema_knows_its_migrations():
    assert len(revisions()) == len(list(schema.MIGRATIONS.glob("versions/0*.py")))
