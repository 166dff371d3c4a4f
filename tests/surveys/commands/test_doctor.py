"""`flask doctor` on whole installations and on broken ones."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app import create_app
from surveys import diagnosis, web
from surveys.commands import doctor
from surveys.models import AuditEntry, Job, JobState, RoundState, TallyCheck
from surveys.soundness import Mark
from tests import makers
from tests.makers import NOW
from tests.surveys.test_soundness import no_database, torn_pages

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


def marks(findings):
    """Return what was found, without what is fine."""
    return {(one.mark, one.english): one.mend for one in findings if one.mark is not Mark.FINE}


def looked_over(app) -> str:
    result = app.test_cli_runner().invoke(args=["doctor"])
    assert result.exit_code == ("✗" in result.output), result.output
    return result.output


def test_a_whole_installation_has_nothing_to_mend(app, settings):
    settings.var.chmod(0o700)
    output = looked_over(app)
    assert "all is well" in output
    assert "✗" not in output
    for said in ("tables and code agree", "Python 3", "free", "the address people use"):
        assert f"{said}" in output


@pytest.mark.parametrize(
    ("statement", "words", "mend"),
    [
        pytest.param(
            "DROP TABLE alembic_version", "there are no tables yet", "db upgrade", id="no tables"
        ),
        pytest.param(
            "UPDATE alembic_version SET version_num = '0001'",
            "older than this code",
            "db upgrade",
            id="old tables",
        ),
        pytest.param(
            "ALTER TABLE comment ADD COLUMN words_of_mine TEXT",
            "changed by hand",
            "db check",
            id="tables changed by hand",
        ),
    ],
)
def test_broken_tables_are_named_with_what_mends_them(app, statement, words, mend):
    with app.app_context(), web.transaction() as session:
        session.execute(text(statement))
    output = looked_over(app)
    assert "✗" in output
    assert words in output
    assert mend in output


@ON_SQLITE
@pytest.mark.parametrize("damage", [no_database, torn_pages])
def test_a_damaged_file_is_found(app, database_url, damage):
    app.extensions["installation"].database.dispose()
    damage(Path(database_url.removeprefix("sqlite:///")))
    assert "✗ 数据库文件" in looked_over(app)


def test_a_database_that_is_away_is_said(settings):
    url = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    settings.var.mkdir(parents=True)
    app = create_app(replace(settings, database_url=url))
    assert "the database does not answer" in looked_over(app)


def test_what_lies_in_the_tables_is_looked_at(app):
    with app.app_context(), web.transaction() as session:
        verified, wrong, _ = (
            makers.make_round(session, RoundState.CLOSED, code=code).round
            for code in ("good", "bad", "none")
        )
        for found, differences in ((verified, 0), (wrong, 3)):
            session.add(
                TallyCheck(
                    round_id=found.id,
                    tally_sha256="0" * 64,
                    checked_at=NOW,
                    ballots=10,
                    differences=differences,
                    actor="x",
                )
            )
        for state, minutes in ((JobState.RUNNING, 60), (JobState.WAITING, 60), (JobState.DONE, 60)):
            earlier = NOW - timedelta(minutes=minutes)
            session.add(
                Job(
                    kind="export",
                    state=state,
                    created_at=earlier,
                    lease_until=earlier if state is JobState.RUNNING else None,
                    actor="x",
                )
            )
        session.add(AuditEntry(at=NOW + timedelta(hours=1), actor="x", action="x"))
        session.flush()
        found = marks(doctor.contents(session, NOW))
    assert found == {
        (Mark.BROKEN, "the clock is behind the newest entry of the history"): (
            "timedatectl set-ntp true"
        ),
        (Mark.BROKEN, "round bad: tally and recount differ in 3 places"): (
            "flask --app app tally verify bad"
        ),
        (Mark.WORTH_A_LOOK, "round none: its tally was never counted again"): (
            "flask --app app tally verify none"
        ),
        (Mark.WORTH_A_LOOK, "2 background jobs stand still: no process takes them up"): (
            "flask --app app jobs list"
        ),
    }


@ON_POSTGRESQL
@pytest.mark.parametrize(
    ("skew", "is_said"), [(0, False), (3600, True)], ids=["clocks agree", "an hour apart"]
)
def test_postgresql_is_asked_for_its_promises_and_its_clock(database, skew, is_said):
    with database.reader.connect() as connection:
        found = marks(doctor.postgresql(connection, web.now() + timedelta(seconds=skew)))
    assert any("apart" in words for _, words in found) == is_said
    assert (Mark.WORTH_A_LOOK, "no data checksums: silent faults of the disk go unseen") in found
    assert not any(mark is Mark.BROKEN for mark, _ in found)


@ON_SQLITE
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"base_url": "http://pingyi.example.org"}, "unencrypted", id="no TLS"),
        pytest.param({"base_url": "https://pingyi.example.org"}, "no proxy", id="no proxy trusted"),
        pytest.param(
            {"base_url": "https://x.example", "trusted_proxies": 1, "development": True},
            "development is on",
            id="development",
        ),
        pytest.param({"metrics": ("0.0.0.0", 9464)}, "open to everybody", id="metrics for all"),
        pytest.param(
            {"base_url": "https://x.example", "trusted_proxies": 1, "metrics": ("::1", 9464)},
            None,
            id="as it should be",
        ),
    ],
)
def test_addresses_are_looked_at(settings, changes, words):
    found = marks(diagnosis.address(replace(settings, **changes)))
    assert [words in said for _, said in found] == ([True] if words else [])


@ON_SQLITE
def test_redis_is_asked_and_surge_needs_more_of_it(settings):
    away = replace(settings, redis_url="redis://127.0.0.1:1/0")
    assert any("does not answer" in said for _, said in marks(diagnosis.redis(away)))
    here = replace(settings, redis_url=os.environ["PINGYI_TEST_REDIS"])
    assert marks(diagnosis.redis(here)) == {}
    surge = replace(here, surge=True)
    assert any("does not keep" in said for _, said in marks(diagnosis.redis(surge)))


@pytest.mark.parametrize(
    ("finding", "mark"),
    [
        (diagnosis.check_python((3, 11)), Mark.FINE),
        (diagnosis.check_python((3, 14)), Mark.BROKEN),
        (diagnosis.check_room(Path("/"), 100 * 2**20, 200), Mark.BROKEN),
        (diagnosis.check_room(Path("/"), 900 * 2**20, 200), Mark.WORTH_A_LOOK),
        (diagnosis.check_room(Path("/"), 1000 * 2**20, 200), Mark.FINE),
        (
            diagnosis.check_file_system(Path("/x/y.db"), "a / ext4 rw\nb /x nfs rw"),
            Mark.WORTH_A_LOOK,
        ),
        (diagnosis.check_file_system(Path("/y.db"), "a / ext4 rw\nb /x nfs rw"), Mark.FINE),
    ],
    ids=lambda value: str(getattr(value, "english", value)),
)
def test_the_machine_is_measured_by_its_limits(finding, mark):
    assert finding.mark is mark
    assert bool(finding.mend) == (mark is not Mark.FINE)


@pytest.mark.parametrize(
    ("mode", "folder_mark", "key_mark"),
    [(0o700, Mark.FINE, Mark.FINE), (0o755, Mark.WORTH_A_LOOK, Mark.BROKEN)],
    ids=["this account's alone", "everybody's"],
)
def test_who_else_may_read_is_looked_at(tmp_path, mode, folder_mark, key_mark):
    key = tmp_path / "secret.key"
    key.write_bytes(b"k" * 64)
    key.chmod(mode)
    tmp_path.chmod(mode)
    assert diagnosis.check_folder(tmp_path).mark is folder_mark
    assert diagnosis.check_key(key).mark is key_mark
