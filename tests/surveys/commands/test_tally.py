"""Counting again and deciding about ballots by command: what is said, kept and written down."""

import pytest
from sqlalchemy import delete, select

from surveys.commands.validity import ids_in
from surveys.db import reading, transaction
from surveys.models import AuditEntry, Ballot, TallyCheck
from tests.surveys.scoring.scored import make_closed_round


@pytest.fixture
def store(app):
    return app.extensions["installation"].database


@pytest.fixture
def made(store):
    with transaction(store) as session:
        return make_closed_round(session)


@pytest.fixture
def run(app):
    """Run a flask command; return what it printed."""

    def invoke(*arguments, code=0):
        result = app.test_cli_runner().invoke(args=[str(one) for one in arguments])
        assert result.exit_code == code, f"{result.output}\n{result.exception!r}"
        return result.output

    return invoke


@pytest.mark.parametrize("executor", ["auto", "here"])
def test_a_recount_is_kept_with_what_it_found(run, made, store, executor):
    assert "2026: 10 份评议票" in run("tally", "verify", "2026", "--executor", executor)
    with reading(store) as session:
        (check,) = session.scalars(select(TallyCheck)).all()
    assert (check.ballots, check.differences, check.actor) == (10, 0, "command")


def test_a_difference_is_named_kept_and_ends_in_a_refusal(run, made, store):
    with transaction(store) as session:
        session.execute(delete(Ballot).where(Ballot.channel == "token"))
    said = run("tally", "verify", "2026", code=1)
    assert "npc · token · counted: 记录 / folded 3, 重数 / recounted 0" in said
    assert "npc · token · U01 · ABABA: 记录 / folded 3, 重数 / recounted 0" in said
    assert "5 处不一致" in said
    with reading(store) as session:
        assert session.scalars(select(TallyCheck.differences)).all() == [5]


def test_a_cluster_that_is_not_there_is_said_in_words(run, made, store):
    said = run("tally", "verify", "2026", "--executor", "tcp://127.0.0.1:9", code=1)
    assert "tcp://127.0.0.1:9" in said
    with reading(store) as session:
        assert session.scalars(select(TallyCheck)).all() == []


def test_ballots_are_excluded_and_readmitted_by_a_list(run, made, store, tmp_path):
    with reading(store) as session:
        ids = session.scalars(select(Ballot.id).where(Ballot.validity == "counted")).all()
    names = tmp_path / "ids.txt"
    names.write_text("\n".join(ids[:3]) + "\n\n", encoding="utf-8")
    options = (names, "--round", "2026", "--reason", "查实为代填")
    assert "3 份评议票已更改，0 份原已如此" in run("ballots", "exclude", *options)
    assert "0 份评议票已更改，3 份原已如此" in run("ballots", "exclude", *options)
    assert "0 处不一致" in run("tally", "verify")
    assert "3 份评议票已更改" in run("ballots", "exclude", "--hold", *options)
    assert "3 份评议票已更改" in run("ballots", "readmit", "--flagged", *options)
    assert "3 份评议票已更改" in run("ballots", "readmit", *options)
    with reading(store) as session:
        acts = session.scalars(select(AuditEntry.details).order_by(AuditEntry.id)).all()
        back = session.scalars(select(Ballot.id).where(Ballot.validity == "counted")).all()
    assert [act.split(":")[0] for act in acts] == ["excluded", "held", "flagged", "counted"]
    assert all(act.endswith("查实为代填") for act in acts)
    assert sorted(back) == sorted(ids)


def test_a_list_with_an_unknown_ballot_changes_nothing(run, made, tmp_path):
    names = tmp_path / "ids.txt"
    names.write_text("nobody", encoding="utf-8")
    said = run("ballots", "exclude", names, "--round", "2026", "--reason", "x", code=1)
    assert "nobody" in said


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        pytest.param("a\nb\n\n", ["a", "b"], id="one a line"),
        pytest.param("", [], id="nothing"),
        pytest.param("ballot,group,reasons\na,npc,fast far\nb,npc,\n\n", ["a", "b"], id="a table"),
        pytest.param("ballot,group\n'-b,npc\n\"'-c\",npc\n", ["-b", "-c"], id="like a formula"),
        pytest.param("ballot\n", [], id="a table without rows"),
    ],
)
def test_a_list_of_ballots_may_be_the_table_that_the_evidence_hands_out(text, ids):
    assert ids_in(text) == ids
