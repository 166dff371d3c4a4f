"""What a social appraisal comes to: each unit's figures, step by step from counts to points."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from analytics.histogram import NO_BALLOTS, Histogram
from analytics.rules.rule_set import Method
from analytics.tally import Tally


class Flag(StrEnum):
    """What a reader must know of a figure; the words for it are the web layer's."""

    SMALL_SAMPLE = "small_sample"  # fewer ballots than the floor: padded or shrunken
    GROUP_SMALL = "group_small"  # no unit reaches the floor in this group: not padded
    GROUP_SUSPENDED = "group_suspended"  # the group has no valid ballot at all
    MISSING_GROUP = "missing_group"  # the group leaves this unit's weights
    NO_BALLOTS = "no_ballots"  # no valid ballot of this group for this unit
    TRIMMED = "trimmed"  # ballots were left out at both ends
    OPEN_LEFT_OUT = "open_left_out"  # open-channel ballots that the rule set does not count
    READY_SCORES = "ready_scores"  # the group arrived as ready-made scores
    LOW_RETURN = "low_return"  # fewer of the invited answered than the rule set asks for
    MORE_THAN_INVITED = "more_than_invited"  # more ballots came back than were invited
    NO_VALID_BALLOTS = "no_valid_ballots"  # no valid ballot in any group with weight: no score
    CLASS_DIRECT = "class_direct"  # the class is too small for standard scores: direct instead


@dataclass(frozen=True, slots=True)
class Unit:
    """Who is appraised."""

    code: str
    name: str
    unit_class: str
    ranked: bool = True


@dataclass(frozen=True, slots=True)
class ReadyScore:
    """A mean of 0 to 100 that arrived ready-made, and the number of answers behind it."""

    mean: Fraction
    n: int


@dataclass(frozen=True, slots=True)
class GroupScore:
    """One group's view of one unit.

    `option_counts` has a row per item and in it a column per option of the rule set, then one
    for "not answered"; it covers all returned ballots. `scores` is the histogram of the ballot
    score B over the valid ballots. `own_share` is z in M' = z·M + (1 - z)·mu.
    """

    group: str
    returned: int
    valid: int
    weight: Decimal  # that the rule set gives the group in the unit's class
    mean: Fraction | None = None  # M
    padded: Fraction | None = None  # M'
    standardised: Fraction | None = None  # A, where the class is converted by standard scores
    mu: Fraction | None = None  # what M was padded with
    own_share: Fraction | None = None
    weight_share: Fraction | None = None  # weight over the sum of the weights in use
    trimmed: int = 0  # ballots left out at each end
    left_out: int = 0  # ballots of the open channel that the rule set does not count
    scores: Histogram = NO_BALLOTS
    option_counts: tuple[tuple[int, ...], ...] = ()
    flags: tuple[Flag, ...] = ()

    @property
    def abstained(self) -> int:
        """Return how many returned ballots rated too few items of this unit."""
        return self.returned - self.valid


@dataclass(frozen=True, slots=True)
class UnitScore:
    """One unit's figures; without any valid ballot in a group with weight they are None."""

    unit: Unit
    groups: tuple[GroupScore, ...]
    composite: Fraction | None = None  # R
    composite_unpadded: Fraction | None = None
    direct: Fraction | None = None
    social: Fraction | None = None  # S, the official figure
    place: int | None = None  # by R inside the class, where the method is `rank`
    flags: tuple[Flag, ...] = ()

    def group(self, code: str) -> GroupScore:
        """Return the view of one group; an unknown code is a KeyError."""
        for group in self.groups:
            if group.group == code:
                return group
        raise KeyError(code)


@dataclass(frozen=True, slots=True)
class ClassGroup:
    """What one group says of a class as a whole."""

    group: str
    weight: Decimal
    units: int  # units of the class with an M' in this group
    mu: Fraction | None  # what a unit of the class without ballots is given
    mean: Fraction | None  # m, plain mean of M' over these units
    deviation: Fraction | None  # s, population standard deviation of M'


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """Figures of a class that every unit's conversion refers to."""

    unit_class: str
    units: int  # units that take part: with a valid ballot in a group with weight
    best: Fraction | None  # the highest R
    method: Method  # that was used, which may be `direct` in a small class
    groups: tuple[ClassGroup, ...]

    def group(self, code: str) -> ClassGroup:
        """Return the figures of one group; an unknown code is a KeyError."""
        for group in self.groups:
            if group.group == code:
                return group
        raise KeyError(code)


@dataclass(frozen=True, slots=True)
class SocialResult:
    """All units' social scores and what they were made from."""

    rules_sha256: str
    tally: Tally
    units: tuple[UnitScore, ...]
    classes: tuple[ClassFacts, ...]
    suspended_groups: tuple[str, ...]
    small_groups: tuple[str, ...]

    @property
    def tally_sha256(self) -> str:
        """Return the digest of the tally."""
        return self.tally.digest()

    def unit(self, code: str) -> UnitScore:
        """Return one unit's figures; an unknown code is a KeyError."""
        for score in self.units:
            if score.unit.code == code:
                return score
        raise KeyError(code)

    def unit_class(self, code: str) -> ClassFacts:
        """Return one class's figures; an unknown code is a KeyError."""
        for facts in self.classes:
            if facts.unit_class == code:
                return facts
        raise KeyError(code)
