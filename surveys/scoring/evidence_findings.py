"""What a reader sees first of the evidence: the four figures, and each section's finding."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from flask_babel import gettext, ngettext

from analytics.changes import Verdict
from analytics.evidence.result import (
    LEAST_COMMENTS,
    ChangeEvidence,
    ClassEvidence,
    CommentEvidence,
    OtherChoice,
    RoundEvidence,
    ScoreError,
    UnitEvidence,
)
from surveys.scoring.evidence_view import EvidenceView

OPEN_BY = 3  # places; a rank that is open by more is called wide
_CLEAR, _PARTLY = 0.75, 0.4  # of pairs of units
_RELIABLE = 0.7  # from where on a group's judgement stands for other people of the group
_SAME = 0.9  # agreement of two orders that are nearly the same
_SLIGHT = 0.005  # points that printing with two decimals does not show


@dataclass(frozen=True)
class Brief:
    """A round's evidence in a few figures."""

    typical: float | None  # half the width of the middle unit's interval
    largest: float | None
    pairs: int
    apart: int
    ranked: int  # units whose place could be told
    open: int  # by more than `OPEN_BY` places
    widest: UnitEvidence | None
    flagged: int
    expected: float
    largest_effect: float | None  # of doubted ballots on a composite

    @property
    def apart_share(self) -> float | None:
        """Return the share of pairs that can be told apart."""
        return self.apart / self.pairs if self.pairs else None


def brief(found: RoundEvidence) -> Brief:
    """Return a round's evidence in a few figures."""
    halves = [half for unit in found.units if (half := margin(unit.social)) is not None]
    placed = [unit for unit in found.units if unit.rank is not None]
    effects = [abs(effect) for unit in found.units if (effect := doubt_effect(unit)) is not None]
    return Brief(
        typical=median(halves) if halves else None,
        largest=max(halves, default=None),
        pairs=sum(one.pairs for one in found.classes),
        apart=sum(one.pairs_apart for one in found.classes),
        ranked=len(placed),
        open=sum(_width(unit) > OPEN_BY for unit in placed),
        widest=max(placed, key=_width, default=None),
        flagged=found.quality.flagged,
        expected=found.quality.expected_flagged,
        largest_effect=max(effects, default=None),
    )


def margin(error: ScoreError) -> float | None:
    """Return half the width of a score's interval."""
    return None if error.limits is None else (error.limits[1] - error.limits[0]) / 2


def doubt_effect(unit: UnitEvidence) -> float | None:
    """Return what leaving the doubted ballots out would change in a composite."""
    doubt = unit.doubt
    if doubt.composite is None or doubt.without is None:
        return None
    return doubt.without - doubt.composite


def verdict(found: Brief) -> str:
    """Return in one sentence how far ranks are to be trusted."""
    share = found.apart_share
    if share is None or not found.ranked:
        return str(gettext("There is too little to tell how sure the ranks are."))
    if share >= _CLEAR:
        return str(gettext("Most units stand clearly apart; only near ones could change places."))
    if share >= _PARTLY:
        return str(
            gettext(
                "Far places are clear, near ones are not: read a rank as a range of places, and"
                " do not hang much on one place more or less."
            )
        )
    return str(
        gettext(
            "Most units cannot be told apart: these ballots do not bear a ranking place by place."
            " Read the range of each unit."
        )
    )


# --- headings, in the order of the page -----------------------------------------------------------


def ranks_finding(found: Brief) -> str:
    """Return what the ranks come to."""
    if not found.pairs:
        return str(gettext("No two units can be compared"))
    return str(
        gettext(
            "Of %(pairs)s pairs of units in one class, %(apart)s can be told apart",
            pairs=f"{found.pairs:,}",
            apart=f"{found.apart:,}",
        )
    )


def reliability_finding(found: RoundEvidence) -> str:
    """Return how many groups judge reliably."""
    known = [one for one in found.groups if one.unit_means is not None]
    if not known:
        return str(gettext("Whether a group's judgement is reliable cannot be told"))
    good = sum((one.unit_means or 0) >= _RELIABLE for one in known)
    return str(
        gettext(
            "In %(good)s of %(all)s groups other people would have ranked the units much the same",
            good=good,
            all=len(known),
        )
    )


def severity_finding(found: RoundEvidence) -> str:
    """Return what strict appraisers do to ranks."""
    moves = [one.largest_move for one in found.severity if one.largest_move is not None]
    if not found.severity:
        return str(gettext("No ballot rates several units, so strict appraisers cannot be told"))
    if not any(moves):
        return str(gettext("Strict and lenient appraisers change no place that could be seen"))
    return str(
        gettext(
            "With equally strict appraisers a unit might stand up to %(places)s of %(units)s places"
            " elsewhere inside a group",
            places=max(moves),
            units=max(one.units for one in found.severity),
        )
    )


def quality_finding(found: Brief) -> str:
    """Return how many ballots are doubted for two reasons."""
    if not found.flagged:
        return str(gettext("No ballot looks wrong in two independent ways"))
    return str(
        ngettext(
            "%(num)s ballot looks wrong in two independent ways",
            "%(num)s ballots look wrong in two independent ways",
            found.flagged,
        )
    )


def channels_finding(found: RoundEvidence) -> str:
    """Return how many units are rated otherwise by the open link."""
    compared = [unit for unit in found.units if unit.channels]
    if not compared:
        return str(gettext("There is no open link to hold against other ballots"))
    differ = sum(unit.channels_differ for unit in compared)
    if not differ:
        return str(gettext("The open link judges no unit clearly otherwise than other ballots do"))
    return str(
        ngettext(
            "The open link judges %(num)s unit clearly otherwise than other ballots do",
            "The open link judges %(num)s units clearly otherwise than other ballots do",
            differ,
        )
    )


def drivers_finding(found: RoundEvidence) -> str:
    """Return whether it can be said what goes with satisfaction."""
    if not any(one.r2 is not None for one in found.classes):
        return str(gettext("What goes with satisfaction cannot be told: no item asks for it"))
    quadrants = {cell.quadrant for one in found.classes for cell in one.drivers}
    if quadrants <= {None, "unclear"}:
        return str(gettext("Which item to work on first, these ballots cannot tell"))
    return str(gettext("What goes with satisfaction, and how units do on it"))


def comments_finding(found: RoundEvidence) -> str:
    """Return what is said most often."""
    said = found.comments
    if not said.count:
        return str(gettext("Nobody wrote a comment"))
    if not said.tones_shown:
        return str(gettext("Too few comments to sum them up"))
    if said.criticism + said.suggestion > said.praise:
        return str(gettext("More comments criticise or suggest something than praise"))
    return str(gettext("More comments praise than criticise or suggest something"))


def choices_finding(found: RoundEvidence) -> str:
    """Return how far the order hangs on what was decided beforehand."""
    known = [one.tau_b for each in found.classes for one in each.choices if one.tau_b is not None]
    if not known:
        return str(gettext("Nothing can be said of other rules"))
    if min(known) >= _SAME:
        return str(gettext("Other rules would give nearly the same order"))
    return str(gettext("Some other rules would give another order"))


def change_finding(found: RoundEvidence) -> str:
    """Return how many units clearly changed since the earlier round."""
    if found.year is None:
        return str(gettext("There is no earlier round to compare with"))
    changed = [unit.change.verdict for unit in found.units if unit.change is not None]
    return str(
        gettext(
            "Since the earlier round %(up)s units went up and %(down)s went down; %(same)s did not"
            " clearly change",
            up=changed.count(Verdict.UP),
            down=changed.count(Verdict.DOWN),
            same=changed.count(Verdict.NOT_TOLD_APART),
        )
    )


# --- what stands in tables ------------------------------------------------------------------------


def most_doubted(found: RoundEvidence, most: int = 10) -> list[tuple[UnitEvidence, float]]:
    """Return the units whose composite the doubted ballots change most, with the change."""
    changed = [(unit, effect) for unit in found.units if (effect := doubt_effect(unit))]
    shown = [(unit, effect) for unit, effect in changed if abs(effect) >= _SLIGHT]
    return sorted(shown, key=lambda pair: -abs(pair[1]))[:most]


def widest_spread(found: RoundEvidence) -> float:
    """Return the largest spread of appraisers or units in any group, to draw all others beside."""
    spreads = [sd for one in found.severity for sd in (one.appraiser_sd, one.unit_sd) if sd]
    return max(spreads, default=1.0)


def differing(found: RoundEvidence) -> list[UnitEvidence]:
    """Return the units that the open link judges otherwise."""
    return [unit for unit in found.units if unit.channels_differ]


def changes(
    found: RoundEvidence, is_clear: bool | None = None
) -> list[tuple[UnitEvidence, ChangeEvidence]]:
    """Return units' changes since the earlier round, all or of one kind, the largest rise first."""
    changed = [
        (unit, unit.change)
        for unit in found.units
        if unit.change is not None
        and is_clear in {None, unit.change.verdict in {Verdict.UP, Verdict.DOWN}}
    ]
    return sorted(changed, key=lambda pair: -pair[1].difference)


def weighted_most(
    found: RoundEvidence, group: str, most: int = 10
) -> list[tuple[str, float, float]]:
    """Return the units whose mean in a group weighting changes most: code, before and after."""
    cells = [
        (unit.code, cell.mean, cell.weighted)
        for unit in found.units
        for cell in unit.population
        if cell.group == group
    ]
    return sorted(cells, key=lambda cell: -abs(cell[2] - cell[1]))[:most]


@dataclass(frozen=True)
class ChoiceLine:
    """Another choice, and what it would make of each class; None where a class has it not."""

    choice: OtherChoice
    classes: tuple[OtherChoice | None, ...]

    @property
    def moves(self) -> bool:
        """Tell whether any unit of any class would have another place."""
        return any(one is not None and one.moved for one in self.classes)


def choice_lines(classes: Sequence[ClassEvidence]) -> tuple[ChoiceLine, ...]:
    """Return the other choices of some classes, each once."""
    found = [{(each.kind, each.name): each for each in one.choices} for one in classes]
    keys = dict.fromkeys(key for of_class in found for key in of_class)
    lines = []
    for key in keys:
        cells = tuple(of_class.get(key) for of_class in found)
        lines.append(ChoiceLine(next(cell for cell in cells if cell is not None), cells))
    return tuple(lines)


def shaken(found: RoundEvidence, one: ClassEvidence) -> int:
    """Return how many units of a class change their rank when weights move by a tenth."""
    stable = [
        unit.stability
        for unit in found.units
        if unit.unit_class == one.code and unit.stability is not None
    ]
    return sum(each.narrow != (each.rank, each.rank) for each in stable)


def most_signs(comments: CommentEvidence) -> int:
    """Return the longest bar of a theme's tones; one comment may have more than one."""
    signs = (one.praise + one.criticism + one.suggestion for one in comments.themes)
    return max(signs, default=0)


def quotes_note(comments: CommentEvidence) -> str:
    """Return what to know of the quotes that are shown, or why there are none."""
    if comments.repeated or any(theme.quote for theme in comments.themes):
        return str(
            gettext(
                "Quotes are masked by machine; a person must read them before they are published."
            )
        )
    return str(
        gettext(
            "An example is shown only where one theme has %(least)s comments or more, "
            "so that nobody is recognised by their words.",
            least=LEAST_COMMENTS,
        )
    )


def sure_rank(view: EvidenceView | None, code: str) -> str:
    """Return the set of places that a unit could have, an empty text where nobody can tell."""
    rank = None if view is None else view.unit(code).rank
    return "" if rank is None else f"({places(rank.low, rank.high)})"


def places(low: int, high: int) -> str:
    """Return a range of places."""
    return str(low) if low == high else f"{low}–{high}"


def _width(unit: UnitEvidence) -> int:
    return 0 if unit.rank is None else unit.rank.high - unit.rank.low
