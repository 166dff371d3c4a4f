from decimal import Decimal
from fractions import Fraction

import pytest

from analytics.faults import Fault
from analytics.merge import (
    Adjustment,
    GradeReason,
    MergeFlag,
    WorkEntry,
    combine,
    work_scores,
)
from analytics.rules import preset
from analytics.social import Flag, SocialResult, Unit, UnitScore
from analytics.tally import Tally
from tests.analytics.rule_documents import rules

DEFAULT = preset("default")


def social(scores, composites=None, directs=None, unit_class="c", unranked=()):
    """Return a social result with given official scores; composites default to 87."""
    made = tuple(
        UnitScore(
            Unit(code, code, unit_class, code not in unranked),
            (),
            composite=None if figure is None else Fraction((composites or {}).get(code, 87)),
            direct=None if figure is None else Fraction((directs or {}).get(code, figure)),
            social=None if figure is None else Fraction(figure),
            flags=() if figure is not None else (Flag.NO_VALID_BALLOTS,),
        )
        for code, figure in scores.items()
    )
    return SocialResult("", Tally.empty(), made, (), (), ())


def by_code(results):
    return {result.unit.code: result for result in results}


def entry(indicator, full_marks, score, **more):
    return WorkEntry("U", indicator, Decimal(full_marks), score and Decimal(score), **more)


S9_WORK = [
    entry("FUNC", 35, "33.2"),
    entry("LAW-1", 6, "5.1"),
    entry("LAW-2", 4, None, applies=False),
    entry("INNOV", 10, "8.5"),
    entry("EFFIC", 15, "13.4"),
]


def test_s9_an_indicator_that_does_not_apply_leaves_both_sums():
    work = work_scores(S9_WORK, DEFAULT)["U"]
    assert work == Fraction(70) * Fraction("60.2") / 66
    assert by_code(combine(social({"U": 26}), {"U": work}, DEFAULT))["U"].rounded.work == (
        Decimal("63.85")
    )


@pytest.mark.parametrize(
    ("points", "total", "cut"),
    [
        pytest.param(["1.20"], "91.41", False, id="a bonus"),
        pytest.param(["6.00"], "95.21", True, id="a bonus over the limit"),
        pytest.param(["7.00", "-3.00"], "94.21", False, id="the sum is what the limit holds"),
        pytest.param(["-9.00"], "85.21", True, id="a deduction over the limit"),
        pytest.param([], "90.21", False, id="nothing"),
    ],
)
def test_s9_the_merge(points, total, cut):
    adjustments = [Adjustment("U", Decimal(each), "reason") for each in points]
    work = work_scores(S9_WORK, DEFAULT)
    result = by_code(combine(social({"U": "26.36"}), work, DEFAULT, adjustments))["U"]
    assert result.total == result.rounded.total == Decimal(total)
    assert (MergeFlag.ADJUSTMENT_CUT in result.flags) is cut
    assert result.adjustment_asked == sum(map(Fraction, points))


S10 = {  # unit: total, social
    "a": ("94.10", "26.00"),
    "b": ("93.20", "26.00"),
    "c": ("92.75", "26.00"),
    "d": ("91.60", "26.10"),
    "e": ("91.60", "25.80"),
    "f": ("89.99", "26.00"),
    "g": ("88.40", "26.00"),
    "h": ("79.95", "26.00"),
    "i": ("71.30", "26.00"),
    "j": ("59.80", "26.00"),
}


def graded(totals, vetoes=frozenset(), rules_=DEFAULT, **more):
    """Return the results of units given as {code: (total, social)}."""
    scores = {code: points for code, (_, points) in totals.items()}
    work = {code: Fraction(total) - Fraction(points) for code, (total, points) in totals.items()}
    return by_code(combine(social(scores, **more), work, rules_, vetoes=vetoes))


def test_s10_ranks_ties_veto_and_grades():
    results = graded(S10, vetoes={"b"})
    assert [r.rank for r in results.values()] == [1, 2, 3, 4, 4, 6, 7, 8, 9, 10]
    assert "".join(r.grade[0] for r in results.values()) == "egeegggffp"
    assert results["b"].grade_reasons == (GradeReason.VETO,)
    assert results["e"].grade_reasons == (GradeReason.TIE_LOST,)
    assert results["a"].grade_reasons == (GradeReason.TOTAL,)
    assert MergeFlag.VETOED in results["b"].flags


@pytest.mark.parametrize(
    ("directs", "best", "reason"),
    [
        pytest.param({"d": "26.2", "e": "26.1"}, "acd", GradeReason.TIE_LOST, id="higher direct"),
        pytest.param({"d": "26.1", "e": "26.1"}, "acde", GradeReason.TIE_SHARED, id="else both"),
        pytest.param(
            {"d": "26.1001", "e": "26.1"}, "acde", GradeReason.TIE_SHARED, id="as they are printed"
        ),
    ],
)
def test_a_tie_at_the_last_place(directs, best, reason):
    tied = {**S10, "e": ("91.60", "26.10")}
    results = graded(tied, vetoes={"b"}, directs=directs)
    assert "".join(code for code, r in results.items() if r.grade == "excellent") == best
    assert results["e"].grade_reasons == (reason,)


def test_a_low_composite_is_fair_at_most_and_uses_no_place():
    results = graded(S10, composites={"a": "59.99"})
    assert (results["a"].grade, results["a"].rank) == ("fair", 1)
    assert results["a"].grade_reasons == (GradeReason.COMPOSITE_FLOOR,)
    assert [results[code].grade for code in "bcd"] == ["excellent"] * 3
    assert graded(S10, composites={"a": "60"})["a"].grade == "excellent"


def test_even_the_smallest_class_has_one_place_of_the_best_grade():
    results = graded({"a": ("95", "26"), "b": ("94", "26")})
    assert [r.grade for r in results.values()] == ["excellent", "good"]
    assert results["b"].grade_reasons == (GradeReason.SHARE_FULL,)


def test_a_veto_does_not_lift_a_poor_unit():
    assert graded({"a": ("50", "26")}, vetoes={"a"})["a"].grade == "poor"


def test_without_a_share_every_total_above_the_threshold_is_best():
    grades = DEFAULT.document()["grades"]
    grades[0]["share_percent"] = None
    free = rules(grades=grades)
    assert {r.grade for r in graded(S10, rules_=free).values()} >= {"excellent"}
    assert [r.grade for r in graded(S10, rules_=free).values()][:5] == ["excellent"] * 5


def test_a_total_below_zero_has_the_lowest_grade():
    result = by_code(
        combine(social({"U": 0}), {"U": Fraction(0)}, DEFAULT, [Adjustment("U", Decimal(-5))])
    )["U"]
    assert (result.total, result.grade) == (-5, "poor")


def test_units_that_are_not_ranked_are_scored_and_leave_places_to_others():
    results = graded(S10, unranked={"a"})
    assert (results["a"].total, results["a"].rank, results["a"].grade) == (
        Decimal("94.10"),
        None,
        None,
    )
    assert MergeFlag.NOT_RANKED in results["a"].flags
    assert results["b"].rank == 1


def test_without_work_scores_the_rank_goes_by_the_unrounded_social_score():
    results = by_code(combine(social({"a": "26.001", "b": "26.002", "c": "26.002"}), None, DEFAULT))
    assert {code: r.rank for code, r in results.items()} == {"a": 3, "b": 1, "c": 1}
    assert {(r.total, r.work, r.grade) for r in results.values()} == {(None, None, None)}


def test_a_unit_without_a_social_score_has_no_total_and_no_rank():
    results = by_code(
        combine(social({"a": None, "b": "20"}), {"a": Fraction(60), "b": Fraction(60)}, DEFAULT)
    )
    assert (results["a"].total, results["a"].rank, results["a"].grade) == (None, None, None)
    assert Flag.NO_VALID_BALLOTS in results["a"].flags
    assert results["b"].rank == 1


def test_a_unit_without_a_work_score_among_units_with_one_has_no_total():
    results = by_code(combine(social({"a": 20, "b": 20}), {"b": Fraction(60)}, DEFAULT))
    assert (results["a"].total, results["a"].rank) == (None, None)
    assert MergeFlag.NO_WORK_SCORE in results["a"].flags
    assert MergeFlag.NO_WORK_SCORE not in results["b"].flags


def test_each_class_is_ranked_by_itself():
    one, other = social({"a": 20, "b": 25}), social({"x": 10}, unit_class="d")
    both = SocialResult("", Tally.empty(), one.units + other.units, (), (), ())
    assert [r.rank for r in combine(both, None, DEFAULT)] == [2, 1, 1]


def test_only_the_aspects_that_the_rules_name_feed_the_work_score():
    chosen = rules(work_aspects=["FUNC"])
    entries = [
        entry("F-1", 10, "9", aspect="FUNC"),
        entry("S-1", 10, "1", aspect="SATISFACTION"),
    ]
    assert work_scores(entries, chosen) == {"U": 63}
    assert work_scores(entries, DEFAULT) == {"U": 35}


def test_a_unit_to_which_nothing_applies_has_no_work_score():
    assert work_scores([entry("F", 10, None, applies=False)], DEFAULT) == {}


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([entry("F", 10, 11)], "not 0 to full marks"),
        ([entry("F", 10, -1)], "not 0 to full marks"),
        ([entry("F", 0, 0)], "full marks must be above 0"),
        ([entry("F", 10, None)], "the score is missing"),
        ([entry("F", 10, 1), entry("F", 10, 1)], "has indicator “F” twice"),
    ],
)
def test_work_scores_that_cannot_be_are_refused(entries, message):
    with pytest.raises(Fault, match=message):
        work_scores(entries, DEFAULT)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param({"work": {"V": Fraction(1)}}, id="work"),
        pytest.param({"adjustments": [Adjustment("V", Decimal(1))]}, id="adjustment"),
        pytest.param({"vetoes": {"V"}}, id="veto"),
    ],
)
def test_figures_of_unknown_units_are_refused(arguments):
    with pytest.raises(Fault, match="the unit “V” is not known"):
        combine(social({"U": 20}), **{"work": None, "rules": DEFAULT, **arguments})
