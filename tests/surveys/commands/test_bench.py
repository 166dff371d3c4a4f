"""`flask bench load`: ballots by the thousand whose tally and participation agree with them."""

import re

import pytest
from sqlalchemy import func, select, update

from bench.rounds import open_bench_round
from surveys.db import reading, transaction
from surveys.models import Ballot, Participation, Round, RoundState, TallyCell
from surveys.questionnaire import Validity


@pytest.fixture
def opened(app):
    """An open demonstration round of 12 units and 2 items."""
    return open_bench_round(app.extensions["installation"].database, units=12, items=2)


@pytest.fixture
def store(app):
    return app.extensions["installation"].database


def run(app, *arguments):
    return app.test_cli_runner().invoke(args=["bench", "load", "--round", "bench", *arguments])


def test_what_is_loaded_agrees_with_its_tally(app, opened, store):
    done = run(app, "--ballots", "2003", "--units-per-ballot", "5")
    assert done.exit_code == 0, done.output
    verified = app.test_cli_runner().invoke(args=["tally", "verify", "bench"])
    assert verified.exit_code == 0, verified.output
    with reading(store) as session:
        kept = dict(
            session.execute(select(Ballot.validity, func.count()).group_by(Ballot.validity)).all()
        )
        boards = dict(
            session.execute(
                select(Participation.validity, func.sum(Participation.count)).group_by(
                    Participation.validity
                )
            ).all()
        )
        assert kept == boards
        assert sum(kept.values()) == 2003
        assert kept[Validity.FLAGGED] > 0
        assert sum(session.scalars(select(TallyCell.count))) == 2003 * 5
        days = session.scalars(select(Participation.day).distinct()).all()
        assert len(days) > 7
        ballot = session.scalars(select(Ballot).limit(1)).one()
    assert re.fullmatch(r"(\d\d[A-EN]{2}){5}", ballot.ratings)
    assert re.fullmatch(r"[\w-]{21}[AQgw]", ballot.id)
    numbers = re.findall(r"\d\d", ballot.ratings)
    assert numbers == sorted(set(numbers))


def test_the_same_seed_gives_the_same_ballots(app, opened, store):
    run(app, "--ballots", "50", "--seed", "7")
    again = run(app, "--ballots", "50", "--seed", "7")
    assert again.exit_code == 1
    other = run(app, "--ballots", "50", "--seed", "8")
    assert other.exit_code == 0, other.output
    with reading(store) as session:
        assert session.scalars(select(func.count()).select_from(Ballot)).one() == 100


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"is_demonstration": False}, id="a real round takes no seeded ballots"),
        pytest.param({"state": RoundState.CLOSED}, id="a closed round takes none"),
    ],
)
def test_refused(app, opened, store, change):
    with transaction(store) as session:
        session.execute(update(Round).values(**change))
    assert run(app, "--ballots", "10").exit_code == 1
    with reading(store) as session:
        assert session.scalars(select(func.count()).select_from(Ballot)).one() == 0
