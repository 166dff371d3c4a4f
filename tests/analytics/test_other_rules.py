from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.other_rules import (
    other_conversions,
    other_points,
    usual_points,
    without_padding,
)
from analytics.rankings import ranks_of
from analytics.rules.rule_set import Conversion, Method
from analytics.shaping import option_points, pattern_counts, score_counts
from analytics.social import Unit, score
from analytics.tally import Cell, Tally
from tests.analytics.rule_documents import rules

ITEMS = [{"code": f"i{n}", "words": f"项{n}", "weight": n + 1} for n in range(3)]
GROUPS = [
    {"code": "citizens", "words": "群众", "weight": 60, "floor": 10},
    {"code": "npc", "words": "代表", "weight": 40, "floor": 2},
]
UNITS = [Unit(f"U{n}", "一", "c" if n < 4 else "d") for n in range(6)]
WEIGHTS = np.array([1.0, 2.0, 3.0])
tallies = st.dictionaries(
    st.tuples(
        st.sampled_from(["citizens", "npc"]),
        st.sampled_from([unit.code for unit in UNITS]),
        st.text("ABCDEN-", min_size=3, max_size=3),
    ),
    st.integers(1, 15),
    min_size=1,
    max_size=30,
).map(
    lambda counts: Tally({Cell(g, "open", u, pattern): n for (g, u, pattern), n in counts.items()})
)


def rules_with(small_samples, **changes):
    return rules(
        groups=GROUPS, items=ITEMS, min_items_scored=2, small_samples=small_samples, **changes
    )


def with_points(made, points):
    options = tuple(
        replace(option, points=None if np.isnan(worth) else Decimal(str(worth)))
        for option, worth in zip(made.options, points, strict=True)
    )
    return replace(made, options=options)


def composites(tally, made, unit_class="c"):
    of_class = [u for u in score(tally, made, UNITS).units if u.unit.unit_class == unit_class]
    return [np.nan if u.composite is None else float(u.composite) for u in of_class]


def asked(tally, made, points):
    scores = score_counts(score(tally, made, UNITS), made)
    cells = pattern_counts(tally, made, UNITS)
    return other_points(cells, scores, "c", option_points(made), {"other": points}, WEIGHTS)[0]


OTHER = np.array([100, 75, 50, 25, 0, np.nan])


@settings(max_examples=60)
@given(tallies)
def test_other_points_are_what_the_rules_with_these_points_give(tally):
    made = rules_with("none")
    found = asked(tally, made, OTHER)
    expected = composites(tally, with_points(made, OTHER))
    assert found.scores == pytest.approx(expected, nan_ok=True)
    assert found.rank.tolist() == ranks_of(np.array(expected)).tolist()


@settings(max_examples=60)
@given(tallies, st.sampled_from(["pad", "none", "shrink"]))
def test_the_official_points_give_the_official_ranking(tally, small_samples):
    made = rules_with(small_samples)
    found = asked(tally, made, option_points(made))
    assert found.scores == pytest.approx(composites(tally, made), nan_ok=True)
    assert not found.moved.any()


def test_what_pads_moves_with_the_units_that_are_not_padded():
    full = {("citizens", f"U{n}", p): 6 for n in range(3) for p in ("AAB", "BCE", "ADD")[: n + 1]}
    thin = {("citizens", "U3", "CCC"): 2, ("npc", "U1", "ABC"): 5}
    tally = Tally({Cell(g, "open", u, p): n + 5 for (g, u, p), n in full.items()})
    tally += Tally({Cell(g, "open", u, p): n for (g, u, p), n in thin.items()})
    made = rules_with("pad")
    expected = composites(tally, with_points(made, OTHER))
    assert asked(tally, made, OTHER).scores == pytest.approx(expected)


@pytest.mark.parametrize(
    ("official", "expected"),
    [
        pytest.param(
            [100, 80, 60, 30, 0, np.nan],
            {
                "equal_steps": [100, 75, 50, 25, 0, np.nan],
                "top_box": [100, 0, 0, 0, 0, np.nan],
                "100/80/60/30/0": [100, 80, 60, 30, 0, np.nan],
            },
            id="five options and one without points",
        ),
        pytest.param(
            [55, 75, 100],
            {"equal_steps": [0, 50, 100], "top_box": [0, 0, 100]},
            id="three, ascending",
        ),
        pytest.param([50], {}, id="nothing to choose from"),
    ],
)
def test_usual_points(official, expected):
    made = usual_points(np.array(official, float))
    assert list(made) == list(expected)
    for name, points in made.items():
        assert points == pytest.approx(expected[name], nan_ok=True)


def test_points_that_cannot_be_translated_are_refused():
    made = rules_with("none")
    tally = Tally({Cell("npc", "open", "U0", "AAA"): 1})
    scores = score_counts(score(tally, made, UNITS), made)
    cells = pattern_counts(tally, made, UNITS)
    for official, other in (([100, 100, 0], [100, 75, 0]), ([80, 0], [100, 0]), ([100], [1, 2])):
        points = {"other": np.array(other, float)}
        with pytest.raises(ValueError):
            other_points(cells, scores, "c", np.array(official, float), points, WEIGHTS)


@settings(max_examples=60)
@given(tallies, st.sampled_from(list(Method)), st.sampled_from([2, 5]))
def test_conversions_are_what_the_official_method_gives(tally, method, min_units):
    conversion = Conversion(method, floor_percent=Decimal(97), min_units=min_units)
    made = replace(rules_with("pad"), conversion=conversion)
    result = score(tally, made, UNITS)
    scores = score_counts(result, made)
    members = scores.members("c")
    found = other_conversions(
        scores.counted_means[members], scores.shares[members], made.conversion, 30.0
    )
    expected = [
        np.nan if u.social is None else float(u.social)
        for u in result.units
        if u.unit.unit_class == "c"
    ]
    of_method = {one.name: one for one in found}[method.value]
    assert of_method.scores == pytest.approx(expected, nan_ok=True)
    if method in {Method.DIRECT, Method.RATIO} and np.nansum(expected):
        assert not of_method.moved.any()


def test_rounding_makes_ties_and_a_half_goes_up():
    means = np.array([[89.9834], [89.9800], [26.995 / 0.3], [26.9949 / 0.3]])
    found = other_conversions(means, np.ones((4, 1)), Conversion(), 30.0)[-1]
    assert found.name == "rounded"
    assert found.scores == pytest.approx([27.0, 26.99, 27.0, 26.99])
    assert found.rank.tolist() == [1, 3, 1, 3]


@given(tallies, st.sampled_from(["pad", "none"]))
def test_without_padding_is_the_unpadded_composite(tally, small_samples):
    made = rules_with(small_samples)
    result = score(tally, made, UNITS)
    found = without_padding(score_counts(result, made), "c")
    expected = [
        np.nan if u.composite_unpadded is None else float(u.composite_unpadded)
        for u in result.units
        if u.unit.unit_class == "c"
    ]
    assert found.scores == pytest.approx(expected, nan_ok=True)
