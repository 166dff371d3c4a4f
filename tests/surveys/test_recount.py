"""Counting ballots again: every way of it comes to the same, and sees what is damaged."""

import os
import pickle
import signal
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import permutations
from operator import add

import pytest
from sqlalchemy import select, update

from analytics.engine import CountingBroke, Dask, InProcess, Processes, map_merge
from analytics.tally import Cell
from surveys import recount as recounting
from surveys.ballots import store
from surveys.db import reading, transaction
from surveys.models import Ballot, TallyCell, TallyCheck
from surveys.postgresql_ballots import SETTING
from surveys.questionnaire import UnitRating, Validity
from surveys.recount import count, executor_for, partitions_of, recount
from surveys.refusals import BallotsArriving, RoundUnknown
from surveys.settings import Settings
from surveys.tallies import Difference, counted_of, folded, frame_of, latest_check, tally_of
from tests import cluster, makers
from tests.makers import NOW

BALLOTS = 90
# So many that a file is split into parts, whatever it holds.
MANY = 10**6


def keep(session, made, number, **changes):
    store(
        session,
        [
            makers.make_submission(
                made,
                ("citizens", "enterprises", "window")[number % 3],
                submission_id=f"{number * 37 % 64:02d}-{number}".ljust(22, "_"),
                **{
                    "ratings": (
                        UnitRating(1 + number % 5, "ABCDE"[number % 5] * 5),
                        UnitRating(6, "AAB-N"),
                    )[: 1 + number % 2],
                    "validity": tuple(Validity)[number % 5],
                    **changes,
                },
            )
        ],
        NOW,
    )


@pytest.fixture
def made(database):
    with transaction(database) as session:
        made = makers.make_round(session)
        for number in range(BALLOTS):
            keep(session, made, number)
        other = makers.make_round(session, code="other")
        keep(session, other, 1)
    return made


def parts_of(database, made, ballots=MANY):
    with reading(database) as session:
        frame = frame_of(session, made.round.id)
        return partitions_of(database, session.connection(), frame, ballots)


def counted(database, part):
    """Count a part that was taken at a moment which is over."""
    address = database.reader.url.render_as_string(hide_password=False)
    return count(now(part), address)


def now(part):
    return replace(part, snapshot=None) if hasattr(part, "snapshot") else part


def test_the_counts_that_were_folded_are_those_of_the_ballots(database, made):
    found = recount(database, made.round.id)
    assert found.differences == ()
    assert found.recounted.ballot_count == BALLOTS
    with reading(database) as session:
        before = folded(session, frame_of(session, made.round.id))
    assert (before.tally, dict(before.ballots)) == (
        found.recounted.tally,
        dict(found.recounted.ballots),
    )


def test_the_parts_hold_each_ballot_once_and_add_up_in_any_order(database, made):
    parts = parts_of(database, made)
    counts = [counted(database, part) for part in parts]
    assert len(counts) >= 8
    assert sum(1 for one in counts if one.ballots) > 4
    whole = recount(database, made.round.id).recounted
    for some in permutations([one for one in counts if one.ballots][:3]):
        rest = [one for one in counts if one not in some]
        assert counted_of(parts[0].frame, reduce(add, [*some, *rest])) == whole
        assert counted_of(parts[0].frame, reduce(add, some) + reduce(add, rest)) == whole


def test_several_processes_come_to_the_same(database, made):
    heard = []
    found = recount(
        database, made.round.id, Processes(2), lambda done, total: heard.append((done, total))
    )
    assert found == recount(database, made.round.id, InProcess())
    assert heard == [(done, heard[0][1]) for done in range(heard[0][1] + 1)]


@pytest.mark.parametrize(
    ("text", "folded_cell", "recounted_cell"),
    [
        ("01AAAAAX", "AAAAA", None),
        ("01AAAA", None, Cell("npc", "token", "?", "01AAAA")),
        ("99AAAAA", None, Cell("npc", "token", "?", "99AAAAA")),
        ("xxAAAAA", None, Cell("npc", "token", "?", "xxAAAAA")),
        ("01AAAAZ", None, Cell("npc", "token", "U01", "AAAAZ")),
        ("01AAAA#", None, Cell("npc", "token", "U01", "AAAA#")),
        ("#01AAAA", None, Cell("npc", "token", "?", "#01AAAA")),
        ("01AA局", None, Cell("npc", "token", "?", "01AA局")),
        ("", None, None),
    ],
)
def test_a_damaged_ballot_shows_as_a_difference(database, text, folded_cell, recounted_cell):
    with transaction(database) as session:
        made = makers.make_round(session)
        for number, token in enumerate(made.tokens["npc"][:2]):
            submission = makers.make_submission(
                made,
                "npc",
                submission_id=f"{number}" * 22,
                ratings=(UnitRating(1, "AAAAA"),),
                token_digest=makers.token_digest(token),
            )
            store(session, [submission], NOW)
        keep(session, made, 0)
        first = session.scalars(select(Ballot.id).where(Ballot.channel == "token")).first()
        session.execute(update(Ballot).where(Ballot.id == first).values(ratings=text))
    found = recount(database, made.round.id).differences
    was = Difference(Cell("npc", "token", "U01", "AAAAA"), 2, 1)
    if folded_cell is None:
        assert was in found
    if recounted_cell is not None:
        assert Difference(recounted_cell, 0, 1) in found
    assert found


def test_a_count_of_ballots_that_was_altered_shows_as_a_difference(database, made):
    with transaction(database) as session:
        session.execute(
            update(Ballot).where(Ballot.validity == "held").values(validity=Validity.EXCLUDED)
        )
    kinds = {difference.of for difference in recount(database, made.round.id).differences}
    assert ("citizens", "open", "held") in kinds
    assert not any(isinstance(kind, Cell) for kind in kinds)


@dataclass(frozen=True)
class Busy:
    """An executor beside which ballots keep arriving, so many times."""

    database: object
    made: object
    times: list[int] = field(default_factory=list)
    limit: int = 1

    def map_merge(self, count, parts, on_done):
        if len(self.times) < self.limit:
            self.times.append(1)
            with transaction(self.database) as session:
                keep(session, self.made, 500 + len(self.times), validity=Validity.COUNTED)
        return InProcess().map_merge(count, parts, on_done)


class BusyHere(Busy, InProcess):
    """The same in this process."""


def test_ballots_that_arrive_in_the_middle_of_a_count_here_are_no_difference(database, made):
    found = recount(database, made.round.id, BusyHere(database, made))
    assert found.differences == ()
    assert found.recounted.ballot_count == BALLOTS


def test_a_count_elsewhere_sees_one_moment_or_begins_again(database, made):
    found = recount(database, made.round.id, Busy(database, made))
    assert found.differences == ()
    # Parts on PostgreSQL share a snapshot; a file has none to share.
    assert found.recounted.ballot_count == BALLOTS + database.is_sqlite


def test_a_count_that_never_sees_one_moment_says_so(database, made):
    busy = Busy(database, made, limit=9)
    if database.is_sqlite:
        with pytest.raises(BallotsArriving):
            recount(database, made.round.id, busy)
    else:
        assert recount(database, made.round.id, busy).differences == ()


def test_an_unknown_round_is_refused(database):
    with pytest.raises(RoundUnknown):
        recount(database, 404)


def test_a_partition_names_no_secret(database, made):
    wire = b"".join(pickle.dumps(part) for part in parts_of(database, made))
    url = database.reader.url
    assert str(url.username or "no such name").encode() not in wire
    assert str(url.host or "no such host").encode() not in wire


def test_a_worker_without_the_setting_says_which_one(database, made, monkeypatch):
    monkeypatch.delenv(SETTING, raising=False)
    part = now(parts_of(database, made)[0])
    if database.is_sqlite:
        count(part)
    else:
        with pytest.raises(RuntimeError, match=SETTING):
            count(part)


@pytest.mark.parametrize(
    ("scheduler", "ballots", "cores", "executor"),
    [
        pytest.param("tcp://a:8786", 1, 2, Dask("tcp://a:8786"), id="a cluster, once it is set"),
        pytest.param(None, 1_000_000, 2, InProcess(), id="few ballots"),
        pytest.param(None, 1_000_001, 2, Processes(2), id="many ballots"),
        pytest.param(None, 1_000_001, 1, InProcess(), id="many ballots on one core"),
    ],
)
def test_where_ballots_are_counted(scheduler, ballots, cores, executor):
    assert executor_for(scheduler, ballots, cores) == executor


def test_a_job_keeps_what_its_recount_found(database, made, tmp_path):
    told = []
    task = recounting.Task(
        job_id=1,
        round_id=made.round.id,
        arguments={},
        database=database,
        settings=Settings("", "", b"", tmp_path),
        folder=tmp_path,
        upload=tmp_path,
        tell=lambda done, total: told.append((done, total)),
    )
    result = recounting.RECOUNT.work(task)
    claim = recounting.Claim(1, "recount", made.round.id, {}, "绩效办", "here", 1, result)
    with transaction(database) as session:
        recounting.RECOUNT.settle(session, claim, result, NOW)
    with reading(database) as session:
        check = latest_check(session, made.round.id, result["tally_sha256"])
        assert session.scalars(select(TallyCheck)).all() == [check]
    assert (check.ballots, check.differences, check.actor) == (BALLOTS, 0, "绩效办")
    assert told[-1] == (told[0][1], told[0][1])


def test_a_cluster_that_loses_a_worker_counts_exactly_and_one_that_loses_its_head_says_so(
    database, database_url, made, tmp_path
):
    expected = recount(database, made.round.id).recounted
    with (
        cluster.dask_cluster(tmp_path, workers=2, **{SETTING: database_url}) as machines,
        reading(database) as session,
    ):
        executor = Dask(machines.address)
        assert recount(database, made.round.id, executor).recounted == expected
        frame = frame_of(session, made.round.id)
        parts = partitions_of(database, session.connection(), frame, MANY)
        parts = tuple(part for part in map(now, parts))[-16:]
        missing = map_merge(InProcess(), lambda part: counted(database, part), parts)

        def killing(process):
            heard = []

            def on_done(more):
                heard.append(more)
                if len(heard) == 2:
                    os.killpg(process.pid, signal.SIGKILL)

            return on_done

        survived = map_merge(executor, cluster.slowly, parts, killing(machines.workers[0]))
        assert machines.workers[0].wait() == -signal.SIGKILL
        assert counted_of(frame, survived) == counted_of(frame, missing)
        with pytest.raises(CountingBroke):
            map_merge(executor, cluster.slowly, parts, killing(machines.scheduler))


def test_a_process_that_is_killed_while_counting_is_said():
    with pytest.raises(CountingBroke):
        map_merge(Processes(2), os._exit, [1, 1])


def test_nothing_to_count_is_a_mistake():
    with pytest.raises(ValueError, match="nothing to count"):
        map_merge(InProcess(), count, [])


def test_the_folded_tally_is_that_of_its_rows_one_by_one(database, made):
    """It is read as long texts; a pattern with a line's end in it must not shift its neighbours."""
    with transaction(database) as session:
        session.execute(
            update(TallyCell).where(TallyCell.pattern == "BBBBB").values(pattern="A\nBCD", count=12)
        )
    with reading(database) as session:
        frame = frame_of(session, made.round.id)
        rows = session.scalars(
            select(TallyCell).where(TallyCell.round_id == made.round.id, TallyCell.count > 0)
        ).all()
        expected = {
            Cell(
                frame.group_codes[row.group_id],
                row.channel.value,
                frame.unit_codes[row.unit_number],
                row.pattern.replace("\n", "?"),
                row.is_flagged,
            ): row.count
            for row in rows
        }
        assert any(cell.pattern == "A?BCD" for cell in expected)
        assert dict(tally_of(session, frame).items()) == expected
