"""From the sheets of a workbook to the scores it holds, or every problem with its cell."""

from analytics.faults import N_
from surveys.assessing import adjustments_sheet, layout, scores_sheet
from surveys.assessing.cells import Cell, Problems, is_blank
from surveys.assessing.scores import WorkPlan, WorkScores
from surveys.refusals import FileProblem, FileProblems
from surveys.spreadsheet import Sheet, Workbook

MOST_PROBLEMS = 200


def read_work(workbook: Workbook, plan: WorkPlan) -> WorkScores:
    """Return the scores of a workbook, or refuse with all of its problems."""
    problems: Problems = []
    work, adjustments = _sheets(workbook, problems)
    units = scores_sheet.read(work, plan, problems) if work else ()
    lines = adjustments_sheet.read(adjustments, plan, problems) if adjustments else ()
    if problems:
        raise FileProblems(_in_order(problems, workbook)[:MOST_PROBLEMS])
    return WorkScores(units, lines)


def _sheets(workbook: Workbook, problems: Problems) -> tuple[Sheet | None, Sheet | None]:
    """Return the two sheets that are read; a sheet that nobody would read is a problem."""
    found: dict[layout.Heading, Sheet] = {}
    known = (layout.WORK, layout.ADJUSTMENTS, layout.NOTES)
    for sheet in workbook.sheets:
        heading = next((heading for heading in known if heading.fits(sheet.name)), None)
        if heading is not None:
            found[heading] = sheet
        elif any(not is_blank(row) for row in sheet.rows):
            Cell(sheet.name).problem(
                problems, N_("This sheet is not known. Move its figures or delete the sheet.")
            )
    names = "、".join(sheet.name for sheet in workbook.sheets)
    for heading in (layout.WORK, layout.ADJUSTMENTS):
        if heading not in found:
            Cell(heading.chinese).problem(
                problems, N_("This sheet is missing; the file has: %(sheets)s."), sheets=names
            )
    return found.get(layout.WORK), found.get(layout.ADJUSTMENTS)


def _in_order(problems: Problems, workbook: Workbook) -> tuple[FileProblem, ...]:
    """Return problems as one walks through the file; what concerns a whole sheet comes last."""
    places = {sheet.name: place for place, sheet in enumerate(workbook.sheets)}
    beyond = len(workbook.sheets)

    def place_of(problem: FileProblem) -> tuple[int, bool, int]:
        return places.get(problem.sheet, beyond), problem.row is None, problem.row or 0

    return tuple(sorted(problems, key=place_of))
