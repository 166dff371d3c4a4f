"""A round as an analyst has it, in files: read once into everything that statistics take."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analytics.ballot_tables import BallotFacts, CommentRow, read_ballots, read_comments
from analytics.files import FILE_CHANNEL, ROWS_PER_REPORT
from analytics.readers import Invited, RatingRow, read_invited, read_ratings, read_units
from analytics.rules.rule_set import RuleSet
from analytics.shapes import NOWHERE, BallotRows
from analytics.shaping import option_points
from analytics.social import score
from analytics.social_result import SocialResult, Unit
from analytics.tally import BLANK, OPEN_CHANNEL, Cell, Tally

Progress = Callable[[int], None]
_NO_FACTS = BallotFacts(None, None, None, None)


@dataclass(frozen=True, eq=False, slots=True)
class StudyFiles:
    """The files of a study; those that are None are not there."""

    ratings: Path
    units: Path
    invited: Path | None = None
    ballots: Path | None = None
    comments: Path | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Study:
    """One round: its rules and units, the official result, and its ballots one by one."""

    rules: RuleSet
    units: tuple[Unit, ...]
    tally: Tally
    result: SocialResult
    rows: BallotRows
    invited: Invited | None
    names: frozenset[tuple[str, str]]  # group and name of every ballot, those left out among them


def read_study(rules: RuleSet, files: StudyFiles, on_row: Progress | None = None) -> Study:
    """Return the study of a round in files; every fault of a file is raised with its place."""
    units = read_units(files.units)
    codes = [unit.code for unit in units]
    invited = None if files.invited is None else read_invited(files.invited, codes, rules)
    gathered = _Gathered(rules, units)
    for done, row in enumerate(read_ratings(files.ratings, rules, codes), start=1):
        gathered.add(row)
        if on_row is not None and done % ROWS_PER_REPORT == 0:
            on_row(done)
    facts = {} if files.ballots is None else read_ballots(files.ballots, gathered.names)
    comments = (
        () if files.comments is None else read_comments(files.comments, codes, gathered.names)
    )
    tally = gathered.tally(facts)
    return Study(
        rules=rules,
        units=units,
        tally=tally,
        result=score(tally, rules, units),
        rows=gathered.rows(facts, comments),
        invited=invited,
        names=frozenset(gathered.names),
    )


class _Gathered:
    """Ratings as they are read: ballots and patterns get numbers, rows become columns."""

    def __init__(self, rules: RuleSet, units: Sequence[Unit]) -> None:
        self._rules = rules
        self._units = tuple(unit.code for unit in units)
        self._groups = tuple(group.code for group in rules.groups)
        self._unit_of = {code: number for number, code in enumerate(self._units)}
        self._group_of = {code: number for number, code in enumerate(self._groups)}
        self.names: dict[tuple[str, str], int] = {}  # group and name of a ballot
        self._patterns: dict[str, int] = {}
        self._ballot: list[int] = []
        self._unit: list[int] = []
        self._pattern: list[int] = []

    def add(self, row: RatingRow) -> None:
        """Take one row."""
        self._ballot.append(self.names.setdefault((row.group, row.ballot), len(self.names)))
        self._unit.append(self._unit_of[row.unit])
        self._pattern.append(self._patterns.setdefault(row.pattern, len(self._patterns)))

    def tally(self, facts: Mapping[int, BallotFacts]) -> Tally:
        """Return the tally of the rows, by channel where the ballots' file tells it."""
        heads = [
            (group, facts.get(number, _NO_FACTS).channel or FILE_CHANNEL)
            for number, (group, _) in enumerate(self.names)
        ]
        patterns = [*self._patterns]
        rows = zip(self._ballot, self._unit, self._pattern, strict=True)
        counts = Counter((*heads[ballot], unit, pattern) for ballot, unit, pattern in rows)
        return Tally(
            (Cell(group, channel, self._units[unit], patterns[pattern]), count)
            for (group, channel, unit, pattern), count in counts.items()
        )

    def rows(self, facts: Mapping[int, BallotFacts], comments: Sequence[CommentRow]) -> BallotRows:
        """Return the ballots that count as arrays, in the order in which they first appear."""
        order = np.argsort(np.array(self._ballot, np.int64), kind="stable")
        known = [facts.get(number, _NO_FACTS) for number in range(len(self.names))]
        places = {one.place: 0 for one in known if one.place is not None}
        place_of = {place: number for number, place in enumerate(sorted(places))}
        made = BallotRows(
            ballots=tuple(name for _, name in self.names),
            units=self._units,
            groups=self._groups,
            places=tuple(sorted(places)),
            group=np.array([self._group_of[group] for group, _ in self.names], np.int64),
            place=np.array(
                [NOWHERE if one.place is None else place_of[one.place] for one in known], np.int64
            ),
            seconds=_floats([one.seconds for one in known]),
            day=_floats([one.day for one in known]),
            ballot=np.array(self._ballot, np.int64)[order],
            unit=np.array(self._unit, np.int64)[order],
            levels=self._levels()[np.array(self._pattern, np.int64)[order]],
            points=option_points(self._rules),
            weights=np.array([float(item.weight) for item in self._rules.items]),
            min_items_scored=self._rules.min_items_scored,
            comments=tuple((one.ballot, self._unit_of[one.unit], one.words) for one in comments),
        )
        closed = {group.code for group in self._rules.groups if not group.open_channel}
        counts = [
            not (group in closed and one.channel == OPEN_CHANNEL)
            for (group, _), one in zip(self.names, known, strict=True)
        ]
        return made if all(counts) else made.chosen(np.array(counts, bool))

    def _levels(self) -> "np.ndarray[tuple[int, ...], np.dtype[np.int8]]":
        number = {one.code: place for place, one in enumerate(self._rules.options)}
        number[BLANK] = NOWHERE
        levels = [[number[code] for code in pattern] for pattern in self._patterns]
        return np.array(levels, np.int8).reshape(len(levels), len(self._rules.items))


def _floats(values: Sequence[float | None]) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    return np.array([np.nan if value is None else value for value in values], np.float64)
