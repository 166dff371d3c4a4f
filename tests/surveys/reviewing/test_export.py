"""An export holds every ballot, in random order, and of secret ones only what may be known."""

import csv
import gzip
import io
import random
import zipfile

import openpyxl
import pytest

from analytics.files import read_ratings
from surveys.ballots import store
from surveys.db import reading, transaction
from surveys.jobs import Task
from surveys.models import Ballot, Participation, Round, RoundState
from surveys.questionnaire import UnitRating, Validity
from surveys.refusals import ExportTooEarly
from surveys.reviewing.export import export_ballots
from surveys.tokens import token_digest
from tests.makers import NOW, QUESTIONS, make_round, make_submission

ID = "{:022d}"


@pytest.fixture
def made(database):
    """A closed round with citizens' ballots, deputies' secret ones, and comments of both."""
    with transaction(database) as session:
        made = make_round(session, state=RoundState.CLOSED)
        made.units[1].name = "=HYPERLINK(市第2局)"
        open_ones = [
            make_submission(
                made,
                submission_id=ID.format(number),
                ratings=(UnitRating(1 + number, "AB-NC"), UnitRating(2 + number, "-AAAA")),
                answers=(("role", "firm"), ("ways", ("window", "net")), ("wish", "=1+1")),
                comments=((1, f"意见{number}"),),
                seconds=40 + number,
                device_key=f"d{number}",
                validity=Validity.FLAGGED if number else Validity.COUNTED,
                reasons=("speed",) if number else (),
            )
            for number in range(3)
        ]
        secret = [
            make_submission(
                made,
                "npc",
                submission_id=ID.format(50 + number),
                token_digest=token_digest(token),
                comments=((2, f"代表的意见{number}"),),
                seconds=99,
            )
            for number, token in enumerate(made.tokens["npc"][:2])
        ]
        store(session, [*open_ones, *secret], NOW)
    return made


def export(database, settings, tmp_path, made, **arguments):
    """Do the child's part here; return the file and the result."""
    task = Task(
        1,
        made.round.id,
        {"form": "xlsx", "scope": "all", **arguments},
        database,
        settings,
        tmp_path,
        tmp_path / "upload",
        lambda _done, _total: None,
    )
    result = export_ballots(task)
    return tmp_path / result["file"], result


def sheets(path):
    book = openpyxl.load_workbook(path)
    return {
        sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()]
        for sheet in book.worksheets
    }


def files(path):
    with zipfile.ZipFile(path) as archive:
        return {
            name: list(csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig"), newline="")))
            for name in archive.namelist()
        }


def test_a_workbook_holds_each_ballot_with_what_it_says(database, settings, tmp_path, made):
    path, result = export(database, settings, tmp_path, made)
    assert path.name == "2026-ballots.xlsx"
    assert result["ballots"] == 5
    head, *rows = sheets(path)["Ballots"]
    assert head == [
        *("Ballot", "Group", "Channel", "Link", "Received on", "Seconds", "Validity", "Reasons"),
        *(question.words for question in QUESTIONS),
        *("U01 市第1局", "U02 =HYPERLINK(市第2局)", "U03 市第3局", "U04 市第4局"),
        *("U05 市第5局", "U06 市第6局", "Unreadable"),
    ]
    by_id = {row[0]: row for row in rows}
    day = "2026-11-22"
    assert by_id[ID.format(1)][:19] == [
        *(
            ID.format(1),
            "群众",
            "open",
            made.links["citizens"].code,
            day,
            41,
            "flagged",
            "speed",
        ),
        *("单位", "窗口; 网上", "=1+1", None, None),
        *(None, "AB-NC", "-AAAA", None, None, None),
    ]
    assert [row[0] for row in rows] == sorted(by_id)


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_secret_ballots_show_only_what_is_on_the_list(database, settings, tmp_path, made, form):
    with transaction(database) as session:  # even where a row holds more than it should
        for ballot in session.query(Ballot).filter(Ballot.channel == "token"):
            ballot.link_id, ballot.seconds = made.links["npc"].id, 99
            ballot.received_on = NOW.date()
    path, _ = export(database, settings, tmp_path, made, form=form)
    tables = sheets(path) if form == "xlsx" else files(path)
    ballots, comments, *_ = tables.values()
    secret = [row for row in ballots[1:] if row[1] == "人大代表"]
    assert len(secret) == 2
    assert {tuple(cell or "" for cell in row[2:6]) for row in secret} == {("token", "", "", "")}
    said = [row for row in comments[1:] if row[1] == "人大代表"]
    assert {row[0] or "" for row in said} == {""}, "a comment leads to no ballot"
    assert {row[3] for row in said} == {"代表的意见0", "代表的意见1"}
    assert {row[0] for row in comments[1:] if row[1] == "群众"} == {ID.format(n) for n in range(3)}


def test_csv_has_the_same_cells_as_the_workbook_and_guards_formulas(
    database, settings, tmp_path, made
):
    workbook, _ = export(database, settings, tmp_path, made)
    archive, _ = export(database, settings, tmp_path, made, form="csv")
    for plain, filled in zip(files(archive).values(), sheets(workbook).values(), strict=True):
        wanted = [["" if cell is None else str(cell) for cell in row] for row in filled]
        unquoted = [[cell.removeprefix("'") for cell in row] for row in plain]
        assert unquoted == wanted
    ballots = next(iter(files(archive).values()))
    assert "'=1+1" in ballots[1]
    assert "'-AAAA" in ballots[1]


def test_words_come_in_the_language_of_who_asked(database, settings, tmp_path, made):
    arguments = {
        "is_english": True,
        "sentences": {"Ballots": "All ballots", "Ballot": "No."},
        "kinds": {"open": "open link", "speed": "too fast"},
    }
    path, _ = export(database, settings, tmp_path, made, **arguments)
    head, *rows = sheets(path)["All ballots"]
    assert head[0] == "No."
    assert "U01 Bureau 1" in head
    assert {row[1] for row in rows} == {"Citizens", "People's congress deputies"}
    assert {row[2] for row in rows} == {"open link", "token"}


def test_ballots_of_codes_wait_until_the_round_is_closed(database, settings, tmp_path, made):
    with transaction(database) as session:
        session.get_one(type(made.round), made.round.id).state = RoundState.OPEN
    with pytest.raises(ExportTooEarly):
        export(database, settings, tmp_path, made)
    path, result = export(database, settings, tmp_path, made, scope="open")
    assert result["ballots"] == 3
    assert {row[1] for row in sheets(path)["Ballots"][1:]} == {"群众"}
    assert {row[1] for row in sheets(path)["Comments"][1:]} == {"群众"}


def test_a_damaged_ballot_is_shown_as_it_is_stored(database, settings, tmp_path, made):
    with transaction(database) as session:
        session.get_one(Ballot, (made.round.id, ID.format(0))).ratings = "99AAAAA01A"
    path, _ = export(database, settings, tmp_path, made)
    row = next(row for row in sheets(path)["Ballots"] if row[0] == ID.format(0))
    assert row[-1] == "99AAAAA01A"
    assert set(row[13:-1]) == {None}


def test_the_ratings_file_is_one_that_can_be_read_again(database, settings, tmp_path, made):
    with transaction(database) as session:
        excluded = session.get_one(Ballot, (made.round.id, ID.format(2)))
        excluded.validity = Validity.EXCLUDED
    path, _ = export(database, settings, tmp_path, made, form="ratings")
    rows = list(read_ratings(path, made.rules, [unit.code for unit in made.units]))
    assert {row.ballot for row in rows if row.group == "citizens"} == {ID.format(0), ID.format(1)}
    found = {(row.unit, row.pattern) for row in rows if row.ballot == ID.format(1)}
    assert found == {("U02", "AB-NC"), ("U03", "-AAAA")}
    with gzip.open(path) as file:
        assert file.read(7) == b"ballot,"


def test_the_order_tells_nothing_about_the_order_of_arrival(database, settings, tmp_path, made):
    ids = [ID.format(number) for number in random.Random(3).sample(range(100, 200), 20)]
    with transaction(database) as session:
        for one in ids:
            store(session, [make_submission(made, submission_id=one)], NOW)
        total = sum(
            session.scalars(Participation.__table__.select().with_only_columns(Participation.count))
        )
    path, result = export(database, settings, tmp_path, made, scope="open")
    exported = [row[0] for row in sheets(path)["Ballots"][1:]]
    assert exported == sorted(exported)
    assert result["ballots"] == total - 2, "the secret two are not of this scope"
    with reading(database) as session:
        assert session.query(Ballot).count() == 25


@pytest.mark.parametrize("sha256", [None, "ab" * 32])
def test_the_legend_names_the_notice_under_which_ballots_were_given(
    database, settings, tmp_path, made, sha256
):
    with transaction(database) as session:
        session.get_one(Round, made.round.id).notice_sha256 = sha256
    path, _ = export(database, settings, tmp_path, made)
    legend = sheets(path)["Legend"]
    line = ["Notice to respondents (SHA-256)", "abababab", sha256]
    assert (line in legend) is (sha256 is not None)
    assert legend[1] == ["Round", "2026", "2026年度社会评议"]
