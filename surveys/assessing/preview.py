"""What an import would change: each unit's work score before and after."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from analytics.figures import round_half_up
from analytics.merge import work_scores
from analytics.rules import RuleSet
from surveys.assessing.queries import scores_by_unit
from surveys.assessing.scores import SheetUnit, WorkPlan, WorkScores


@dataclass(frozen=True)
class PreviewRow:
    """One unit before and after."""

    unit: SheetUnit
    work: Decimal | None
    work_before: Decimal | None
    left_out: int  # indicators that do not apply
    points: Decimal
    points_before: Decimal
    is_cut: bool  # the points go beyond the limit of the rule set
    is_vetoed: bool
    is_changed: bool

    @property
    def difference(self) -> Decimal | None:
        """Return by how much the work score would change."""
        if self.work is None or self.work_before is None:
            return None
        return self.work - self.work_before


def preview_rows(plan: WorkPlan, scores: WorkScores, rules: RuleSet) -> tuple[PreviewRow, ...]:
    """Return a row for every unit of the round."""
    after = rounded_work(plan, scores, rules)
    before = rounded_work(plan, plan.in_force, rules)
    rows = zip(scores_by_unit(plan, scores), scores_by_unit(plan, plan.in_force), strict=True)
    return tuple(
        PreviewRow(
            new.unit,
            after.get(new.unit.code),
            before.get(new.unit.code),
            sum(score is None for score in new.scores or ()),
            new.points,
            old.points,
            abs(new.points) > rules.adjustment_limit,
            new.is_vetoed,
            new != old,
        )
        for new, old in rows
    )


def rounded_work(
    plan: WorkPlan, scores: WorkScores | None, rules: RuleSet
) -> Mapping[str, Decimal]:
    """Return the work score of each unit as it is printed."""
    if scores is None:
        return {}
    exact = work_scores(plan.entries(scores), rules)
    return {unit: round_half_up(value, rules.rounding) for unit, value in exact.items()}
