"""Moving from SQLite to PostgreSQL: all of it, exactly, or nothing."""

import shutil

import pytest
from sqlalchemy import func, select, text

from surveys import schema
from surveys.ballots import store
from surveys.db import open_database, reading, transaction
from surveys.models import (
    AuditEntry,
    Ballot,
    Base,
    Evidence,
    Job,
    Link,
    Population,
    Round,
    RoundState,
    ScoringRun,
    Token,
)
from surveys.moving import move
from surveys.questionnaire import Validity
from surveys.recount import recount
from surveys.refusals import (
    CopyDiffers,
    RoundStillOpen,
    RoundTaken,
    TablesBehind,
    TallyDisagrees,
    TargetNotEmpty,
)
from surveys.scoring.actions import prepare_run, record_run
from surveys.scoring.evidence import record_evidence
from surveys.tokens import token_digest
from tests.makers import NOW, make_round, make_submission
from tests.server import Server

pytestmark = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


@pytest.fixture
def source(sqlite_template, tmp_path):
    """An embedded store with an open round and a scored one, each with ballots of every kind."""
    path = tmp_path / "source.db"
    shutil.copy(sqlite_template, path)
    opened = open_database(f"sqlite:///{path}")
    for code, state in (("2026", RoundState.OPEN), ("2025", RoundState.CLOSED)):
        with transaction(opened) as session:
            made = make_round(session, code=code, state=state)
            fill(session, made)
        if state is RoundState.CLOSED:
            score(opened, made)
    yield opened
    opened.dispose()


def fill(session, made):
    ballots = [
        make_submission(
            made,
            submission_id=f"{made.round.code}{number:018d}",
            device_key=f"phone {number % 5}",
            comments=((1, "换行\n和制表\t和 \\N"),),
            answers=(("wish", "“好”"),),
        )
        for number in range(8)
    ]
    secret = make_submission(made, "npc", token_digest=token_digest(made.tokens["npc"][0]))
    held = make_submission(made, submission_id="h" * 22, validity=Validity.HELD)
    store(session, [*ballots, secret, held], NOW)
    session.add(AuditEntry(at=NOW, actor="a", action="round opened", round_id=made.round.id))
    session.add(
        Job(
            kind="x",
            arguments="{}",
            state="done",
            done_count=0,
            attempts=1,
            actor="a",
            created_at=NOW,
        )
    )


def score(opened, made):
    with reading(opened) as session:
        prepared = prepare_run(session, made.round.id)
    with transaction(opened) as session:
        run = record_run(session, prepared, NOW, "绩效办")
        record_evidence(session, run.id, '{"seed":1}', NOW, "绩效办")
        session.add(
            Population(round_id=made.round.id, variable="role", level="firm", people=61_000)
        )


def everything(database):
    with reading(database) as session:
        return {
            table.name: sorted(map(repr, session.execute(select(table)).all()))
            for table in Base.metadata.sorted_tables
        }


def test_everything_arrives_and_goes_on_there(source, database):
    heard = []
    moved = move(source, database, tell=lambda table, rows: heard.append((table, rows)))
    assert everything(database) == everything(source)
    assert {name for name, _ in heard} == {one.name for one in moved.tables if one.rows}
    assert [(one.code, one.ballots) for one in moved.rounds] == [("2026", 10), ("2025", 10)]
    for round_id in (1, 2):
        assert recount(database, round_id).differences == ()
    with transaction(database) as session:  # numbers go on where they were
        made = make_round(session, code="2027")
        assert made.round.id == 3
        again = make_submission(made, round_id=1, submission_id="2026" + "0" * 18)
        assert [str(one) for one in store(session, [again], NOW)] == ["kept first"]
    with reading(database) as session:
        assert session.scalar(select(func.count()).where(Token.spent_by.is_not(None))) == 2


def test_one_round_moves_beside_others_under_new_numbers(source, database):
    with transaction(database) as session:
        fill(session, make_round(session, code="old"))
    before = everything(database)
    moved = move(source, database, ["2025"])
    assert [(one.code, one.ballots) for one in moved.rounds] == [("2025", 10)]
    with reading(database) as session:
        assert session.scalars(select(Round.code).order_by(Round.id)).all() == ["old", "2025"]
        round_id = session.scalar(select(Round.id).where(Round.code == "2025"))
        links = select(Link.id).where(Link.round_id == round_id)
        ballots = session.scalars(select(Ballot.link_id).where(Ballot.round_id == round_id))
        assert set(ballots) - {None} <= set(session.scalars(links))
        runs = select(ScoringRun.id).where(ScoringRun.round_id == round_id)
        assert session.scalars(select(Evidence.run_id)).all() == session.scalars(runs).all()
        assert session.scalars(select(Population.round_id)).all() == [round_id]
    after = everything(database)
    assert all(set(rows) <= set(after[table]) for table, rows in before.items())
    assert recount(database, round_id).differences == ()
    with pytest.raises(RoundTaken, match="2025"):
        move(source, database, ["2025"])


def test_an_open_round_keeps_its_numbers_or_stays(source, database):
    """The pages on phones and the marks of browsers carry them."""
    with transaction(database) as session:
        make_round(session, code="old")
    with pytest.raises(RoundStillOpen, match="2026"):
        move(source, database, ["2026"])
    assert everything(database)["ballot"] == []


@pytest.mark.parametrize("codes", [(), ("2026", "2025")], ids=["everything", "each round"])
def test_what_is_there_already_is_not_moved_twice(source, database, codes):
    move(source, database, codes)
    before = everything(database)
    with pytest.raises((TargetNotEmpty, RoundTaken)):
        move(source, database, codes)
    assert everything(database) == before


@pytest.mark.parametrize(
    ("table", "change", "place"),
    [
        ("ballot", "NEW.ratings := '01EEEEE'", "ballot"),
        ("ballot", "NEW.answers := NULL", "ballot"),
        ("comment", "NEW.words := trim(NEW.words) || '!'", "comment"),
        ("tally", "NEW.count := NEW.count + 1", "tally"),
        ("token", "NEW.spent_by := NULL", "token"),
        ("participation", "IF NEW.count > 1 THEN RETURN NULL; END IF", "participation"),
        ("round", "NEW.closes_at := now()", "round"),
    ],
)
def test_a_copy_that_differs_in_one_place_is_undone(source, database, table, change, place):
    with transaction(database) as session:
        session.execute(
            text(
                "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN {change}; RETURN NEW; END $$"
            )
        )
        session.execute(
            text(
                f"CREATE TRIGGER spoil BEFORE INSERT ON {table}"
                " FOR EACH ROW EXECUTE PROCEDURE spoil()"
            )
        )
    with pytest.raises(CopyDiffers, match=place):
        move(source, database)
    assert {name for name, rows in everything(database).items() if rows} == set()


def test_a_source_that_disagrees_with_itself_is_not_moved(source, database):
    with transaction(source) as session:
        session.execute(text("UPDATE ballot SET ratings = '01EEEEE' WHERE round_id = 2"))
    with pytest.raises(TallyDisagrees):
        move(source, database)
    assert everything(database)["round"] == []


def test_old_tables_are_brought_up_to_date_first(source, database):
    schema.downgrade(source, "0004")
    with pytest.raises(TablesBehind):
        move(source, database)


def test_the_command_moves_a_stopped_installation_and_no_running_one(
    source, database, database_url, tmp_path
):
    server = Server(tmp_path / "var", f"sqlite:///{tmp_path / 'source.db'}")
    server.start()
    try:
        said = server.flask("move-to", database_url, expect=1)
        assert "served" in said
        assert everything(database)["round"] == []
    finally:
        server.stop()
    said = server.flask("move-to", database_url)
    assert "两边一致" in said
    assert "✓" in said
    assert len(everything(database)["ballot"]) == 20
