"""The official table as plain text, which no spreadsheet takes for formulas."""

import csv
import io
from decimal import Decimal

import pytest
from flask_babel import force_locale

from surveys.db import transaction
from surveys.scoring import queries
from surveys.scoring.tables import build_csv, guarded
from tests.surveys.scoring.scored import add_work, make_closed_round, score_round


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        pytest.param("=1+1", "'=1+1", id="equals"),
        pytest.param("+1", "'+1", id="plus"),
        pytest.param("-1", "'-1", id="minus as text"),
        pytest.param("@SUM(A1)", "'@SUM(A1)", id="at"),
        pytest.param("\t=1", "'\t=1", id="tab"),
        pytest.param("\r=1", "'\r=1", id="carriage return"),
        pytest.param("  =1", "'  =1", id="spaces before"),
        pytest.param('"=1', "'\"=1", id="a quote before"),
        pytest.param("＝1", "'＝1", id="full width"),
        pytest.param("市财政局", "市财政局", id="a name"),
        pytest.param(Decimal("-0.50"), "-0.50", id="a negative number is a number"),
        pytest.param(3, "3", id="a count"),
        pytest.param(None, "", id="nothing"),
    ],
)
def test_cells_are_guarded(value, cell):
    assert guarded(value) == cell


@pytest.fixture
def run(app):
    """A run whose unit has a name that a spreadsheet would compute."""
    with transaction(app.extensions["installation"].database) as session:
        made = make_closed_round(session, is_demonstration=True)
        made.units[0].name = '=cmd|" /C calc"!A0'
        add_work(session, made)
        score_round(session, made)
        yield queries.run_view(session, made.round.id)


def rows_of(app, run, language: str) -> list[list[str]]:
    with app.app_context(), force_locale(language):
        content = build_csv(run)
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_every_unit_has_its_row_with_figures_as_printed(app, run):
    head, *rows = rows_of(app, run, "zh")
    assert [row[3] for row in rows] == ["U01", "U02", "U03", "U04"]
    first = dict(zip(head, rows[0], strict=True))
    assert first["工作考评（70）"] == "66.00"
    assert first["社会评议（30）"] == "19.69"
    assert first["总分"] == "90.69"
    assert first["加扣分"] == "5.00"


def test_names_never_become_formulas(app, run):
    _, first, *_ = rows_of(app, run, "zh")
    assert first[4] == '\'=cmd|" /C calc"!A0'


@pytest.mark.parametrize(("language", "mark"), [("zh", "演示数据"), ("en", "Demonstration data")])
def test_demonstration_data_say_so_on_every_row(app, run, language, mark):
    assert {row[-1] for row in rows_of(app, run, language)[1:]} == {mark}
