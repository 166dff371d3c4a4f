"""A scoring run as pages and files see it: every figure from counts to points, never changed."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from analytics.rules import RuleSet


@dataclass(frozen=True)
class GroupFacts:
    """One group in the whole round."""

    code: str
    name: str
    name_en: str | None
    invited: int | None
    ballots: int  # that entered the count, flagged ones among them
    is_suspended: bool  # not a single valid ballot: it left every unit's weights
    is_small: bool  # no unit reached the floor: not padded

    @property
    def return_share(self) -> Decimal | None:
        """Return ballots per invited person, None where nobody knows how many were invited."""
        return Decimal(self.ballots) / self.invited if self.invited else None


@dataclass(frozen=True)
class ClassGroupFacts:
    """One group in one class: what padding and standard scores refer to."""

    group: str
    weight: Decimal
    units: int
    mu: Decimal | None
    mean: Decimal | None
    deviation: Decimal | None


@dataclass(frozen=True)
class ClassFacts:
    """One class of units."""

    code: str
    name: str
    name_en: str | None
    units: int  # that take part
    best: Decimal | None  # the highest composite
    method: str  # of conversion, as used
    groups: tuple[ClassGroupFacts, ...]

    def group(self, code: str) -> ClassGroupFacts | None:
        """Return the facts of one group; None where it has no weight or no ballots here."""
        return next((group for group in self.groups if group.group == code), None)


@dataclass(frozen=True)
class ValidityCount:
    """How many stored ballots were decided in this way."""

    validity: str
    count: int


@dataclass(frozen=True)
class WorkSource:
    """The import that the 70 points came from."""

    file_name: str
    sha256: str
    imported_at: str
    actor: str


@dataclass(frozen=True)
class RunSummary:
    """What a run says of the round as a whole."""

    round_code: str
    round_name: str
    round_name_en: str | None
    office: str
    office_en: str | None
    is_demonstration: bool
    frozen_sha256: str | None
    ballots: tuple[ValidityCount, ...]
    ratings: int  # units rated on counted ballots
    is_recounted: bool  # when the run was made, a recount had agreed with its tally
    groups: tuple[GroupFacts, ...]
    classes: tuple[ClassFacts, ...]
    work: WorkSource | None

    def count(self, validity: str) -> int:
        """Return how many ballots have a validity."""
        return next((line.count for line in self.ballots if line.validity == validity), 0)

    @property
    def counted(self) -> int:
        """Return how many ballots entered the count, flagged ones among them."""
        return self.count("counted") + self.count("flagged")

    def group(self, code: str) -> GroupFacts | None:
        """Return a group that took part in the round."""
        return next((group for group in self.groups if group.code == code), None)


@dataclass(frozen=True)
class GroupFigures:
    """One group's view of one unit."""

    group: str
    returned: int
    valid: int
    flagged: int  # of the returned
    weight: Decimal
    weight_share: Decimal | None
    mean: Decimal | None
    padded: Decimal | None
    standardised: Decimal | None
    mu: Decimal | None
    own_share: Decimal | None
    trimmed: int
    left_out: int
    # Ballot score as an exact fraction ("245/3"), and how many ballots have it.
    scores: tuple[tuple[str, int], ...]
    # A row per item, a column per option, then "not answered".
    option_counts: tuple[tuple[int, ...], ...]
    flags: tuple[str, ...]

    @property
    def abstained(self) -> int:
        """Return how many returned ballots rated too few items of the unit."""
        return self.returned - self.valid

    @property
    def contribution(self) -> Decimal | None:
        """Return what the group adds to the composite."""
        if not self.weight_share or self.padded is None:
            return None
        return self.weight_share * self.padded


@dataclass(frozen=True)
class IntervalFigures:
    """How far the direct score could be off; rounded to 6 decimals."""

    se: Decimal
    low: Decimal | None
    high: Decimal | None
    df: Decimal | None


@dataclass(frozen=True)
class Printed:
    """The figures as they are printed."""

    direct: Decimal | None
    social: Decimal | None
    work: Decimal | None
    adjustment: Decimal
    total: Decimal | None


@dataclass(frozen=True)
class Without:
    """The same computation without flagged ballots."""

    composite: Decimal | None
    social: Decimal | None
    total: Decimal | None
    rank: int | None
    grade: str | None


@dataclass(frozen=True)
class IndicatorScore:
    """One indicator of one unit; the score is None where it does not apply."""

    aspect: str
    aspect_name: str
    aspect_name_en: str | None
    code: str
    name: str
    name_en: str | None
    full_marks: Decimal
    score: Decimal | None


@dataclass(frozen=True)
class AdjustmentLine:
    """One bonus, deduction or veto."""

    points: Decimal
    is_veto: bool
    reason: str


@dataclass(frozen=True)
class UnitFigures:
    """Every figure of one unit."""

    code: str
    name: str
    name_en: str | None
    unit_class: str
    is_ranked: bool
    groups: tuple[GroupFigures, ...]
    composite_unpadded: Decimal | None
    composite: Decimal | None
    place: int | None
    direct: Decimal | None
    social: Decimal | None
    work: Decimal | None
    adjustment_asked: Decimal
    adjustment: Decimal
    total: Decimal | None
    printed: Printed
    rank: int | None
    grade: str | None
    grade_reasons: tuple[str, ...]
    is_vetoed: bool
    flags: tuple[str, ...]
    interval: IntervalFigures | None
    without_flagged: Without
    indicators: tuple[IndicatorScore, ...]
    adjustments: tuple[AdjustmentLine, ...]

    @property
    def valid(self) -> int:
        """Return how many valid ballots stand behind the score."""
        return sum(group.valid for group in self.groups if group.weight)

    @property
    def changes_rank(self) -> bool:
        """Tell whether flagged ballots decide the unit's place."""
        return self.rank != self.without_flagged.rank

    @property
    def difference_without(self) -> Decimal | None:
        """Return what leaving out the flagged ballots would change in the printed score."""
        if self.printed.social is None or self.without_flagged.social is None:
            return None
        return self.without_flagged.social - self.printed.social


class Proof(StrEnum):
    """Whether the ballots were counted again and came to the run's tally."""

    AGREED = "agreed"
    DISAGREED = "disagreed"
    NOT_YET = "not yet"


@dataclass(frozen=True)
class Check:
    """A recount of all ballots, compared with the tally of a run."""

    checked_at: datetime
    ballots: int
    differences: int
    actor: str


@dataclass(frozen=True)
class RunView:
    """One run of a round with all its units, and the numbers of all the round's runs."""

    round_id: int
    number: int
    numbers: tuple[int, ...]
    created_at: datetime
    actor: str
    code_version: str
    rules: RuleSet
    rules_sha256: str
    tally_sha256: str
    work_sha256: str | None
    summary: RunSummary
    units: tuple[UnitFigures, ...]
    notice_sha256: str | None = None  # of the round, which froze it before any ballot
    check: Check | None = None  # the newest one of this tally

    @property
    def proof(self) -> Proof:
        """Tell what recounts of the run's tally have found up to now."""
        if self.check is not None:
            return Proof.DISAGREED if self.check.differences else Proof.AGREED
        return Proof.AGREED if self.summary.is_recounted else Proof.NOT_YET

    @property
    def is_latest(self) -> bool:
        """Tell whether no later run exists."""
        return self.number == max(self.numbers)

    @property
    def has_totals(self) -> bool:
        """Tell whether work scores were merged in; without them ranks go by the social score."""
        return self.work_sha256 is not None

    def by_class(self) -> tuple[tuple[ClassFacts, tuple[UnitFigures, ...]], ...]:
        """Return the ranked units of each class that has any, in order of rank."""
        classes = []
        for facts in self.summary.classes:
            members = tuple(
                unit for unit in self.units if unit.is_ranked and unit.unit_class == facts.code
            )
            if members:
                classes.append((facts, members))
        return tuple(classes)

    def listed_apart(self) -> tuple[UnitFigures, ...]:
        """Return the units that are scored but not ranked."""
        return tuple(unit for unit in self.units if not unit.is_ranked)

    def class_of(self, unit: UnitFigures) -> ClassFacts:
        """Return the facts of a unit's class."""
        return next(facts for facts in self.summary.classes if facts.code == unit.unit_class)

    def unit(self, code: str) -> UnitFigures | None:
        """Return one unit's figures, None where the run has no such unit."""
        return next((unit for unit in self.units if unit.code == code), None)
