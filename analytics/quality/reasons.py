"""The words in which ballots are doubted: families, reasons, bounds, and what was found."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from analytics.faults import N_, Fault
from analytics.shapes import NOWHERE, Floats, Integers


class Source(StrEnum):
    """What a family looks at: two families of one source are one piece of evidence."""

    CONTENT = "content"  # what this ballot says
    PACE = "pace"  # how long it took
    LIKENESS = "likeness"  # what it says like others
    ARRIVAL = "arrival"  # with how many others it came, when and where


class Family(StrEnum):
    """Kinds of evidence."""

    ANSWERS = "answers"
    OUTLYING = "outlying"
    SPEED = "speed"
    COPIES = "copies"
    BURST = "burst"
    PLACE = "place"
    BLOC = "bloc"

    @property
    def source(self) -> Source:
        """Return what the family looks at."""
        return _SOURCES[self]


_SOURCES = {
    Family.ANSWERS: Source.CONTENT,
    Family.OUTLYING: Source.CONTENT,
    Family.SPEED: Source.PACE,
    Family.COPIES: Source.LIKENESS,
    Family.BLOC: Source.LIKENESS,
    Family.BURST: Source.ARRIVAL,
    Family.PLACE: Source.ARRIVAL,
}


class Reason(StrEnum):
    """Why a ballot is doubted; the value is the code of its note on honest look-alikes."""

    STRAIGHT = "straight"  # one level throughout a long form
    ERRATIC = "erratic"  # answers about one unit far more varied than others'
    OUTLYING = "outlying"  # far from what its group says of the unit, all items together
    HASTY = "hasty"  # less time than reading takes
    FASTER = "faster"  # far less time than its group takes
    COPIED_ANSWERS = "copied_answers"
    COPIED_TEXT = "copied_text"
    UNIT_BURST = "unit_burst"
    GROUP_BURST = "group_burst"
    PLACE_BURST = "place_burst"
    OVERFULL = "overfull"  # more votes than people
    TURNOUT = "turnout"  # far more votes per head than other places
    FAVOURED = "favoured"  # best for one unit and worst for its rivals
    ONE_SIDED = "one_sided"  # a crowd that judges unlike the unit's other voters

    @property
    def family(self) -> Family:
        """Return the kind of evidence it is."""
        return _FAMILIES[self]


_FAMILIES = {
    Reason.STRAIGHT: Family.ANSWERS,
    Reason.ERRATIC: Family.OUTLYING,
    Reason.OUTLYING: Family.OUTLYING,
    Reason.HASTY: Family.SPEED,
    Reason.FASTER: Family.SPEED,
    Reason.COPIED_ANSWERS: Family.COPIES,
    Reason.COPIED_TEXT: Family.COPIES,
    Reason.UNIT_BURST: Family.BURST,
    Reason.GROUP_BURST: Family.BURST,
    Reason.PLACE_BURST: Family.BURST,
    Reason.OVERFULL: Family.PLACE,
    Reason.TURNOUT: Family.PLACE,
    Reason.FAVOURED: Family.BLOC,
    Reason.ONE_SIDED: Family.BLOC,
}


class Obstacle(StrEnum):
    """Why a reason could not be looked for, at all or in part of the ballots."""

    NO_TIMES = "no_times"
    NO_TEXTS = "no_texts"
    NO_BASES = "no_bases"
    NO_RIVALS = "no_rivals"
    NO_CROWDS = "no_crowds"
    SHORT_FORMS = "short_forms"
    FEW_PEERS = "few_peers"
    FEW_DAYS = "few_days"
    FEW_PLACES = "few_places"
    CUSTOM = "custom"  # so many do it that it proves nothing, or so many false ballots came


_SHARES = (
    "straight_custom",
    "straight_honest",
    "outlying_p",
    "outlying_honest",
    "median_share",
    "text_similarity",
    "top",
    "bottom",
    "one_sided_excess",
    "alpha",
)


@dataclass(frozen=True, slots=True)
class QualityBounds:
    """From where on something counts as evidence; frozen before the round opens."""

    straight_items: int = 10  # answers; one unit's five alike are everyday
    straight_custom: float = 0.15  # of a group's long ballots; above, it proves nothing
    straight_honest: float = 0.055  # of honest people, as measured in two open surveys
    erratic_z: float = 3.5  # robust deviations (Iglewicz and Hoaglin 1993)
    outlying_p: float = 0.005
    outlying_honest: float = 0.04  # of honest people in simulated rounds: tails are heavy
    seconds_per_item: float = 1.0
    median_share: float = 1 / 3
    peers: int = 20  # fewest ballots or ratings to be compared with
    copies: int = 5
    copies_ratio: float = 3.0  # times the expected number
    text_similarity: float = 0.8
    text_length: int = 8  # signs; shorter ones repeat honestly
    text_alone: int = 25  # signs from which nobody writes the same by chance
    burst_ballots: int = 20
    burst_ratio: float = 5.0
    burst_minutes: float = 30.0
    burst_days: int = 5  # fewest days that make a baseline
    turnout_places: int = 5
    top: float = 0.9  # share of the range of points from where on a score is a best one
    bottom: float = 0.3  # up to where it is a worst one
    favour_ratio: float = 2.0
    one_sided_excess: float = 0.1
    alpha: float = 0.01  # of one false crowd in a whole round, for each reason

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if not value > 0 or (name in _SHARES and value > 1):
                raise Fault(
                    N_("the bound of %(name)s must be above 0, and a share at most 1"),
                    f"bounds.{name}",
                    name=name,
                )


@dataclass(frozen=True, eq=False, slots=True)
class Crowd:
    """Ballots that are doubted together, with how many of them there should have been."""

    reason: Reason
    ballots: Integers
    count: int
    expected: float
    threshold: float  # the number from which on it is found
    p: float  # chance of so many, before any correction; 0 is certain
    unit: int = NOWHERE
    group: int = NOWHERE
    place: int = NOWHERE
    begin: float = np.nan  # days
    end: float = np.nan


@dataclass(frozen=True, eq=False, slots=True)
class Evidence:
    """What one reason found: ballots (F,) with value and threshold, and how many by chance.

    `expected` says how many honest ballots to expect among those found: of the ballots examined for
    single ballots; of those that would have been in the crowds anyway for crowds.
    """

    reason: Reason
    examined: int
    ballots: Integers
    values: Floats
    thresholds: Floats
    expected: float
    crowds: tuple[Crowd, ...] = ()
    obstacle: Obstacle | None = None


def nothing_found(reason: Reason, obstacle: Obstacle | None, examined: int = 0) -> Evidence:
    """Return the evidence of a reason that found nothing, or could not be looked for."""
    none = np.zeros(0)
    return Evidence(reason, examined, none.astype(np.int64), none, none, 0.0, (), obstacle)


def crowd_evidence(
    reason: Reason, examined: int, crowds: tuple[Crowd, ...], obstacle: Obstacle | None = None
) -> Evidence:
    """Return crowds as evidence against each of their ballots; the largest excess speaks."""
    if not crowds:
        return nothing_found(reason, obstacle, examined)
    ranked = sorted(crowds, key=lambda crowd: (crowd.p, -crowd.count))
    members = np.concatenate([crowd.ballots for crowd in ranked])
    sizes = [crowd.ballots.size for crowd in ranked]
    ballots, first = np.unique(members, return_index=True)
    counts = np.repeat([float(crowd.count) for crowd in ranked], sizes)
    thresholds = np.repeat([crowd.threshold for crowd in ranked], sizes)
    expected = min(float(ballots.size), sum(crowd.expected for crowd in crowds))
    return Evidence(
        reason, examined, ballots, counts[first], thresholds[first], expected, crowds, obstacle
    )
