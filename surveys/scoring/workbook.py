"""The official workbook: table, groups, items, rules and the proof of what they were made from."""

import io

from surveys.scoring.run import RunView
from surveys.scoring.sheets import groups, items, official, proof, rules
from surveys.scoring.sheets.paper import open_paper

SHEETS = (official, groups, items, rules, proof)


def build_workbook(run: RunView) -> bytes:
    """Return a run as XLSX in the page's language."""
    stream = io.BytesIO()
    paper = open_paper(stream, run)
    for sheet in SHEETS:
        sheet.write_sheet(paper, run)
    paper.book.close()
    return stream.getvalue()
