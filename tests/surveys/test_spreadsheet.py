"""Workbooks that people send: what is read, and what is refused without harm."""

import io
import string
import zipfile
from decimal import Decimal

import openpyxl
import pytest

from surveys.refusals import FileEmpty, FileRefused, FileTooLarge
from surveys.spreadsheet import clean, column_letters, number, read_workbook, shown_name, text

LETTERS = string.ascii_uppercase
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
BOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
TYPES = (
    f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="text/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{BOOK_TYPE}"/></Types>'
)
ROOT = (
    f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>"
)
RELATIONS = (
    f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    "</Relationships>"
)
BOOK = (
    f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">'
    '<sheets><sheet name="单位" sheetId="1" r:id="rId1"/></sheets></workbook>'
)


def raw_workbook(rows: str, head: str = "", before: str = "", **more: str | bytes) -> bytes:
    """Write the parts of a workbook by hand, so that they may lie."""
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": ROOT,
        "xl/workbook.xml": BOOK,
        "xl/_rels/workbook.xml.rels": RELATIONS,
        "xl/worksheets/sheet1.xml": f'{head}<worksheet xmlns="{MAIN}">{before}'
        f"<sheetData>{rows}</sheetData></worksheet>",
        **more,
    }
    return zipped(parts)


def cells(*places: str) -> str:
    """Write a row with one cell for each place."""
    return "".join(
        f'<row r="{place.lstrip(LETTERS)}"><c r="{place}"><v>1</v></c></row>' for place in places
    )


def zipped(parts: dict[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return file.getvalue()


def saved(workbook: openpyxl.Workbook) -> bytes:
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def one_cell(value: object) -> bytes:
    workbook = openpyxl.Workbook()
    workbook.active["A1"] = value
    return saved(workbook)


def first_cell(content: bytes) -> object:
    return read_workbook(content, "表.xlsx").sheets[0].rows[0][0]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param(5.0, "5", id="a whole number has no point"),
        pytest.param(0.1, "0.1", id="the shortest decimal, not the binary fraction"),
        pytest.param(33.5, "33.5", id="a half"),
        pytest.param(-0.05, "-0.05", id="a negative one"),
        pytest.param(1e15, "1000000000000000", id="no exponent"),
    ],
)
def test_numbers_are_exact_decimals(typed, expected):
    cell = first_cell(one_cell(typed))
    assert isinstance(cell, Decimal)
    assert text(cell) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param("33.5", None, id="text that looks like a number is text"),
        pytest.param("３３", None, id="full-width digits are text"),
        pytest.param(True, None, id="a truth value is no number"),
        pytest.param(33.5, Decimal("33.5"), id="a number is a number"),
    ],
)
def test_only_numbers_are_numbers(typed, expected):
    assert number(first_cell(one_cell(typed))) == expected


def test_errors_of_formulas_are_seen():
    content = raw_workbook(
        '<row r="1"><c r="A1" t="e"><f>B9</f><v>#REF!</v></c><c r="B1"><v>1</v></c></row>'
    )
    assert first_cell(content) == "#REF!"


def test_cells_stand_where_they_stood():
    workbook = openpyxl.Workbook()
    workbook.active["C3"] = "x"
    workbook.active["D9"] = "   "
    workbook.create_sheet("空")
    read = read_workbook(saved(workbook), "a.xlsx")
    assert read.sheets[0].rows[2] == (None, None, "x")
    assert [sheet.name for sheet in read.sheets] == ["Sheet", "空"]
    assert read.sheets[1].rows == ()
    assert read.sheet(["nothing", "SHEET"]) is read.sheets[0]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(" 财政局\u00a0", "财政局", id="spaces around, also the unbreakable"),
        pytest.param("财\u200b政\ufeff局", "财政局", id="zero widths"),
        pytest.param("\u202e局政财", "局政财", id="marks of direction"),
        pytest.param("财\u3000政", "财 政", id="an ideographic space inside stays a space"),
        pytest.param("a\r\nb\x00", "a\nb", id="line ends and controls"),
    ],
)
def test_clean(words, expected):
    assert clean(words) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("../../etc/a.xlsx", "a.xlsx", id="no path"),
        pytest.param("C:\\x\\表.xlsx", "表.xlsx", id="no path of Windows"),
        pytest.param("a\nb\u202e.xlsx", "a b.xlsx", id="one line, one direction"),
        pytest.param("x" * 300, "x" * 80, id="short"),
        pytest.param("", "?", id="never empty"),
    ],
)
def test_shown_name(name, expected):
    assert shown_name(name) == expected


@pytest.mark.parametrize(
    ("index", "letters"),
    [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16383, "XFD")],
)
def test_column_letters(index, letters):
    assert column_letters(index) == letters


def encrypted() -> bytes:
    content = bytearray(raw_workbook(""))
    central = content.rindex(b"PK\x01\x02")
    content[central + 8] |= 1
    return bytes(content)


def doubled_parts() -> bytes:
    file = io.BytesIO(raw_workbook(""))
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("xl/workbook.xml", BOOK)
    return file.getvalue()


def broken_checksum() -> bytes:
    workbook = openpyxl.Workbook()
    for row in range(200):
        workbook.active.append([f"{row}-{row * 7919 % 1000}"])
    content = bytearray(saved(workbook))
    place = content.index(b"xl/worksheets/sheet1.xml") + 200
    content[place : place + 40] = bytes(40)
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        pytest.param(b"", FileEmpty, id="nothing"),
        pytest.param(b"code,name\nU01,x\n", FileRefused, id="a text file under another name"),
        pytest.param(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), FileRefused, id="an old .xls"
        ),
        pytest.param(zipped({"a.txt": "x"}), FileRefused, id="some other archive"),
        pytest.param(
            zipped(
                {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": ""}
            ),
            FileRefused,
            id="an .ods",
        ),
        pytest.param(
            zipped({"[Content_Types].xml": TYPES, "xl/workbook.bin": b"x"}),
            FileRefused,
            id="an .xlsb",
        ),
        pytest.param(
            raw_workbook("", **{"xl/vbaProject.bin": b"x"}), FileRefused, id="one with macros"
        ),
        pytest.param(one_cell("x")[:-100], FileRefused, id="a truncated one"),
        pytest.param(raw_workbook("<row><c"), FileRefused, id="broken XML"),
        pytest.param(
            raw_workbook("", **{"xl/workbook.xml": "<a/>"}), FileRefused, id="no book inside"
        ),
        pytest.param(encrypted(), FileRefused, id="an encrypted entry"),
        pytest.param(bytes(11 * 1024 * 1024), FileTooLarge, id="more than 10 MB"),
        pytest.param(
            raw_workbook("", **{f"x/{entry}": "" for entry in range(2000)}),
            FileTooLarge,
            id="thousands of entries",
        ),
        pytest.param(
            raw_workbook("", **{"xl/media/a.bin": bytes(101 * 1024 * 1024)}),
            FileTooLarge,
            id="a bomb of 101 MB",
        ),
        pytest.param(
            raw_workbook("", **{"xl/media/a.bin": bytes(20 * 1024 * 1024)}),
            FileTooLarge,
            id="a steep bomb of 20 MB",
        ),
        pytest.param(
            raw_workbook(cells("A1", "XFD1048576")),
            FileTooLarge,
            id="one cell in the last corner",
        ),
        pytest.param(
            raw_workbook(cells("A1", "A20001")),
            FileTooLarge,
            id="20,001 rows",
        ),
        pytest.param(
            raw_workbook(cells("A1", "GS2")),
            FileTooLarge,
            id="201 columns",
        ),
    ],
)
def test_hostile_files_are_refused(content, refusal):
    with pytest.raises(FileRefused) as refused:
        read_workbook(content, "名单.xlsx")
    assert type(refused.value) is refusal
    assert refused.value.values == {"file": "名单.xlsx"}


def test_doubled_parts_are_refused():
    with pytest.raises(FileRefused):
        read_workbook(doubled_parts(), "a.xlsx")


def test_a_broken_checksum_is_refused():
    with pytest.raises(FileRefused):
        read_workbook(broken_checksum(), "a.xlsx")


def test_a_lying_dimension_is_ignored():
    content = raw_workbook(
        '<row r="1"><c r="A1"><v>7</v></c></row>', before='<dimension ref="A1:XFD1048576"/>'
    )
    assert read_workbook(content, "a.xlsx").sheets[0].rows == ((Decimal(7),),)


def test_too_many_sheets_are_refused():
    workbook = openpyxl.Workbook()
    for _ in range(30):
        workbook.create_sheet()
    with pytest.raises(FileTooLarge):
        read_workbook(saved(workbook), "a.xlsx")


def test_entities_are_not_expanded():
    head = '<!DOCTYPE a [<!ENTITY e "' + "x" * 50 + '">]>'
    content = raw_workbook('<row r="1"><c r="A1" t="inlineStr"><is><t>&e;</t></is></c></row>', head)
    try:
        sheets = read_workbook(content, "a.xlsx").sheets
    except FileRefused:
        return
    assert "xxx" not in str(sheets)
