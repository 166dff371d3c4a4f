"""The third sheet: how often each option was chosen, unit by group by item."""

from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from analytics.rules import RuleSet
from surveys.scoring.run import RunView, UnitFigures
from surveys.scoring.sheets.groups import group_name
from surveys.scoring.sheets.paper import Paper, add_sheet, fitting, heading, put, write_head
from surveys.web import named

HEAD_ROW = 3


def write_sheet(paper: Paper, run: RunView) -> None:
    """Write a row per unit, group and item with any ballot."""
    title = _("%(round)s: items", round=heading(run))
    sheet = add_sheet(paper, run, _("By item"), title, HEAD_ROW)
    columns = [
        (_("Unit code"), 9),
        (_("Unit"), fitting((named(unit) for unit in run.units), 20)),
        (_("Group"), fitting((named(group) for group in run.summary.groups), 14)),
        (_("Item"), fitting((named(item, "words") for item in run.rules.items), 14)),
        *((named(option, "words"), 12) for option in run.rules.options),
        (_("Not answered"), 9),
        (_("Scored answers"), 9),
        (_("Mean points"), 10),
    ]
    write_head(paper, sheet, HEAD_ROW, columns)
    row = HEAD_ROW + 1
    for unit in run.units:
        row = _unit(paper, sheet, row, run, unit)
    sheet.freeze_panes(HEAD_ROW + 1, 4)
    if row > HEAD_ROW + 1:
        sheet.autofilter(HEAD_ROW, 0, row - 1, len(columns) - 1)


def _unit(paper: Paper, sheet: Any, row: int, run: RunView, unit: UnitFigures) -> int:
    for group in unit.groups:
        words = group_name(run, run.rules, group.group)
        for item, counts in zip(run.rules.items, group.option_counts, strict=False):
            put(sheet, row, 0, unit.code, paper.centre)
            put(sheet, row, 1, named(unit), paper.text)
            put(sheet, row, 2, words, paper.text)
            put(sheet, row, 3, named(item, "words"), paper.text)
            for column, count in enumerate(counts, start=4):
                put(sheet, row, column, count, paper.count)
            scored, mean = item_mean(run.rules, counts)
            put(sheet, row, 4 + len(counts), scored, paper.count)
            put(sheet, row, 5 + len(counts), mean, paper.points)
            row += 1
    return row


def item_mean(rules: RuleSet, counts: tuple[int, ...]) -> tuple[int, Decimal | None]:
    """Return the number of scored answers to an item and their mean points."""
    scored, points = 0, Decimal(0)
    for option, count in zip(rules.options, counts, strict=False):
        if option.points is not None:
            scored += count
            points += option.points * count
    return scored, points / scored if scored else None
