"""The official table: its columns, and the table as plain text for other programs."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from flask_babel import gettext as _

from surveys.long_tables import guarded_text
from surveys.scoring.derivation import shown
from surveys.scoring.run import RunView, UnitFigures
from surveys.scoring.words import grade_words, remarks
from surveys.web import named

Value = str | int | Decimal | None


class Kind(StrEnum):
    """How a column is written."""

    TEXT = "text"
    COUNT = "count"
    POINTS = "points"


@dataclass(frozen=True)
class Column:
    """One column of the official table; `key` tells it from others in any language."""

    key: str
    heading: str
    kind: Kind
    width: int
    value: Callable[[UnitFigures], Value]


def official_columns(run: RunView) -> tuple[Column, ...]:
    """Return the columns of the official table in the page's language."""
    full, work_full = shown(run.rules.full_marks), shown(run.rules.work_full_marks)
    text, count, points = Kind.TEXT, Kind.COUNT, Kind.POINTS
    return (
        Column("rank", _("Rank"), count, 6, lambda unit: unit.rank),
        Column("code", _("Unit code"), text, 9, lambda unit: unit.code),
        Column("name", _("Unit"), text, 20, named),
        Column(
            "work",
            _("Work score (%(full)s)", full=work_full),
            points,
            10,
            lambda unit: unit.printed.work,
        ),
        Column(
            "social",
            _("Social score (%(full)s)", full=full),
            points,
            10,
            lambda unit: unit.printed.social,
        ),
        Column("adjustment", _("Adjustment"), points, 11, lambda unit: unit.printed.adjustment),
        Column("total", _("Total score"), points, 9, lambda unit: unit.printed.total),
        Column("grade", _("Grade"), text, 10, lambda unit: grade_words(run.rules, unit.grade)),
        Column("direct", _("Direct score"), points, 10, lambda unit: unit.printed.direct),
        Column("low", _("Interval from"), points, 8, lambda unit: _end(unit, "low")),
        Column("high", _("Interval to"), points, 8, lambda unit: _end(unit, "high")),
        Column("valid", _("Valid ballots"), count, 8, lambda unit: unit.valid),
        Column(
            "without",
            _("Social score without flagged"),
            points,
            11,
            lambda unit: unit.without_flagged.social,
        ),
        Column("flags", _("Remarks"), text, 26, lambda unit: remarks(unit, run.summary.groups)),
    )


def build_csv(run: RunView) -> bytes:
    """Return the official table as CSV: with the mark that Excel needs, text never a formula."""
    columns = official_columns(run)
    classes = {facts.code: named(facts) for facts in run.summary.classes}
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    headings = [_("Class"), _("Takes part in ranking"), *(column.heading for column in columns)]
    mark = [_("Demonstration data")] if run.summary.is_demonstration else []
    writer.writerow([*headings, *([_("Kind of data")] if mark else [])])
    for unit in run.units:
        cells = [classes[unit.unit_class], _("yes") if unit.is_ranked else _("no")]
        values = [column.value(unit) for column in columns]
        writer.writerow([guarded(value) for value in (*cells, *values, *mark)])
    return b"\xef\xbb\xbf" + stream.getvalue().encode()


def guarded(value: Value) -> str:
    """Return a cell of plain text; text that a spreadsheet might compute gets a quote in front."""
    if value is None:
        return ""
    if isinstance(value, str):
        return guarded_text(value)
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _end(unit: UnitFigures, name: str) -> Decimal | None:
    """Return an end of the interval as it is printed."""
    found: Decimal | None = getattr(unit.interval, name, None)
    return None if found is None else found.quantize(Decimal("0.01"))
