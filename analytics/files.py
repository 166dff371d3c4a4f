"""Scoring files without a site: the same computation from CSV to a result document."""

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from analytics.document import result_document
from analytics.intervals import social_intervals
from analytics.merge import combine, work_scores
from analytics.readers import (
    Invited,
    RatingRow,
    read_invited,
    read_ratings,
    read_rules,
    read_units,
    read_work,
)
from analytics.rules.rule_set import RuleSet
from analytics.social import score
from analytics.tally import Cell, Tally

__all__ = [
    "FILE_CHANNEL",
    "Invited",
    "RatingRow",
    "read_invited",
    "read_ratings",
    "read_rules",
    "read_units",
    "read_work",
    "score_files",
]

FILE_CHANNEL = "file"
ROWS_PER_REPORT = 1000

Progress = Callable[[int], None]


def score_files(
    rules: RuleSet | Path | str,
    ratings: Path | str,
    units: Path | str,
    work: Path | str | None = None,
    invited: Path | str | None = None,
    on_row: Progress | None = None,
) -> dict[str, Any]:
    """Return the result document of a round that is given as files.

    `on_row` is called with the number of rating rows done, every thousand rows and at the end.
    """
    rule_set = rules if isinstance(rules, RuleSet) else read_rules(Path(rules))
    listed = read_units(Path(units))
    codes = [unit.code for unit in listed]
    asked = None if invited is None else read_invited(Path(invited), codes, rule_set)
    entries = None if work is None else read_work(Path(work), codes, rule_set)
    tally = _tally(read_ratings(Path(ratings), rule_set, codes), on_row)
    social = score(tally, rule_set, listed)
    scored_work = None if entries is None else work_scores(entries, rule_set)
    return result_document(
        rules=rule_set,
        social=social,
        results=combine(social, scored_work, rule_set),
        intervals=social_intervals(tally, rule_set, social),
        invited=asked,
    )


def _tally(rows: Iterable[RatingRow], on_row: Progress | None) -> Tally:
    counts: Counter[tuple[str, str, str]] = Counter()
    done = 0
    for done, row in enumerate(rows, start=1):
        counts[row.group, row.unit, row.pattern] += 1
        if on_row is not None and done % ROWS_PER_REPORT == 0:
            on_row(done)
    if on_row is not None:
        on_row(done)
    return Tally(
        (Cell(group, FILE_CHANNEL, unit, pattern), count)
        for (group, unit, pattern), count in counts.items()
    )
