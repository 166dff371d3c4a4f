import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.faults import Fault
from analytics.pair_tables import pair_tables
from analytics.severity.crossed_effects import crossed_effects
from analytics.severity.two_way import two_way_effects
from analytics.shapes import RatingRows
from tests.analytics.made_ratings import STATS, insteval_small, made_ratings

LMER = json.loads((STATS / "insteval_small.json").read_text(encoding="utf-8"))["expected"]
EXPECTED = json.loads((STATS / "severity_lmer.json").read_text(encoding="utf-8"))
VARIANCES = ("unit_variance", "appraiser_variance", "residual_variance")


def ratings_of(table):
    """Return rows from a table of appraisers × units, NaN where nothing was rated."""
    table = np.array(table, float)
    who, unit = np.nonzero(~np.isnan(table))
    return RatingRows(*table.shape, who, unit, table[who, unit])


def test_crossed_effects_of_real_ratings_are_those_of_lmer():
    ratings, units = insteval_small()
    found, lmer = crossed_effects(pair_tables(ratings)), LMER["lmer"]
    assert units.tolist() == LMER["unit"]
    assert found.unit_variance == pytest.approx(lmer["var"]["unit"], rel=1e-4)
    assert found.appraiser_variance == pytest.approx(lmer["var"]["appraiser"], rel=1e-4)
    assert found.residual_variance == pytest.approx(lmer["var"]["Residual"], rel=1e-4)
    assert found.mean == pytest.approx(lmer["intercept"], abs=1e-6)
    assert found.reml == pytest.approx(lmer["reml"], abs=1e-7)
    assert found.effects == pytest.approx(np.array(lmer["blup"]), abs=2e-4)
    errors = np.sqrt(found.prediction_variances)
    assert errors == pytest.approx(np.array(lmer["cond_sd"]), abs=2e-4)
    exact = EXPECTED["insteval_small"]  # lmer asked to search further
    assert found.appraiser_variance == pytest.approx(exact["appraiser_variance"], rel=1e-4)
    assert found.mean_se == pytest.approx(exact["mean_se"], rel=1e-5)
    assert (found.ratings, found.appraisers, found.is_singular) == (464, 284, False)


@pytest.mark.parametrize("name", EXPECTED["made"])
def test_crossed_effects_of_made_ratings_are_those_of_lmer(name):
    lmer = EXPECTED["made"][name]
    ratings = made_ratings(**lmer["arguments"])
    assert ratings.unit.size == lmer["ratings"]
    found, units = crossed_effects(pair_tables(ratings)), lmer["units"]
    for variance in VARIANCES:
        assert getattr(found, variance) == pytest.approx(lmer[variance], rel=2e-5, abs=1e-9)
    assert found.mean == pytest.approx(lmer["mean"], abs=1e-6)
    assert found.mean_se == pytest.approx(lmer["mean_se"], rel=1e-5)
    assert found.reml == pytest.approx(lmer["reml"], abs=1e-7)
    assert found.is_singular == lmer["singular"]
    assert found.effects[units] == pytest.approx(np.array(lmer["blup"]), abs=2e-4)
    errors = np.sqrt(found.prediction_variances[units])
    assert errors == pytest.approx(np.array(lmer["cond_sd"]), abs=2e-4)


def test_prediction_variances_are_those_of_the_mixed_model_equations():
    """Henderson's equations, written out with every effect (Searle et al. 1992, §7.6)."""
    ratings = made_ratings(7, 12, 5, 0.5, 4, 4, 4)
    found = crossed_effects(pair_tables(ratings))
    size = ratings.unit.size
    design = np.column_stack(
        [
            np.ones(size),
            np.equal.outer(ratings.unit, np.arange(5)),
            np.equal.outer(ratings.appraiser, np.arange(12)),
        ]
    ).astype(float)
    prior = np.r_[0, np.full(5, 1 / found.unit_variance), np.full(12, 1 / found.appraiser_variance)]
    inverse = np.linalg.inv(design.T @ design / found.residual_variance + np.diag(prior))
    solution = inverse @ design.T @ ratings.value / found.residual_variance
    assert found.mean == pytest.approx(solution[0])
    assert found.effects == pytest.approx(solution[1:6])
    assert found.mean_se**2 == pytest.approx(inverse[0, 0])
    means = np.column_stack([np.ones(5), np.eye(5)])
    expected = np.diag(means @ inverse[:6, :6] @ means.T)
    assert found.adjusted_variances == pytest.approx(expected)


def test_complete_blocks_have_the_variances_of_the_analysis_of_variance():
    """Searle, Casella & McCulloch 1992, §4.7: REML is ANOVA where all estimates are positive."""
    table = np.array([[61, 70, 75, 90], [50, 62, 70, 77], [66, 71, 88, 93], [40, 58, 61, 80]])
    found = crossed_effects(pair_tables(ratings_of(table)))
    rest = table - table.mean(0) - table.mean(1)[:, None] + table.mean()
    residual = (rest**2).sum() / 9
    assert found.residual_variance == pytest.approx(residual, rel=1e-5)
    assert found.unit_variance == pytest.approx(table.mean(0).var(ddof=1) - residual / 4, rel=1e-4)
    expected = table.mean(1).var(ddof=1) - residual / 4
    assert found.appraiser_variance == pytest.approx(expected, rel=1e-4)
    assert found.mean == pytest.approx(table.mean())


nan = np.nan


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(np.zeros((0, 3)), id="no appraisers"),
        pytest.param([[nan, nan]], id="nobody rated"),
        pytest.param([[70]], id="one rating"),
        pytest.param([[70], [60], [80]], id="one unit"),
        pytest.param([[70, 60, 80]], id="one appraiser"),
        pytest.param([[70, nan], [60, nan], [nan, 90]], id="everybody rated one unit"),
        pytest.param([[70, 60, nan], [nan, 70, 20]], id="a chain"),
        pytest.param(
            [[1, 2, nan, nan], [3, 4, nan, nan], [nan, nan, 1, 5], [nan, nan, 3, 7]],
            id="two parts without chance",
        ),
    ],
)
def test_what_cannot_be_told_is_refused(table):
    with pytest.raises(Fault):
        crossed_effects(pair_tables(ratings_of(table)))


@pytest.mark.parametrize(
    ("table", "unit_variance", "appraiser_variance", "mean"),
    [
        pytest.param([[7, 7], [7, 7], [7, 7]], 0, 0, 7, id="all equal"),
        pytest.param([[7, 7, nan, nan]] * 2 + [[nan, nan, 7, 7]] * 2, 0, 0, 7, id="equal, 2 parts"),
        pytest.param([[10, 20, 60]] * 4, 700, 0, 30, id="all of one opinion"),
        pytest.param([[10, 10, 10], [40, 40, 40]], 0, 450, 25, id="only severity"),
        pytest.param([[1, 2, nan], [4, 5, 9], [7, 8, 12]], 7, 9, 6, id="a sum"),
    ],
)
def test_without_chance_the_effects_are_known(table, unit_variance, appraiser_variance, mean):
    found = crossed_effects(pair_tables(ratings_of(table)))
    assert found.unit_variance == pytest.approx(unit_variance)
    assert found.appraiser_variance == pytest.approx(appraiser_variance)
    assert found.mean == pytest.approx(mean)
    assert (found.residual_variance, found.reml) == (0, -np.inf)
    assert found.is_singular
    assert found.effects.sum() == pytest.approx(0)


def test_a_unit_without_ratings_is_predicted_by_the_mean():
    table = np.array([[61, 70, nan], [50, 66, nan], [66, 71, nan]])
    found = crossed_effects(pair_tables(ratings_of(table)))
    assert found.effects[2] == 0
    assert found.prediction_variances[2] == pytest.approx(found.unit_variance)
    assert found.adjusted_variances[2] == pytest.approx(found.unit_variance + found.mean_se**2)


def test_of_two_lowest_points_the_lower_one_is_found():
    """The other one, 83.413 with no severity at all, is where a search from the middle ends."""
    table = [
        [nan, 92, nan, 86, nan, 97, nan],
        [0, nan, nan, nan, 62, 100, 100],
        [nan, 81, nan, nan, nan, nan, 87],
        [22, nan, nan, nan, nan, nan, nan],
    ]
    found = crossed_effects(pair_tables(ratings_of(table)))
    assert found.reml == pytest.approx(81.5317, abs=1e-3)
    assert found.appraiser_variance == pytest.approx(219.319, rel=1e-3)


few = st.integers(0, 2**32 - 1).map(lambda seed: made_ratings(seed, 25, 6, 0.4, 5, 5, 6))


@given(few, st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_the_order_of_appraisers_and_rows_changes_nothing(ratings, random):
    order = np.array(random.sample(range(ratings.unit.size), ratings.unit.size))
    names = np.array(random.sample(range(25), 25))
    shuffled = RatingRows(
        25, 6, names[ratings.appraiser[order]], ratings.unit[order], ratings.value[order]
    )
    same_fit(crossed_effects(pair_tables(shuffled)), crossed_effects(pair_tables(ratings)))


@given(few, st.integers(1, 24))
@settings(max_examples=15, deadline=None)
def test_tables_of_two_halves_fit_like_tables_of_all(ratings, cut):
    first = ratings.appraiser < cut
    halves = [
        RatingRows(size, 6, ratings.appraiser[m] - low, ratings.unit[m], ratings.value[m])
        for m, low, size in ((first, 0, cut), (~first, cut, 25 - cut))
    ]
    added = pair_tables(halves[0]) + pair_tables(halves[1])
    same_fit(crossed_effects(added), crossed_effects(pair_tables(ratings)))


@given(few, st.integers(-50, 50))
@settings(max_examples=15, deadline=None)
def test_points_given_to_all_raise_the_mean_alone(ratings, points):
    raised = replace(ratings, value=ratings.value + points)
    found, before = (crossed_effects(pair_tables(one)) for one in (raised, ratings))
    same_fit(replace(found, mean=found.mean - points), before)


def same_fit(found, expected):
    for name in (*VARIANCES, "mean", "reml"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-5, abs=1e-5)
    assert found.effects == pytest.approx(expected.effects, abs=1e-4)


@pytest.mark.parametrize("name", ["insteval_small", *EXPECTED["made"]])
def test_two_way_effects_are_those_of_least_squares_on_all_columns(name):
    lm = EXPECTED[name] if name == "insteval_small" else EXPECTED["made"][name]
    ratings = insteval_small()[0] if "arguments" not in lm else made_ratings(**lm["arguments"])
    found = two_way_effects(pair_tables(ratings))
    assert found.rank == lm["rank"]
    assert found.residual_variance == pytest.approx(lm["lm_variance"])
    if "from_first" in lm:  # R leaves columns out where there are several parts
        units = lm.get("units", range(14))
        first = units[0]
        differences = found.effects[units] - found.effects[first]
        assert differences == pytest.approx(np.array(lm["from_first"]))
        errors = found.difference_errors[first, units]
        assert errors == pytest.approx(np.array(lm["from_first_se"]), abs=1e-7)


def test_two_way_effects_of_real_ratings_have_the_rank_of_the_reference():
    found, reference = two_way_effects(pair_tables(insteval_small()[0])), LMER["twoway"]
    assert found.rank == reference["rank"]
    assert found.part_count == reference["parts"]
    assert found.rank - 14 + found.part_count == found.appraisers


@given(
    st.integers(0, 2**32 - 1).map(lambda seed: made_ratings(seed, 12, 6, 0.3, 5, 5, 6)),
    st.integers(0, 11),
    st.floats(-60, 60),
)
@settings(max_examples=40, deadline=None)
def test_a_stricter_appraiser_changes_no_two_way_effect(ratings, who, points):
    value = ratings.value + np.where(ratings.appraiser == who, points, 0.0)
    found = two_way_effects(pair_tables(replace(ratings, value=value)))
    before = two_way_effects(pair_tables(ratings))
    assert found.effects == pytest.approx(before.effects, abs=1e-8, nan_ok=True)
    assert found.spare == before.spare


@given(st.integers(0, 2**32 - 1).map(lambda seed: made_ratings(seed, 8, 7, 0.25, 5, 5, 6)))
@settings(max_examples=40, deadline=None)
def test_two_way_effects_keep_each_part_s_mean_and_solve_the_whole_problem(ratings):
    if ratings.unit.size == 0:
        return
    found = two_way_effects(pair_tables(ratings))
    design = np.column_stack(
        [
            np.equal.outer(ratings.unit, np.arange(7)),
            np.equal.outer(ratings.appraiser, np.arange(8)),
        ]
    ).astype(float)
    assert found.rank == np.linalg.matrix_rank(design)
    whole = np.linalg.lstsq(design, ratings.value, rcond=None)[0]
    rest = ((ratings.value - design @ whole) ** 2).sum()
    if found.spare:
        assert found.residual_variance * found.spare == pytest.approx(rest, abs=1e-6)
    else:
        assert np.isnan(found.residual_variance)
    for part in range(found.part_count):
        rows = found.parts[ratings.unit] == part
        members = found.parts == part
        differences = (found.effects - whole[:7])[members]
        assert differences == pytest.approx(np.full(members.sum(), differences[0]), abs=1e-6)
        kept = found.adjusted_means[ratings.unit[rows]].mean()
        assert kept == pytest.approx(ratings.value[rows].mean())
