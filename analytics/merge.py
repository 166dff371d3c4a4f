"""70 + 30 ± adjustments, ranks with ties, grades and vetoes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NoReturn

from analytics.faults import N_, Fault
from analytics.figures import mean, round_half_up
from analytics.grading import Graded, Standing, grade_class
from analytics.merge_result import (
    Adjustment,
    GradeReason,
    MergeFlag,
    Rounded,
    UnitResult,
    WorkEntry,
)
from analytics.rules.rule_set import RuleSet
from analytics.social_result import SocialResult, UnitScore

__all__ = [
    "Adjustment",
    "GradeReason",
    "MergeFlag",
    "Rounded",
    "UnitResult",
    "WorkEntry",
    "combine",
    "work_scores",
]

_UNGRADED = Graded(None, ())


def work_scores(entries: Iterable[WorkEntry], rules: RuleSet) -> dict[str, Fraction]:
    """Return W of every unit with an indicator that applies: scored over full marks, times 70."""
    scored: dict[str, list[Fraction]] = {}
    full: dict[str, list[Fraction]] = {}
    seen = set()
    for entry in entries:
        if (entry.unit, entry.indicator) in seen:
            _refuse(N_("unit “%(unit)s” has indicator “%(indicator)s” twice"), entry)
        seen.add((entry.unit, entry.indicator))
        _check_entry(entry)
        if entry.applies and _feeds(entry, rules):
            scored.setdefault(entry.unit, []).append(_fraction(entry.score or 0))
            full.setdefault(entry.unit, []).append(_fraction(entry.full_marks))
    marks = Fraction(rules.work_full_marks)
    return {unit: marks * mean(scored[unit]) / mean(full[unit]) for unit in full}


@lru_cache(4096)  # the same few points come again and again
def _fraction(number: Fraction | Decimal | int) -> Fraction:
    return Fraction(number)


def combine(
    social: SocialResult,
    work: Mapping[str, Fraction] | None,
    rules: RuleSet,
    adjustments: Iterable[Adjustment] = (),
    vetoes: Collection[str] = frozenset(),
) -> tuple[UnitResult, ...]:
    """Return every unit's total, rank and grade, in the order of the social result.

    Without work scores there is no total and no grade, and the rank goes by the social score.
    """
    known = {score.unit.code for score in social.units}
    asked = _asked(adjustments, known)
    _check_known([*(work or {}), *vetoes], known)
    standings = {
        score.unit.code: _standing(score, work, asked, rules, score.unit.code in vetoes)
        for score in social.units
    }
    ranks: dict[str, int] = {}
    grades: dict[str, Graded] = {}
    for unit_class in dict.fromkeys(score.unit.unit_class for score in social.units):
        members = [
            standings[score.unit.code]
            for score in social.units
            if score.unit.unit_class == unit_class and score.unit.ranked
        ]
        ranks.update(_ranks(members, by_total=work is not None))
        grades.update(grade_class(members, rules))
    return tuple(
        _result(score, standings[score.unit.code], asked, work, ranks, grades)
        for score in social.units
    )


def _check_entry(entry: WorkEntry) -> None:
    if entry.full_marks <= 0:
        _refuse(N_("unit “%(unit)s”, indicator “%(indicator)s”: full marks must be above 0"), entry)
    if not entry.applies:
        return
    if entry.score is None:
        _refuse(N_("unit “%(unit)s”, indicator “%(indicator)s”: the score is missing"), entry)
    if not 0 <= entry.score <= entry.full_marks:
        _refuse(
            N_("unit “%(unit)s”, indicator “%(indicator)s”: the score is not 0 to full marks"),
            entry,
        )


def _refuse(message: str, entry: WorkEntry) -> NoReturn:
    raise Fault(message, "work scores", unit=entry.unit, indicator=entry.indicator)


def _feeds(entry: WorkEntry, rules: RuleSet) -> bool:
    return rules.work_aspects is None or entry.aspect in rules.work_aspects


def _asked(adjustments: Iterable[Adjustment], known: Collection[str]) -> dict[str, Fraction]:
    """Return the plain sum of each unit's adjustments."""
    asked: dict[str, Fraction] = {}
    for adjustment in adjustments:
        _check_known([adjustment.unit], known)
        points = Fraction(adjustment.points)
        asked[adjustment.unit] = asked.get(adjustment.unit, Fraction(0)) + points
    return asked


def _check_known(units: Iterable[str], known: Collection[str]) -> None:
    for unit in units:
        if unit not in known:
            raise Fault(N_("the unit “%(code)s” is not known"), "merge", code=unit)


def _standing(
    score: UnitScore,
    work: Mapping[str, Fraction] | None,
    asked: Mapping[str, Fraction],
    rules: RuleSet,
    vetoed: bool,
) -> Standing:
    """Return a unit's rounded figures: each of W, S and J once, T as their sum."""
    code = score.unit.code
    limit = Fraction(rules.adjustment_limit)
    adjustment = max(-limit, min(limit, asked.get(code, Fraction(0))))
    rounded_work = _rounded(None if work is None else work.get(code), rules)
    rounded_social = _rounded(score.social, rules)
    rounded_adjustment = round_half_up(adjustment, rules.rounding)
    total = None
    if rounded_work is not None and rounded_social is not None:
        total = rounded_work + rounded_social + rounded_adjustment
    return Standing(
        unit=code,
        total=total,
        social=score.social,
        composite=score.composite,
        adjustment=adjustment,
        rounded_work=rounded_work,
        rounded_social=rounded_social,
        rounded_direct=_rounded(score.direct, rules),
        rounded_adjustment=rounded_adjustment,
        vetoed=vetoed,
    )


def _rounded(value: Fraction | None, rules: RuleSet) -> Decimal | None:
    return None if value is None else round_half_up(value, rules.rounding)


def _ranks(members: Sequence[Standing], *, by_total: bool) -> dict[str, int]:
    """Return the place of every unit that has the figure; equal figures share a place."""
    figures = {m.unit: m.total if by_total else m.social for m in members}
    present = {unit: Fraction(figure) for unit, figure in figures.items() if figure is not None}
    descending = sorted(present.values(), reverse=True)
    first: dict[Fraction, int] = {}
    for place, figure in enumerate(descending, start=1):
        first.setdefault(figure, place)
    return {unit: first[figure] for unit, figure in present.items()}


def _result(
    score: UnitScore,
    standing: Standing,
    asked: Mapping[str, Fraction],
    work: Mapping[str, Fraction] | None,
    ranks: Mapping[str, int],
    grades: Mapping[str, Graded],
) -> UnitResult:
    code = score.unit.code
    graded = grades.get(code, _UNGRADED)
    plain_sum = asked.get(code, Fraction(0))
    flags = {
        MergeFlag.NOT_RANKED: not score.unit.ranked,
        MergeFlag.NO_WORK_SCORE: work is not None and code not in work,
        MergeFlag.ADJUSTMENT_CUT: plain_sum != standing.adjustment,
        MergeFlag.VETOED: standing.vetoed,
    }
    return UnitResult(
        unit=score.unit,
        score=score,
        composite=score.composite,
        direct=score.direct,
        social=score.social,
        work=None if work is None else work.get(code),
        adjustment_asked=plain_sum,
        adjustment=standing.adjustment,
        total=standing.total,
        rounded=Rounded(
            direct=standing.rounded_direct,
            social=standing.rounded_social,
            work=standing.rounded_work,
            adjustment=standing.rounded_adjustment,
            total=standing.total,
        ),
        rank=ranks.get(code),
        grade=graded.grade,
        grade_reasons=graded.reasons,
        vetoed=standing.vetoed,
        flags=(*score.flags, *(flag for flag, holds in flags.items() if holds)),
    )
