"""What the files of a round hold: ratings, units, work scores and who was invited."""

import re
from array import array
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np

from analytics.faults import N_, FileFault
from analytics.merge_result import WorkEntry
from analytics.row_faults import MOST_SIGNS, empty_cell, no_people, seen_before, shown, unknown_code
from analytics.rules.rule_reader import parse_rules
from analytics.rules.rule_set import RuleSet
from analytics.social_result import Unit
from analytics.tables import FaultList, read_table, read_text
from analytics.tally import BLANK

KEYS: Final = ("ballot", "group", "unit")
_TRUTH: Final = {
    **dict.fromkeys(("1", "yes", "true", "是"), True),
    **dict.fromkeys(("0", "no", "false", "否"), False),
}
_NUMBER: Final = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)
_COUNT: Final = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class RatingRow:
    """One row of ratings: what one ballot gave one unit."""

    ballot: str
    group: str
    unit: str
    pattern: str
    row: int


@dataclass(frozen=True, slots=True)
class Invited:
    """How many were invited, by group and unit; a unit of None stands for every unit."""

    counts: dict[tuple[str, str | None], int]

    def of(self, group: str, unit: str) -> int | None:
        """Return the number invited to rate a unit, None where the file does not say."""
        return self.counts.get((group, unit), self.counts.get((group, None)))


def read_rules(path: Path) -> RuleSet:
    """Return the rule set of a JSON file."""
    return parse_rules(read_text(path))


def read_ratings(path: Path, rules: RuleSet, unit_codes: Collection[str]) -> Iterator[RatingRow]:
    """Yield the rows of a ratings file one by one; the file never sits in memory.

    Faulty rows are left out and raised together after the last row (or as soon as there are 50),
    so a reader may keep rows only when the iteration has ended. A ballot is known by its group
    and its name, and rates a unit once.
    """
    faults = FaultList()
    groups = frozenset(group.code for group in rules.groups)
    units = frozenset(unit_codes)
    options = frozenset(option.code for option in rules.options)
    made: dict[tuple[str, ...], str] = {}
    keys = array("q")
    for row, (ballot, group, unit, *codes) in read_table(path, faults, _columns(rules)):
        answers = tuple(codes)
        if answers not in made and options.issuperset(code for code in answers if code):
            made[answers] = "".join(code or BLANK for code in answers)
        if 0 < len(ballot) <= MOST_SIGNS and group in groups and unit in units and answers in made:
            keys.append(hash((group, ballot, unit)))
            yield RatingRow(ballot, group, unit, made[answers], row)
        else:
            known = {"group": groups, "unit": units}
            faults.add(_rating_fault(path, row, (ballot, group, unit), answers, rules, known))
    _check_once(path, rules, keys, faults)
    faults.check()


def read_units(path: Path) -> tuple[Unit, ...]:
    """Return the units of a file, in its order."""
    faults = FaultList()
    units: dict[str, Unit] = {}
    for row, cells in read_table(path, faults, ("code", "name", "class", "ranked")):
        code, name, unit_class, ranked = cells
        fault = (
            empty_cell(path, row, {"code": code, "name": name, "class": unit_class})
            or _not_truth(path, row, "ranked", ranked)
            or seen_before(path, row, "code", code, units)
        )
        if fault:
            faults.add(fault)
        else:
            units[code] = Unit(code, name, unit_class, _TRUTH[ranked.lower()])
    faults.check()
    return tuple(units.values())


def read_work(path: Path, unit_codes: Collection[str], rules: RuleSet) -> tuple[WorkEntry, ...]:
    """Return the work scores of a file; a rule set that names aspects needs that column."""
    faults = FaultList()
    entries: dict[tuple[str, str], WorkEntry] = {}
    columns = ("unit", "indicator", "full_marks", "score", "applies")
    aspect = ("aspect",)
    needed, optional = (columns, aspect) if rules.work_aspects is None else (columns + aspect, ())
    for row, cells in read_table(path, faults, needed, optional):
        unit, indicator, full_marks, score, applies, of_aspect = cells
        fault = (
            empty_cell(path, row, {"unit": unit, "indicator": indicator})
            or unknown_code(path, row, "unit", unit, unit_codes)
            or _not_truth(path, row, "applies", applies)
            or _work_fault(path, row, full_marks, score, applies=applies)
            or seen_before(path, row, "indicator", (unit, indicator), entries)
        )
        if fault:
            faults.add(fault)
        else:
            entries[unit, indicator] = WorkEntry(
                unit=unit,
                indicator=indicator,
                full_marks=Decimal(full_marks),
                score=Decimal(score) if score else None,
                applies=_TRUTH[applies.lower()],
                aspect=of_aspect,
            )
    faults.check()
    return tuple(entries.values())


def read_invited(path: Path, unit_codes: Collection[str], rules: RuleSet) -> Invited:
    """Return how many were invited; a row without a unit holds for every unit."""
    faults = FaultList()
    counts: dict[tuple[str, str | None], int] = {}
    groups = [group.code for group in rules.groups]
    for row, (group, unit, invited) in read_table(path, faults, ("group", "unit", "invited")):
        fault = (
            unknown_code(path, row, "group", group, groups)
            or (unknown_code(path, row, "unit", unit, unit_codes) if unit else None)
            or (None if _COUNT.fullmatch(invited) else no_people(path, row, "invited", invited))
            or seen_before(path, row, "unit", (group, unit or None), counts)
        )
        if fault:
            faults.add(fault)
        else:
            counts[group, unit or None] = int(invited)
    faults.check()
    return Invited(counts)


def _columns(rules: RuleSet) -> tuple[str, ...]:
    return (*KEYS, *(item.code for item in rules.items))


def _rating_fault(
    path: Path,
    row: int,
    keys: tuple[str, str, str],
    answers: tuple[str, ...],
    rules: RuleSet,
    known: Mapping[str, Collection[str]],
) -> FileFault:
    """Return what is wrong with a row of ratings that was not taken."""
    ballot, group, unit = keys
    options = [option.code for option in rules.options]
    for item, code in zip(rules.items, answers, strict=True):
        if code and code not in options:
            message = N_("the option “%(code)s” is not known; there are %(options)s")
            return FileFault(
                message, path.name, row, item.code, code=shown(code), options=" ".join(options)
            )
    return (
        empty_cell(path, row, {"ballot": ballot, "group": group, "unit": unit})
        or unknown_code(path, row, "group", group, known["group"])
        or unknown_code(path, row, "unit", unit, known["unit"])
        or FileFault(
            N_("at most %(most)d characters are allowed"), path.name, row, "ballot", most=MOST_SIGNS
        )
    )


def _check_once(path: Path, rules: RuleSet, keys: "array[int]", faults: FaultList) -> None:
    """Find ballots that rate a unit twice: by hash first, and only then by a second reading."""
    distinct, counts = np.unique(np.array(keys, np.int64), return_counts=True)
    suspects = frozenset(distinct[counts > 1].tolist())
    if not suspects:
        return
    first: dict[tuple[str, str, str], int] = {}
    for row, (ballot, group, unit, *_) in read_table(path, FaultList(), _columns(rules)):
        key = (group, ballot, unit)
        if hash(key) not in suspects:
            continue
        if key in first:
            message = N_("ballot “%(ballot)s” rates this unit already in row %(first)d")
            faults.add(FileFault(message, path.name, row, "unit", ballot=ballot, first=first[key]))
        first.setdefault(key, row)


def _not_truth(path: Path, row: int, column: str, cell: str) -> FileFault | None:
    if cell.lower() in _TRUTH:
        return None
    message = N_("“%(value)s” is neither yes nor no (1/0, yes/no, 是/否)")
    return FileFault(message, path.name, row, column, value=shown(cell))


def _work_fault(
    path: Path, row: int, full_marks: str, score: str, *, applies: str
) -> FileFault | None:
    for column, cell in (("full_marks", full_marks), ("score", score)):
        blank_allowed = column == "score" and not _TRUTH[applies.lower()]
        if not _NUMBER.fullmatch(cell) and (cell or not blank_allowed):
            message = N_("“%(value)s” is not a number of points")
            return FileFault(message, path.name, row, column, value=shown(cell))
    if Decimal(full_marks) == 0:
        return FileFault(N_("full marks must be above 0"), path.name, row, "full_marks")
    if score and Decimal(score) > Decimal(full_marks):
        message = N_("%(score)s is more than the full marks of %(full)s")
        return FileFault(message, path.name, row, "score", score=score, full=full_marks)
    return None
