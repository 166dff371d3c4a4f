"""What each group says of each unit before small samples are treated."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NoReturn

from analytics.counting import Counts, count_ballots, trim_count
from analytics.faults import N_, Fault
from analytics.histogram import mean_score, trimmed
from analytics.rules.rule_set import Group, RuleSet
from analytics.social_result import Flag, GroupScore, ReadyScore, Unit
from analytics.tally import Tally

Ready = Mapping[str, Mapping[str, ReadyScore]]
UnitViews = Mapping[str, GroupScore]

_NO_COUNTS = Counts()


def unit_views(
    tally: Tally, rules: RuleSet, units: Sequence[Unit], ready: Ready
) -> dict[str, UnitViews]:
    """Return the view of every group worth a column, per unit: counts, mean and weight.

    These are the groups with weight in a class or with any ballot.
    """
    counted = count_ballots(tally, rules, units)
    _check_ready(ready, rules, units, {group for _, group in counted})
    classes = {unit.unit_class for unit in units}
    shown = {group for _, group in counted}
    shown |= {
        code for unit_class in classes for code, w in rules.weights_for(unit_class).items() if w
    }
    shown |= {group for group, of_unit in ready.items() if any(made.n for made in of_unit.values())}
    views: dict[str, UnitViews] = {}
    for unit in units:
        weights = rules.weights_for(unit.unit_class)
        views[unit.code] = {
            group.code: _ready_view(ready[group.code].get(unit.code), group, weights[group.code])
            if group.code in ready
            else _view(
                counted.get((unit.code, group.code), _NO_COUNTS), group, weights[group.code], rules
            )
            for group in rules.groups
            if group.code in shown
        }
    return views


def _view(counts: Counts, group: Group, weight: Decimal, rules: RuleSet) -> GroupScore:
    valid = counts.valid
    left_out = trim_count(valid, rules)
    flags = []
    if not valid:
        flags.append(Flag.NO_BALLOTS)
    if left_out:
        flags.append(Flag.TRIMMED)
    if counts.left_out:
        flags.append(Flag.OPEN_LEFT_OUT)
    return GroupScore(
        group=group.code,
        returned=counts.returned,
        valid=valid,
        weight=weight,
        mean=mean_score(trimmed(counts.scores, left_out)) if valid else None,
        trimmed=left_out,
        left_out=counts.left_out,
        scores=counts.scores,
        option_counts=counts.options,
        flags=tuple(flags),
    )


def _ready_view(made: ReadyScore | None, group: Group, weight: Decimal) -> GroupScore:
    if made is None or made.n == 0:
        return GroupScore(group.code, 0, 0, weight, flags=(Flag.READY_SCORES, Flag.NO_BALLOTS))
    return GroupScore(
        group.code, made.n, made.n, weight, mean=made.mean, flags=(Flag.READY_SCORES,)
    )


def _check_ready(
    ready: Ready, rules: RuleSet, units: Sequence[Unit], counted_groups: set[str]
) -> None:
    groups = {group.code for group in rules.groups}
    codes = {unit.code for unit in units}
    for group, means in ready.items():
        if group not in groups:
            _refuse(N_("the group “%(code)s” is not known"), group)
        if group in counted_groups:
            _refuse(N_("the group “%(code)s” has both ballots and ready-made scores"), group)
        for unit, made in means.items():
            if unit not in codes:
                _refuse(N_("the unit “%(code)s” is not known"), unit)
            if not 0 <= made.mean <= 100 or made.n < 0:
                _refuse(N_("unit “%(code)s”: a ready-made score is 0 to 100"), unit)


def _refuse(message: str, code: str) -> NoReturn:
    raise Fault(message, "ready-made scores", code=code)
