"""Long tables: text stays text, a full sheet goes on in the next, no file tells its time."""

import csv
import io
import zipfile

import openpyxl
import pytest

from surveys.long_tables import csv_tables, xlsx_tables

TEXTS = [
    pytest.param("=1+1", id="a formula"),
    pytest.param("+86 10", id="plus"),
    pytest.param("-A-B", id="minus"),
    pytest.param("@SUM(A1)", id="at"),
    pytest.param(' "=1', id="a formula behind blank and quote"),
    pytest.param("＝1", id="a full-width sign"),
    pytest.param("\t=1", id="a tab"),
]
HARMLESS = [
    pytest.param('说:"好", 很好\n第二行', id="quotes, commas, lines"),
    pytest.param("<b>&amp;</b>", id="what looks like XML"),
    pytest.param("_x0041_ stays", id="what looks like a numbered sign"),
    pytest.param("  inside its blanks  ", id="blanks at the ends"),
    pytest.param("long " * 20, id="longer than what is shared"),
    pytest.param("1E5", id="what looks like a number"),
]


def write(book, path, rows, headings=("编号", "一", "二", "三", "四")):
    with book(path) as tables, tables.table("表[1]:a/b", headings) as add:
        for row in rows:
            add(*row)


def xlsx_cells(path):
    return [
        [[cell.value for cell in row] for row in sheet.iter_rows()]
        for sheet in openpyxl.load_workbook(path).worksheets
    ]


def csv_cells(path):
    with zipfile.ZipFile(path) as archive:
        name = archive.namelist()[0]
        raw = archive.read(name)
    assert raw.startswith(b"\xef\xbb\xbf"), "so that Excel does not take it for GBK"
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("words", [*TEXTS, *HARMLESS])
def test_every_text_of_a_workbook_is_text_as_it_was(tmp_path, words):
    path = tmp_path / "t.xlsx"
    write(xlsx_tables, path, [("id", [words, 7], [(3, words)])])
    [[_, row]] = xlsx_cells(path)
    assert row[:4] == ["id", words, 7, words]
    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert {sheet["B2"].data_type, sheet["D2"].data_type} <= {"s", "inlineStr"}, "no formula"


@pytest.mark.parametrize("words", TEXTS)
def test_what_a_spreadsheet_would_compute_gets_a_quote_in_csv(tmp_path, words):
    write(csv_tables, tmp_path / "t.zip", [("id", [words])])
    assert csv_cells(tmp_path / "t.zip")[1] == ["id", f"'{words}", "", "", ""]


@pytest.mark.parametrize("words", HARMLESS)
def test_other_text_of_csv_is_as_it_was(tmp_path, words):
    write(csv_tables, tmp_path / "t.zip", [("id", [words, None], [(4, words)])])
    assert csv_cells(tmp_path / "t.zip")[1] == ["id", words, "", "", words]


def test_what_excel_would_take_for_a_numbered_sign_is_written_so_that_it_does_not(tmp_path):
    write(xlsx_tables, tmp_path / "t.xlsx", [("_x0041_", ["_x0042_"])])
    with zipfile.ZipFile(tmp_path / "t.xlsx") as archive:
        assert b"<t>_x005F_x0041_</t>" in archive.read("xl/worksheets/sheet1.xml")
        assert b"<t>_x005F_x0042_</t>" in archive.read("xl/sharedStrings.xml")


def test_signs_that_xml_cannot_hold_are_left_out(tmp_path):
    write(xlsx_tables, tmp_path / "t.xlsx", [("i\x00d", ["a\x0bb\ufffe"])])
    assert xlsx_cells(tmp_path / "t.xlsx")[0][1][:2] == ["id", "ab"]


def test_cells_further_right_stand_under_their_headings(tmp_path):
    rows = [("1", ["a"], [(2, "x"), (4, "z")]), ("2", ["b"], []), ("3", ["c"], [(3, "y")])]
    for book, cells, nothing in ((xlsx_tables, xlsx_cells, None), (csv_tables, csv_cells, "")):
        path = tmp_path / "t"
        write(book, path, rows)
        if book is xlsx_tables:
            path = path.rename(tmp_path / "t.xlsx")
        found = cells(path)[0] if book is xlsx_tables else cells(path)
        wide = [(row + [nothing] * 5)[:5] for row in found[1:]]
        assert wide == [
            ["1", "a", "x", nothing, "z"],
            ["2", "b", nothing, nothing, nothing],
            ["3", "c", nothing, "y", nothing],
        ]


def test_a_table_too_long_for_a_sheet_goes_on_in_the_next_with_its_headings(tmp_path):
    path = tmp_path / "t.xlsx"
    with xlsx_tables(path, rows_max=4) as tables, tables.table("票", ["编号"]) as add:
        for number in range(7):
            add(str(number), [])
    assert xlsx_cells(path) == [
        [["编号"], ["0"], ["1"], ["2"]],
        [["编号"], ["3"], ["4"], ["5"]],
        [["编号"], ["6"]],
    ]


@pytest.mark.parametrize("book", [xlsx_tables, csv_tables])
def test_a_file_does_not_tell_when_or_by_whom_it_was_made(tmp_path, book):
    write(book, tmp_path / "t", [("id", [])])
    with zipfile.ZipFile(tmp_path / "t") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not [name for name in archive.namelist() if "docProps" in name]


@pytest.mark.parametrize(
    ("headings", "widths"),
    [
        pytest.param(("id", "一", "二"), [25, 30, 30], id="few columns have room"),
        pytest.param(
            ("id", "a", "用时和收到的日期", "x" * 60, *"bcd"),
            [25, 12, 18, 40, 12, 12, 12],
            id="of many each is as wide as its heading asks, within limits",
        ),
    ],
)
def test_columns_are_wide_enough_to_be_read(tmp_path, headings, widths):
    path = tmp_path / "wide.xlsx"
    write(xlsx_tables, path, [("1", ())], headings)
    sheet = openpyxl.load_workbook(path).worksheets[0]
    letters = (cell.column_letter for cell in sheet[1])
    assert [sheet.column_dimensions[letter].width for letter in letters] == widths
