"""The pages of the 70 points: template, upload, preview, confirmation, refusals."""

import io

import openpyxl
import pytest
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from surveys.db import reading, transaction
from surveys.models import AuditEntry, Round, RoundState, WorkImport, WorkScore
from tests import makers
from tests.pages import form_fields, visible_text

FIRST_ROW, FIRST_COLUMN = 6, 4


@pytest.fixture
def store(app):
    return app.extensions["installation"].database


@pytest.fixture
def made(store):
    with transaction(store) as session:
        return makers.make_round(session, state=RoundState.OPEN, units=4)


def page_of(made) -> str:
    return f"/console/rounds/{made.round.id}/work"


def template(client, made) -> openpyxl.Workbook:
    answer = client.get(f"{page_of(made)}/template.xlsx")
    assert answer.status_code == 200
    return openpyxl.load_workbook(io.BytesIO(answer.data))


def filled(client, made, **cells) -> bytes:
    """Return the template with 30 and 20 for every unit; `cells` say what is special."""
    book = template(client, made)
    for row in range(FIRST_ROW, FIRST_ROW + 4):
        book.worksheets[0].cell(row, FIRST_COLUMN, 30)
        book.worksheets[0].cell(row, FIRST_COLUMN + 1, 20)
    for address, value in cells.items():
        book.worksheets[0][address] = value
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def upload(client, made, content: bytes, name: str = "得分.xlsx", lang: str = "en"):
    fields = form_fields(client.get(f"{page_of(made)}?lang={lang}"), page_of(made))
    # Encoded here: the client would leave a temporary file open.
    boundary, body = encode_multipart({**fields, "file": FileStorage(io.BytesIO(content), name)})
    kind = f"multipart/form-data; boundary={boundary}"
    return client.post(page_of(made), data=body, content_type=kind)


def confirm(client, address: str):
    return client.post(address, data=form_fields(client.get(address), address))


def counts(store) -> tuple[int, int]:
    with reading(store) as session:
        return (
            session.scalars(select(func.count(WorkImport.id))).one(),
            session.scalars(select(func.count()).select_from(WorkScore)).one(),
        )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_round_without_scores_says_so(office, made, lang):
    page = office.get(f"{page_of(made)}?lang={lang}")
    words = {"zh": "尚未导入得分", "en": "Nothing has been imported yet"}[lang]
    assert words in visible_text(page)


def test_a_workbook_is_saved_by_preview_and_confirmation(office, made, store):
    answer = upload(office, made, filled(office, made, E7="/"))
    assert answer.status_code == 303, visible_text(answer)
    preview = office.get(answer.location)
    words = visible_text(preview)
    assert "Nothing has been saved yet." in words
    assert "50.00" in words  # 70 · 50 / 70
    assert "52.50" in words  # 70 · 30 / 40, one indicator left out
    assert counts(store) == (0, 0)
    assert confirm(office, answer.location).status_code == 303
    assert counts(store) == (1, 8)
    assert "4 of 4 units have a work score" in visible_text(office.get(page_of(made)))


def test_a_second_import_shows_the_differences_and_keeps_the_first(office, made, store):
    confirm(office, upload(office, made, filled(office, made)).location)
    answer = upload(office, made, filled(office, made, D6=37))
    words = visible_text(office.get(answer.location))
    assert "The figures of 1 units would change." in words
    assert "+7.00" in words
    confirm(office, answer.location)
    assert counts(store) == (2, 16)


def test_the_import_is_written_down(office, made, store):
    confirm(office, upload(office, made, filled(office, made)).location)
    with reading(store) as session:
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "work imported")
        ).one()
    assert entry.details.startswith("得分.xlsx")


def test_a_preview_is_confirmed_once_and_by_its_uploader(app, office, made, store):
    address = upload(office, made, filled(office, made)).location
    fields = form_fields(office.get(address), address)
    other = app.test_client()
    makers.sign_in(app, other, "另一个人")
    assert other.get(address).status_code == 410
    assert office.post(address, data=fields).status_code == 303
    assert office.post(address, data=fields).status_code == 410
    assert counts(store) == (1, 8)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        pytest.param({"D6": 41}, "The score 41 is over the full marks of 40.", id="over full"),
        pytest.param({"D6": "三十"}, "“三十” is text.", id="text for a number"),
        pytest.param({"A6": "U77"}, "There is no unit U77 in this round.", id="unknown unit"),
        pytest.param({"A7": "U01"}, "The unit U01 has two rows", id="doubled row"),
        pytest.param({"D6": "=1/0"}, "The score is missing.", id="a formula never computed"),
    ],
)
def test_a_faulty_workbook_is_told_and_nothing_saved(office, made, store, cells, words):
    answer = upload(office, made, filled(office, made, **cells))
    assert answer.status_code == 422
    assert words in visible_text(answer)
    assert counts(store) == (0, 0)


def test_problems_are_told_in_chinese_with_their_cell(office, made):
    answer = upload(office, made, filled(office, made, D6=41), lang="zh")
    words = visible_text(answer)
    assert "得分 41 超过满分 40。" in words
    assert "工作考评 6 D FUNC-1" in words


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "No file was chosen.", id="nothing"),
        pytest.param(b"unit,score\n1,2\n", "could not be read as a workbook", id="text"),
        pytest.param(
            b"PK\x03\x04" + b"\0" * 40, "could not be read as a workbook", id="half a zip"
        ),
    ],
)
def test_what_is_no_workbook_is_refused(office, made, store, content, words):
    answer = upload(office, made, content)
    assert answer.status_code == 422
    assert words in visible_text(answer)
    assert counts(store) == (0, 0)


def test_after_publication_nothing_can_be_imported(office, made, store):
    content = filled(office, made)
    answer = upload(office, made, content)
    with transaction(store) as session:
        session.get_one(Round, made.round.id).state = RoundState.PUBLISHED
    assert office.get(answer.location).status_code == 409
    assert "can no longer change" in visible_text(office.get(page_of(made)))


def test_an_unknown_round_is_not_found(office):
    assert office.get("/console/rounds/99/work").status_code == 404
