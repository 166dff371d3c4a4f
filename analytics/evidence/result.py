"""What statistics say beside a round's official scores, ready to be kept and shown.

Scores are in points of full marks; means are of 0 to 100. None stands for what nobody can tell.
Units and groups are named by their codes.
"""

from dataclasses import dataclass

Limits = tuple[float, float]
LEAST_COMMENTS = 5  # on one theme, or of one unit: below, nothing of them but their number is told


@dataclass(frozen=True, slots=True)
class GroupCell:
    """One group's view of one unit."""

    group: str
    n: int
    invited: int | None
    mean: float | None
    share: float  # of the group in the unit's score
    variance_share: float | None  # how much of the score's uncertainty comes from this group
    best_share: float | None  # of rated items that got the best level
    best_limits: Limits | None  # 95 %, by Wilson
    unknown_share: float | None  # of items answered with "do not know"
    own_share: float  # how much the rules let the unit's own ballots count
    asked_share: float | None  # how much the ballots themselves ask for (shrinkage factor)


@dataclass(frozen=True, slots=True)
class ScoreError:
    """A score with its error: design-based, and the careful one that the interval takes."""

    score: float | None
    plain_se: float | None
    se: float | None
    limits: Limits | None
    finite_se: float | None = None  # as against everybody on the lists answering


@dataclass(frozen=True, slots=True)
class RankEvidence:
    """Where a unit stands in its class, and where it could stand."""

    rank: int
    units: int
    low: int  # the set of all units together
    high: int
    own_low: int  # this unit's set alone
    own_high: int
    expected: float
    top_probability: float
    last_probability: float
    places: int  # that count as the top
    like: tuple[str, ...]  # units that cannot be told apart from it


@dataclass(frozen=True, slots=True)
class SeverityCell:
    """One group's view of a unit with and without the severity of who rated it."""

    group: str
    n: int
    raw: float
    adjusted: float
    two_way: float | None
    se: float
    raw_rank: int
    adjusted_rank: int


@dataclass(frozen=True, slots=True)
class DoubtEffect:
    """The composite with and without the ballots that two sources of evidence speak against."""

    flagged: int
    suspect: int
    composite: float | None
    without: float | None
    limits: Limits | None  # if all suspect ballots had been the worst, or the best


@dataclass(frozen=True, slots=True)
class ChannelCell:
    """Ballots of the open link against those of other channels, in one group."""

    group: str
    open_n: int
    other_n: int
    open_mean: float
    other_mean: float
    limits: Limits | None  # of the difference


@dataclass(frozen=True, slots=True)
class PopulationCell:
    """One group's mean of a unit, and what it is when ballots are weighted to the population."""

    group: str
    n: int
    effective_n: float
    mean: float
    weighted: float
    se: float | None


@dataclass(frozen=True, slots=True)
class DriverCell:
    """One item of a unit or class: how it goes with the overall answer, and how they do on it."""

    item: str
    importance: float | None  # share of R²
    share_se: float | None
    performance: float | None
    performance_se: float | None
    quadrant: str | None  # unclear where figures are too near to the middle of the class


@dataclass(frozen=True, slots=True)
class ThemeCell:
    """How often a theme was written about, and in what tone."""

    code: str
    chinese: str
    english: str
    count: int
    praise: int
    criticism: int
    suggestion: int
    quote: str | None


@dataclass(frozen=True, slots=True)
class CommentEvidence:
    """What was written, of one unit or of all."""

    count: int
    distinct: int
    praise: int
    criticism: int
    suggestion: int
    mixed: int
    neither: int
    tones_shown: bool  # there are enough comments to speak of them
    themes: tuple[ThemeCell, ...]
    phrases: tuple[tuple[str, int], ...]  # said more here than elsewhere, by how many
    repeated: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Stability:
    """What other choices would make of a unit's rank by the composite."""

    rank: int
    narrow: tuple[int, int]  # ranks when all weights move by a tenth
    wide: tuple[int, int]  # by a fifth
    unchanged_share: float  # of draws by a tenth
    switch: float | None  # smallest relative change of one weight that moves the unit
    switch_group: str | None
    switch_unit: str | None
    up: float | None  # ballots in the largest open group until it passes the next unit
    down: float | None
    ranks: tuple[int, ...]  # under the class's other choices, in their order


@dataclass(frozen=True, slots=True)
class ChangeEvidence:
    """The direct score against that of an earlier round."""

    before: float
    difference: float
    limits: Limits | None
    verdict: str


@dataclass(frozen=True, slots=True)
class UnitEvidence:
    """Everything that is said of one unit."""

    code: str
    unit_class: str
    direct: ScoreError
    social: ScoreError
    groups: tuple[GroupCell, ...]
    unpadded: float | None  # the direct score without padding, and with shrinkage instead
    shrunken: float | None
    rank: RankEvidence | None
    severity: tuple[SeverityCell, ...]
    doubt: DoubtEffect
    channels: tuple[ChannelCell, ...]
    channels_differ: bool
    population: tuple[PopulationCell, ...]
    drivers: tuple[DriverCell, ...]
    drivers_of_class: bool
    comments: CommentEvidence
    stability: Stability | None
    change: ChangeEvidence | None


@dataclass(frozen=True, slots=True)
class OtherChoice:
    """A ranking that another choice would give: how far it agrees with the official one."""

    kind: str  # conversion, points, without_group, padding
    name: str
    tau_b: float | None
    moved: int  # units that change their rank
    largest_move: int


@dataclass(frozen=True, slots=True)
class ClassEvidence:
    """Everything that is said of one class."""

    code: str
    units: tuple[str, ...]  # by rank
    pairs: int
    pairs_apart: int
    mean_width: float | None  # places in a unit's set, on average
    concordance: float | None  # Kendall's W of the groups
    concordance_groups: int
    tau_b_least: float | None  # of the draw of weights that differs most
    choices: tuple[OtherChoice, ...]
    importance_cut: float | None
    performance_cut: float | None
    drivers: tuple[DriverCell, ...]
    r2: float | None


@dataclass(frozen=True, slots=True)
class GroupEvidence:
    """Everything that is said of one group as appraisers."""

    code: str
    ballots: int
    invited: int | None
    units_per_ballot: float | None
    complete: int  # ballots that answered all items of a unit
    alpha: float | None
    alpha_limits: Limits | None
    omega: float | None
    one_rating: float | None  # ICC(1)
    unit_means: float | None  # ICC(2)
    krippendorff: float | None
    item_rest: tuple[float | None, ...]
    strength: float | None  # median over classes of sigma2/tau2: ballots that the class counts as
    floor: int


@dataclass(frozen=True, slots=True)
class SeverityEvidence:
    """Strict and lenient appraisers of one group."""

    group: str
    verdict: str
    ratings: int
    appraisers: int
    units: int
    parts: int
    appraiser_sd: float | None
    unit_sd: float | None
    residual_sd: float | None
    largest_shift: float | None
    kendall: float | None  # raw against adjusted order
    largest_move: int | None
    large_moves: float | None  # share of units that move by more than a tenth of the places


@dataclass(frozen=True, slots=True)
class CrowdEvidence:
    """Ballots that are doubted together."""

    count: int
    expected: float
    unit: str | None
    group: str | None
    place: str | None
    begin: float | None  # days
    end: float | None


@dataclass(frozen=True, slots=True)
class ReasonEvidence:
    """What one reason for doubt found."""

    reason: str
    family: str
    examined: int
    found: int
    expected: float
    obstacle: str | None
    crowds: tuple[CrowdEvidence, ...]


@dataclass(frozen=True, slots=True)
class DoubtedBallot:
    """One ballot against which two sources of evidence speak."""

    ballot: str
    group: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QualityEvidence:
    """Ballots that look wrong; none of them is left out by this."""

    ballots: int
    reasons: tuple[ReasonEvidence, ...]
    suspect: int  # one source
    flagged: int  # two
    expected_flagged: float
    flagged_by_group: tuple[int, ...]
    listed: tuple[DoubtedBallot, ...]


@dataclass(frozen=True, slots=True)
class PopulationEvidence:
    """How one group's ballots were weighted to the population."""

    group: str
    variables: tuple[str, ...]
    n: int
    left_out: int  # ballots that do not say their levels
    design_effect: float | None
    effective_n: float | None
    trimmed: int  # ballots whose weight was cut because it was extreme
    largest_miss: float | None  # of any number of the table, as a share of all people
    # Why it could not be done: few, no_ballots, no_people, totals, no_convergence.
    obstacle: str | None
    obstacle_at: str  # the variable and level that it is about


@dataclass(frozen=True, slots=True)
class YearEvidence:
    """Which earlier round scores are compared with, and what stands in the way."""

    name: str
    name_en: str | None
    obstacles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoundEvidence:
    """Everything that is said of a round."""

    seed: int
    ballots: int
    is_sample: bool
    together: tuple[str, ...]  # groups whose ballots rate several units: errors go together
    items: tuple[str, ...]
    overall: str | None
    driver_items: tuple[str, ...]
    classes: tuple[ClassEvidence, ...]
    groups: tuple[GroupEvidence, ...]
    severity: tuple[SeverityEvidence, ...]
    quality: QualityEvidence
    population: tuple[PopulationEvidence, ...]
    comments: CommentEvidence
    year: YearEvidence | None
    units: tuple[UnitEvidence, ...]
