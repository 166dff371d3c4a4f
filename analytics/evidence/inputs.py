"""What all evidence of one round is made from: the official result and the ballots behind it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analytics.rules.rule_set import RuleSet
from analytics.shapes import BallotRows, Bools, Floats, Integers, ScoreCounts
from analytics.social_result import SocialResult, Unit
from analytics.tally import Tally


@dataclass(frozen=True, eq=False, slots=True)
class Written:
    """A comment about a unit: numbers of its group and unit, and its words."""

    group: int
    unit: int
    words: str


@dataclass(frozen=True, eq=False, slots=True)
class PopulationTable:
    """How many people there are of each level of each variable, and what ballots say of theirs.

    `answers` has a row per ballot and a column per variable: a level's number, or NOWHERE.
    """

    variables: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    people: tuple[Integers, ...]
    answers: Integers  # (A, V)


@dataclass(frozen=True, eq=False, slots=True)
class LastYear:
    """An earlier round that appraised some of the units, by its counts and rules."""

    name: str
    name_en: str | None
    rules: RuleSet
    counts: ScoreCounts


@dataclass(frozen=True, eq=False, slots=True)
class EvidenceInputs:
    """One round; units and groups stand everywhere in the same order."""

    rules: RuleSet
    units: tuple[Unit, ...]
    tally: Tally
    social: SocialResult
    official: Floats  # (U,) what ranks go by: the total, or the social score; NaN without one
    has_totals: bool  # whether it is the total
    rows: BallotRows
    is_sample: bool  # there are more ballots than the rows hold
    invited: Mapping[str, int]  # by group, where the number is known
    written: tuple[Written, ...]
    place_people: Floats  # of each place of the rows, NaN where nobody says
    population: PopulationTable | None
    last_year: LastYear | None

    @property
    def seed(self) -> int:
        """Return the seed of everything that is drawn: the tally's own, so nobody can choose it."""
        return int(self.tally.digest()[:12], 16)

    @property
    def ranked(self) -> Bools:
        """Return which units take part in ranks (U,)."""
        return np.array([unit.ranked for unit in self.units], bool)
