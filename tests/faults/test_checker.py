"""The checker itself: it passes a good history, and finds each thing that can be wrong with one."""

from dataclasses import replace

import pytest

from surveys.ballots import Outcome
from surveys.questionnaire import Validity
from surveys.refusals import LinkClosed, TokenSpent
from tests.faults.checker import Broken, Kept, Stored, judge, mark_of
from tests.faults.journal import Heard, History, Journal, Sent, Told, read_journals

CELL = (1, "open", 1, "AAAAA", False)


def heard(id_, told, word="", receipt=""):
    return Heard(id_, told, word, receipt)


def kept(id_, outcome=Outcome.KEPT, receipt=""):
    return Heard(id_, Told.ACKNOWLEDGED, outcome, receipt)


def history(*events):
    """Put events together by id, in their order."""
    sent, answers = {}, {}
    for event in events:
        (sent if isinstance(event, Sent) else answers).setdefault(event.id, []).append(event)
    return History(
        {id_: tuple(found) for id_, found in sent.items()},
        {id_: tuple(found) for id_, found in answers.items()},
    )


GOOD = (
    Sent("a", "A", comments=("1 快",)),
    kept("a", receipt="R1"),
    Sent("a", "A", comments=("1 快",)),
    kept("a", Outcome.KEPT_BEFORE, receipt="R1"),
    Sent("b", "B"),  # no answer: the process died
    Sent("b", "B"),
    kept("b", Outcome.KEPT_BEFORE, receipt="R2"),
    Sent("c", "C"),
    kept("c", Outcome.DUPLICATE),
    Sent("n", "N", token="t"),
    kept("n"),
    Sent("m", "M", token="t"),
    heard("m", Told.REFUSED, TokenSpent.__name__),
    Sent("z", "Z"),
    heard("z", Told.REFUSED, LinkClosed.__name__),
)
STORED = Stored(
    ballots=(
        Kept("a", "A", device="d"),
        Kept("b", "B"),
        Kept("c", "C", Validity.DUPLICATE, device="d"),
        Kept(None, "N"),
    ),
    comments=("a 1 快",),
    spent={"t": mark_of("n")},
    tally={CELL: 3},
    recount={CELL: 3},
    participation={Validity.COUNTED: 3, Validity.DUPLICATE: 1},
)


def without(id_):
    left = tuple(one for one in STORED.ballots if one.id != id_)
    return replace(STORED, ballots=left, participation=None)


def with_ballot(*more, spent=None):
    ballots = (*STORED.ballots, *more)
    return replace(STORED, ballots=ballots, spent=spent or STORED.spent)


def test_a_promise_that_was_kept():
    verdict = judge(history(*GOOD), STORED)
    assert verdict.broken == ()
    assert (verdict.sent, verdict.acknowledged, verdict.refused, verdict.recovered) == (6, 4, 2, 1)


@pytest.mark.parametrize(
    ("events", "stored", "expected"),
    [
        pytest.param((), without("a"), Broken.LOST, id="acknowledged and gone"),
        pytest.param((), without(None), Broken.LOST, id="a secret ballot acknowledged and gone"),
        pytest.param((), without("b"), Broken.LOST, id="acknowledged on a retry and gone"),
        pytest.param((), with_ballot(Kept("a", "A")), Broken.DOUBLED, id="one id twice"),
        pytest.param(
            (), with_ballot(Kept(None, "N")), Broken.DOUBLED, id="one secret content twice"
        ),
        pytest.param((), with_ballot(Kept("x", "X")), Broken.UNEXPECTED, id="nobody sent it"),
        pytest.param((), with_ballot(Kept(None, "X")), Broken.UNEXPECTED, id="a forged secret one"),
        pytest.param(
            (),
            replace(STORED, ballots=(Kept("a", "B", device="d"), *STORED.ballots[1:])),
            Broken.CHANGED,
            id="stored with other answers",
        ),
        pytest.param(
            (), with_ballot(Kept("z", "Z")), Broken.REFUSED_YET_STORED, id="refused and stored"
        ),
        pytest.param(
            (Sent("n", "N", token="t"), heard("n", Told.REFUSED, TokenSpent.__name__)),
            STORED,
            Broken.REFUSED_YET_STORED,
            id="a token's own retry is told that somebody else spent it",
        ),
        pytest.param(
            (Sent("a", "A"), kept("a", Outcome.KEPT_BEFORE, "R9")),
            STORED,
            Broken.TWO_RECEIPTS,
            id="the retry is shown another receipt",
        ),
        pytest.param(
            (Sent("a", "A"), kept("a")), STORED, Broken.KEPT_TWICE, id="stored just now, twice"
        ),
        pytest.param((Sent("y", "Y"),), STORED, Broken.UNSETTLED, id="never answered"),
        pytest.param(
            (Sent("y", "Y"), heard("y", Told.UNKNOWN)),
            STORED,
            Broken.UNSETTLED,
            id="never kept",
        ),
        pytest.param((kept("m"),), STORED, Broken.TOKEN_TWICE, id="one token admits two"),
        pytest.param(
            (),
            replace(STORED, spent={"t": mark_of("m")}),
            Broken.TOKEN_WITHOUT_BALLOT,
            id="spent by the ballot that is not there",
        ),
        pytest.param(
            (),
            replace(STORED, spent={"t": mark_of("n"), "u": "?"}),
            Broken.TOKEN_WITHOUT_BALLOT,
            id="a token burned for nothing",
        ),
        pytest.param(
            (), replace(STORED, spent={}), Broken.BALLOT_WITHOUT_TOKEN, id="a ballot for nothing"
        ),
        pytest.param(
            (),
            replace(
                STORED, ballots=(*STORED.ballots[:2], Kept("c", "C", device="d"), Kept(None, "N"))
            ),
            Broken.DEVICE_TWICE,
            id="a browser counted twice",
        ),
        pytest.param((), replace(STORED, tally={CELL: 2}), Broken.TALLY_DIFFERS, id="not counted"),
        pytest.param(
            (), replace(STORED, recount={}), Broken.TALLY_DIFFERS, id="counted for nothing"
        ),
        pytest.param(
            (),
            replace(STORED, participation={Validity.COUNTED: 4}),
            Broken.PARTICIPATION_DIFFERS,
            id="a board that is wrong",
        ),
        pytest.param((), replace(STORED, comments=()), Broken.COMMENTS_DIFFER, id="a comment lost"),
        pytest.param(
            (),
            replace(STORED, comments=STORED.comments * 2),
            Broken.COMMENTS_DIFFER,
            id="a comment doubled",
        ),
    ],
)
def test_the_checker_finds(events, stored, expected):
    assert expected in judge(history(*GOOD, *events), stored).kinds


@pytest.mark.parametrize(
    "word",
    [
        pytest.param("", id="no answer at all"),
        pytest.param(LinkClosed.__name__, id="the round closed before the retry"),
    ],
)
def test_an_unknown_that_was_stored_is_no_fault_of_the_store(word):
    events = (Sent("u", "U"), heard("u", Told.UNKNOWN), Sent("u", "U"))
    told = (heard("u", Told.REFUSED, word),) if word else (kept("u", Outcome.KEPT_BEFORE),)
    stored = replace(with_ballot(Kept("u", "U")), participation={"counted": 4, "duplicate": 1})
    verdict = judge(history(*GOOD, *events, *told), stored)
    assert verdict.broken == ()
    assert verdict.recovered == 2


def test_a_line_that_a_kill_cut_off_says_nothing(tmp_path):
    path = tmp_path / "journal"
    journal = Journal(path)
    journal.write(Sent("a", "甲", ("1 快",)))
    journal.write(heard("a", Told.ACKNOWLEDGED, Outcome.KEPT))
    journal.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    found = read_journals([path])
    assert found.sent == {"a": (Sent("a", "甲", ("1 快",)),)}
    assert found.was_unknown("a")
    path.write_bytes(whole)
    assert read_journals([path]).is_acknowledged("a")
