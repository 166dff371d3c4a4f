"""The last sheet: what the results were made from, so that anybody can check them."""

from typing import Any

from flask_babel import gettext as _

from surveys.questionnaire import Validity
from surveys.scoring.run import Proof, RunView
from surveys.scoring.sheets.paper import Cell, Paper, add_sheet, heading, put
from surveys.web import moment, named
from surveys.wording import words


def write_sheet(paper: Paper, run: RunView) -> None:
    """Write the digests, the ballots by what became of them, and the groups."""
    title = _("%(round)s: proof", round=heading(run))
    sheet = add_sheet(paper, run, _("Proof"), title, 0)
    sheet.fit_to_pages(1, 1)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 4, 18)
    row = _pairs(paper, sheet, 4, _("This run"), _origin(run))
    row = _pairs(paper, sheet, row, _("Stored ballots"), _ballots(run))
    row = _groups(paper, sheet, row, run)
    notes = (
        _(
            "Digests are SHA-256. The tally's is taken over one line per group, channel, unit, "
            "pattern, flag and count, sorted; the rule set's over its JSON with sorted keys and "
            "without spaces."
        ),
        _("With the same tally and the same rules the same program gives the same figures."),
    )
    for line in notes:
        sheet.write_string(row, 0, line, paper.note)
        row += 1


def _pairs(
    paper: Paper, sheet: Any, row: int, words_of_band: str, pairs: list[tuple[str, Cell]]
) -> int:
    for column in range(5):
        put(sheet, row, column, words_of_band if column == 0 else None, paper.band)
    for place, (name, value) in enumerate(pairs, start=row + 1):
        put(sheet, place, 0, name, paper.text)
        style = paper.code if isinstance(value, str) else paper.count
        put(sheet, place, 1, value, style)
    return row + len(pairs) + 2


def _origin(run: RunView) -> list[tuple[str, Cell]]:
    source = run.summary.work
    return [
        (_("Round"), f"{named(run.summary, 'round_name')} ({run.summary.round_code})"),
        (_("Scoring run"), str(run.number)),
        (_("Computed at"), moment(run.created_at)),
        (_("Computed by"), run.actor),
        (_("Tally (SHA-256)"), run.tally_sha256),
        (_("Rule set (SHA-256)"), run.rules_sha256),
        (_("Work scores (SHA-256)"), run.work_sha256 or _("none")),
        (_("Workbook of the work scores"), source.file_name if source else _("none")),
        (_("Frozen plan of the round (SHA-256)"), run.summary.frozen_sha256 or _("none")),
        (_("Notice to respondents (SHA-256)"), run.notice_sha256 or _("none")),
        (_("Program"), run.code_version),
        (
            _("Tally recounted from the ballots"),
            _recounted(run),
        ),
    ]


def _recounted(run: RunView) -> str:
    said = {
        Proof.AGREED: _("yes, they agree"),
        Proof.DISAGREED: _("yes, they disagree"),
        Proof.NOT_YET: _("not yet compared"),
    }
    return str(said[run.proof])


def _ballots(run: RunView) -> list[tuple[str, Cell]]:
    pairs: list[tuple[str, Cell]] = [
        (words(Validity(line.validity)), line.count) for line in run.summary.ballots
    ]
    entered = (_("Entered the count (counted and flagged)"), run.summary.counted)
    return [*pairs, entered, (_("Ratings of units on them"), run.summary.ratings)]


def _groups(paper: Paper, sheet: Any, row: int, run: RunView) -> int:
    heads = (_("Group"), _("Invited"), _("Counted ballots"), _("Return share"), _("Remarks"))
    for column, head in enumerate(heads):
        put(sheet, row, column, head, paper.band)
    for place, group in enumerate(run.summary.groups, start=row + 1):
        remark = _("group without valid ballots") if group.is_suspended else ""
        if group.is_small:
            remark = _("whole group below its floor")
        put(sheet, place, 0, named(group), paper.text)
        put(sheet, place, 1, group.invited, paper.count)
        put(sheet, place, 2, group.ballots, paper.count)
        share = group.return_share
        put(sheet, place, 3, None if share is None else round(share, 6), paper.share)
        put(sheet, place, 4, remark, paper.text)
    return row + len(run.summary.groups) + 2
