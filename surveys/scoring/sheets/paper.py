"""What the sheets of the official workbook share: formats, page set-up, headers and footers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from flask_babel import gettext as _

from surveys.scoring.run import RunView
from surveys.web import moment, named

FONT = "Microsoft YaHei"
INK = "#1C2330"
MUTED = "#5C6675"
ACCENT = "#1A5FB4"
SOFT = "#E8EEF7"
GROUND = "#F4F6F9"
LINE = "#C9D0DB"
WARN = "#8A5D00"
A4 = 9
ROW_POINTS = 18
WIDE_FROM = 0x2E7F
INCHES_25_MM, INCHES_20_MM = 0.98, 0.79

Cell = str | int | Decimal | None


@dataclass(frozen=True)
class Paper:
    """An open workbook with its formats."""

    book: Any
    decimals: int  # that are printed
    title: Any
    note: Any
    mark: Any
    head: Any
    band: Any
    band_exact: Any
    weight: Any
    text: Any
    centre: Any
    count: Any
    points: Any
    bold_points: Any
    signed: Any
    exact: Any
    share: Any
    code: Any


def open_paper(stream: IO[bytes], run: RunView) -> Paper:
    """Return a new workbook with its formats and properties."""
    book = xlsxwriter.Workbook(
        stream,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
    )
    # The moment of the run, not of the download: the same run gives the same file.
    created = run.created_at.replace(tzinfo=None)
    book.set_properties({"title": heading(run), "author": run.summary.office, "created": created})
    book.set_calc_mode("auto")
    plain = {"font_name": FONT, "font_size": 10, "font_color": INK, "valign": "vcenter"}
    cell = {**plain, "bottom": 1, "bottom_color": LINE}
    figure = {**cell, "align": "right"}
    band = {**plain, "indent": 1, "bold": True, "bg_color": SOFT, "font_color": ACCENT}
    two = "0." + "0" * run.rules.rounding if run.rules.rounding else "0"
    return Paper(
        book,
        run.rules.rounding,
        title=book.add_format({**plain, "font_size": 16, "bold": True}),
        note=book.add_format({**plain, "font_size": 9, "font_color": MUTED}),
        mark=book.add_format({**plain, "bold": True, "font_color": WARN}),
        head=book.add_format(
            {
                **plain,
                "bold": True,
                "font_color": "#FFFFFF",
                "bg_color": ACCENT,
                "align": "center",
                "text_wrap": True,
            }
        ),
        band=book.add_format(band),
        band_exact=book.add_format({**figure, **band, "indent": 0, "num_format": "0.0000"}),
        weight=book.add_format(figure),
        text=book.add_format({**cell, "indent": 1}),
        centre=book.add_format({**cell, "align": "center"}),
        count=book.add_format({**figure, "num_format": "#,##0"}),
        points=book.add_format({**figure, "num_format": two}),
        bold_points=book.add_format({**figure, "bold": True, "num_format": two}),
        signed=book.add_format({**figure, "num_format": f"+{two};-{two};{two}"}),
        exact=book.add_format({**figure, "num_format": "0.0000"}),
        share=book.add_format({**figure, "num_format": "0.0%"}),
        code=book.add_format({**plain, "font_name": "Consolas", "font_size": 9}),
    )


def heading(run: RunView) -> str:
    """Return the round's name as every sheet carries it."""
    return named(run.summary, "round_name")


def add_sheet(paper: Paper, run: RunView, name: str, title: str, head_row: int) -> Any:
    """Return a new A4 landscape sheet with title, mark, repeated head row, header and footer."""
    sheet = paper.book.add_worksheet(name)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_margins(INCHES_20_MM, INCHES_20_MM, INCHES_25_MM, INCHES_20_MM)
    sheet.fit_to_pages(1, 0)
    sheet.hide_gridlines(2)
    sheet.set_default_row(ROW_POINTS)
    mark = _("[Demonstration data] ") if run.summary.is_demonstration else ""
    # The space ends the code of the size: a text that begins with a digit would lengthen it.
    sheet.set_header(f"&L&9 {_escaped(mark + heading(run))}&R&9 {_escaped(name)}")
    page = _("Page %(page)s of %(pages)s", page="&P", pages="&N")
    stamp = _escaped(f"{moment(run.created_at)} · {run.tally_sha256[:8]}")
    sheet.set_footer(f"&L&9 {stamp}&R&9 {page}")
    sheet.write_string(0, 0, title, paper.title)
    sheet.set_row(0, 28)
    sheet.write_string(1, 0, mark.strip(), paper.mark)
    sheet.write_string(2, 0, stamp_line(run), paper.note)
    if head_row:
        sheet.repeat_rows(head_row)
    return sheet


def stamp_line(run: RunView) -> str:
    """Return which run this is, and from what it was made."""
    line: str = _(
        "%(office)s · scoring run %(number)s of %(moment)s · tally %(tally)s · rules %(rules)s",
        office=named(run.summary, "office"),
        number=run.number,
        moment=moment(run.created_at),
        tally=run.tally_sha256[:8],
        rules=run.rules_sha256[:8],
    )
    return line


def write_head(
    paper: Paper, sheet: Any, row: int, columns: Sequence[tuple[str, int]], height: int = 44
) -> None:
    """Write a row of headings and set the widths of their columns."""
    for column, (words, width) in enumerate(columns):
        sheet.write_string(row, column, words, paper.head)
        sheet.set_column(column, column, width)
    sheet.set_row(row, height)
    sheet.freeze_panes(row + 1, 0)


def fitting(texts: Iterable[str], least: int, most: int = 60) -> int:
    """Return the width of a column that shows its texts whole; a Chinese sign is two wide."""
    widest = max((sum(1 + (ord(sign) > WIDE_FROM) for sign in text) for text in texts), default=0)
    return max(least, min(most, widest + 3))


def put(sheet: Any, row: int, column: int, value: Cell, style: Any) -> None:
    """Write a cell: text always as text, numbers as numbers, nothing as an empty cell."""
    if value is None:
        sheet.write_blank(row, column, None, style)
    elif isinstance(value, str):
        sheet.write_string(row, column, value, style)
    else:
        sheet.write_number(row, column, value, style)


def _escaped(words: str) -> str:
    """Return words for a page header, where a single `&` begins a code."""
    return words.replace("&", "&&")
