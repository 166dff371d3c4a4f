import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analytics.faults import Fault
from analytics.weighting.calibrated_means import calibrated_mean, unit_means
from analytics.weighting.calibration import Bounds
from analytics.weighting.weights import (
    JointTargets,
    Margin,
    design_effect,
    effective_n,
    margin_miss,
    post_stratify,
    rake,
    trim,
)

STATS = Path(__file__).parents[1] / "data" / "stats"
EXPECTED = json.loads((STATS / "apistrat.json").read_text())["expected"]
with (STATS / "apistrat.csv").open() as lines:
    SCHOOLS = list(csv.DictReader(lines))
STYPES, AWARDS = ("E", "H", "M"), ("No", "Yes")
API = np.array([float(school["api00"]) for school in SCHOOLS])
PW = np.array([float(school["pw"]) for school in SCHOOLS])
CODES = np.array(
    [[STYPES.index(school["stype"]), AWARDS.index(school["awards"])] for school in SCHOOLS]
)
WIDE = np.array([int(school["sch.wide"] == "Yes") for school in SCHOOLS])


def stype_and_awards(stype=(4421, 755, 1018), awards=(2200, 3994)):
    return [
        Margin("stype", STYPES, np.array(stype, float)),
        Margin("awards", AWARDS, np.array(awards, float)),
    ]


RAKED = rake(PW, CODES, stype_and_awards(), tolerance=1e-13)


def factor_of(weighted, *cell):
    return weighted.factors[(weighted.cells == cell).all(axis=1)][0]


def test_raked_weights_are_those_of_r_survey():
    found = rake(PW, CODES, stype_and_awards())
    assert found.has_converged
    assert found.largest_miss <= 1e-10
    cells = EXPECTED["rake_cells"]
    for stype, award, weight in zip(cells["stype"], cells["awards"], cells["w"], strict=True):
        members = (CODES[:, 0] == STYPES.index(stype)) & (CODES[:, 1] == AWARDS.index(award))
        assert found.weights[members] == pytest.approx(weight, abs=1e-6)
    assert found.weights.sum() == pytest.approx(6194)
    assert design_effect(PW) == pytest.approx(EXPECTED["kish"], abs=1e-12)


@pytest.mark.parametrize(
    ("base", "strata", "mean", "se"),
    [
        # survey::rake leaves the base weights out of its regression of residuals.
        pytest.param(
            np.ones(200),
            None,
            EXPECTED["mean_raked"]["est"],
            EXPECTED["mean_raked"]["se"],
            id="survey::rake",
        ),
        pytest.param(PW, None, 662.4977659618, 9.448994418162, id="survey::calibrate(raking)"),
        pytest.param(PW, CODES[:, 0], 662.4977659618, 9.478300491096, id="the same with strata"),
    ],
)
def test_the_raked_mean_and_its_error_are_those_of_r_survey(base, strata, mean, se):
    found = calibrated_mean(API, base, RAKED, strata)
    assert found.mean == pytest.approx(mean, abs=1e-8)
    assert found.se == pytest.approx(se, abs=1e-8)
    assert found.n == 200


def test_means_of_units_are_domains_of_r_survey():
    found = unit_means(np.arange(200), WIDE, API, 3, PW, RAKED)
    assert found.means[:2] == pytest.approx([593.6627808506, 676.5492127586], abs=1e-8)
    assert found.se[:2] == pytest.approx([18.7863366737, 10.60550832221], abs=1e-8)
    assert found.n.tolist() == [*np.bincount(WIDE), 0]
    assert np.isnan([found.means[2], found.se[2], found.effective_n[2], found.base_means[2]]).all()
    for unit in (0, 1):
        of_unit = np.isin(WIDE, unit)
        alone = calibrated_mean(np.where(of_unit, API, np.nan), PW, RAKED)
        assert (alone.mean, alone.se) == pytest.approx((found.means[unit], found.se[unit]))
        assert found.base_means[unit] == pytest.approx(
            np.average(API[of_unit], weights=PW[of_unit])
        )


def test_post_stratified_weights_and_error_are_those_of_r_survey():
    population = np.array([[1400, 3021], [400, 355], [400, 618]], float)
    found = post_stratify(
        PW, CODES, JointTargets(("stype", "awards"), (STYPES, AWARDS), population)
    )
    sums = np.zeros((3, 2))
    np.add.at(sums, tuple(CODES.T), found.weights)
    assert sums == pytest.approx(population)
    assert found.weights[0] == pytest.approx(51.8518518519)
    estimate = calibrated_mean(API, PW, found)
    assert (estimate.mean, estimate.se) == pytest.approx((664.2254906209, 9.644144837074))


def test_bounded_ratios_are_those_of_r_survey_with_the_logit_distance():
    margins = stype_and_awards((4094, 1200, 900), (2894, 3300))
    found = rake(PW, CODES, margins, Bounds(0.5, 2))
    assert found.has_converged
    r_calibrate = {
        (0, 0): 1.223809328128,
        (0, 1): 0.815899088124,
        (2, 0): 1.044523760233,
        (1, 0): 1.714543071708,
        (2, 1): 0.710279296215,
        (1, 1): 1.323483264361,
    }
    for cell, ratio in r_calibrate.items():  # R does not scale its base weights, which miss by 1e-8
        assert factor_of(found, *cell) == pytest.approx(ratio, rel=2e-8)
    estimate = calibrated_mean(API, PW, found, CODES[:, 0])
    assert (estimate.mean, estimate.se) == pytest.approx((656.744185328784, 9.379760535478))


def test_bounds_too_narrow_are_kept_and_the_miss_is_told():
    margins = stype_and_awards((4094, 1200, 900), (2894, 3300))
    found = rake(PW, CODES, margins, Bounds(0.75, 1.3), most_steps=50)
    assert not found.has_converged
    assert found.largest_miss == pytest.approx(margin_miss(found.weights, CODES, margins))
    assert found.largest_miss > 0.01
    assert found.factors.min() >= 0.75 - 1e-12
    assert found.factors.max() <= 1.3 + 1e-12


def test_margins_that_empty_cells_contradict_do_not_converge():
    codes = np.array([[0, 0], [1, 1]])
    margins = [
        Margin(name, ("a", "b"), np.array(p)) for name, p in (("x", [1, 3.0]), ("y", [2.0, 2]))
    ]
    found = rake(np.ones(2), codes, margins, most_steps=20)
    assert (found.has_converged, found.steps) == (False, 20)
    assert found.largest_miss == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("codes", "populations", "message"),
    [
        pytest.param(
            [[0, 0], [0, 1]],
            [[1, 1], [1, 1]],
            "weighting: no ballot is “old” in “age”, but people are",
            id="a level that nobody has",
        ),
        pytest.param(
            [[0, 0], [1, 1]],
            [[2, 0], [1, 1]],
            "weighting: ballots are “old” in “age”, but no people are",
            id="a level without people",
        ),
        pytest.param(
            [[0, 0], [1, 1]],
            [[1, 1], [1, 2]],
            "weighting: “age” adds up to 2 people and “sex” to 3; they must be one population",
            id="two populations",
        ),
        pytest.param(
            [[0, 0], [1, 2]],
            [[1, 1], [1, 1]],
            "weighting: level 3 of “sex” has no population",
            id="a level without a margin",
        ),
        pytest.param(
            [[0, 0], [-1, 1]],
            [[1, 1], [1, 1]],
            "weighting: 1 ballots do not say their “age”",
            id="a ballot that does not say",
        ),
        pytest.param(
            [[0, 0], [1, 1]],
            [[1, 1], [3, -1]],
            "weighting: the population of “sex” must be numbers of people, not all 0",
            id="less than nobody",
        ),
        pytest.param(
            [[0, 0], [1, 1]],
            [[1, 1], [1, np.nan]],
            "weighting: the population of “sex” must be numbers of people, not all 0",
            id="no number",
        ),
    ],
)
def test_what_cannot_be_raked_is_refused(codes, populations, message):
    names = (("age", ("young", "old")), ("sex", ("f", "m")))
    margins = [
        Margin(variable, levels, np.array(people, float))
        for (variable, levels), people in zip(names, populations, strict=True)
    ]
    with pytest.raises(Fault) as refused:
        rake(np.ones(2), np.array(codes), margins)
    assert str(refused.value) == message


def test_an_empty_cell_with_people_cannot_be_post_stratified():
    targets = JointTargets(("age", "sex"), (("young", "old"), ("f", "m")), np.ones((2, 2)))
    with pytest.raises(Fault, match="no ballot is “old × m” in “age × sex”, but people are"):
        post_stratify(np.ones(3), np.array([[0, 0], [0, 1], [1, 0]]), targets)


@pytest.mark.parametrize("weights", [[], [0.0, 0.0], [1.0, -1.0], [1.0, np.nan], [1.0, np.inf]])
def test_weights_that_are_none_are_refused(weights):
    with pytest.raises(ValueError, match="weights must be finite"):
        design_effect(np.array(weights))


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        pytest.param([1, 1, 1, 1], 1.0, id="equal weights change nothing"),
        pytest.param([1, 3], 1.25, id="by hand: 2 * 10 / 16"),
        pytest.param([1, 3, 0], 1.25, id="a weight of 0 is nobody"),
    ],
)
def test_design_effect(weights, expected):
    assert design_effect(np.array(weights, float)) == pytest.approx(expected)
    assert effective_n(np.array(weights, float)) == pytest.approx(
        np.count_nonzero(weights) / expected
    )


def test_cells_of_many_ballots_are_weighted_and_counted_as_the_ballots():
    ballots = rake(np.ones(200), CODES, stype_and_awards())
    counts = np.bincount(ballots.cell)
    cells = rake(counts.astype(float), ballots.cells, stype_and_awards())
    assert cells.factors == pytest.approx(ballots.factors)
    assert design_effect(cells.weights, counts) == pytest.approx(ballots.design_effect)
    assert effective_n(cells.weights, counts) == pytest.approx(ballots.effective_n)
    with pytest.raises(ValueError, match="must stand for a ballot"):
        effective_n(cells.weights, counts - counts.min())


def test_ballots_of_weight_0_change_no_mean():
    base = np.append(PW, [0.0, 0.0])
    codes = np.vstack([CODES, CODES[:2]])
    population = np.array([[1400, 3021], [400, 355], [400, 618]], float)
    targets = JointTargets(("stype", "awards"), (STYPES, AWARDS), population)
    unit, value = np.append(WIDE, [2, 0]), np.append(API, [1.0, 2.0])
    for found in (rake(base, codes, stype_and_awards()), post_stratify(base, codes, targets)):
        means = unit_means(np.arange(202), unit, value, 3, base, found)
        assert np.isnan([means.means[2], means.se[2], means.effective_n[2]]).all()
        assert means.means[1] == pytest.approx(
            np.average(API[WIDE > 0], weights=found.weights[:200][WIDE > 0])
        )
        assert np.isfinite(means.se[:2]).all()
    assert found.design_effect == pytest.approx(design_effect(found.weights[:200]))


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        pytest.param([1, 1, 1, 1, 10], [2.25, 2.25, 2.25, 2.25, 5], id="what is cut goes round"),
        pytest.param([1, 2, 3], [1, 2, 3], id="nothing to cut"),
        pytest.param([0, 1, 2, 3], [0, 1, 2, 3], id="nobody stays nobody"),
        pytest.param([0.1, 1, 1], [0.2, 0.95, 0.95], id="what is added is taken"),
        pytest.param(
            [1, 1, 1, 95, 102], [200 / 13] * 3 + [1000 / 13] * 2, id="no room: all scaled"
        ),
    ],
)
def test_trimmed_weights_keep_their_sum(weights, expected):
    found = trim(np.array(weights, float), 1 / 5, 5)
    assert found.weights == pytest.approx(np.array(expected))
    assert found.weights.sum() == pytest.approx(sum(weights))
    assert found.design_effect <= design_effect(np.array(weights, float)) + 1e-12


codes = arrays(np.int64, (12, 2), elements=st.integers(0, 1))
bases = arrays(np.float64, 12, elements=st.floats(0.5, 8))


def margins_of(weights, codes):
    return [
        Margin(name, ("a", "b"), np.bincount(codes[:, v], weights, 2))
        for v, name in enumerate(("x", "y"))
    ]


@given(bases, codes)
def test_raking_to_what_is_there_changes_nothing(base, codes):
    found = rake(base, codes, margins_of(base, codes))
    assert (found.weights, found.steps) == (pytest.approx(base), 0)


@given(bases, codes, bases, st.randoms())
def test_neither_order_nor_merging_of_equal_ballots_changes_a_factor(base, codes, other, random):
    margins = margins_of(other, codes)
    whole = rake(base, codes, margins)
    order = np.array(random.sample(range(12), 12))
    assert rake(base[order], codes[order], margins).weights == pytest.approx(whole.weights[order])
    sums = np.bincount(whole.cell, base)
    merged = rake(sums, whole.cells, margins)
    assert merged.factors == pytest.approx(whole.factors)


@given(bases, codes, bases)
def test_a_bounded_ratio_stays_between_its_bounds_and_far_ones_do_not_matter(base, codes, other):
    margins = margins_of(other, codes)
    found = rake(base, codes, margins, Bounds(0.4, 2.5), most_steps=60)
    assert found.factors.min() >= 0.4 - 1e-9
    assert found.factors.max() <= 2.5 + 1e-9
    assert found.largest_miss == pytest.approx(margin_miss(found.weights, codes, margins), abs=1e-9)
    assert found.has_converged == (found.largest_miss <= 1e-10)


@given(bases, st.floats(0.1, 1), st.floats(1, 6))
def test_trimmed_weights_lie_between_the_cuts(base, low, high):
    found = trim(base, low, high)
    assert found.weights.sum() == pytest.approx(base.sum())
    assert (np.diff(found.weights[np.argsort(base)]) >= -1e-9).all()
    if low * np.median(base) * 12 <= base.sum() <= high * np.median(base) * 12:
        assert found.weights.min() >= found.low * (1 - 1e-9)
        assert found.weights.max() <= found.high * (1 + 1e-9)


@given(codes)
def test_equal_weights_leave_means_as_they_are(codes):
    base = np.ones(12)
    values = np.arange(12.0) ** 2
    found = rake(base, codes, margins_of(base, codes))
    assert found.design_effect == pytest.approx(1)
    assert calibrated_mean(values, base, found).mean == pytest.approx(values.mean())


def test_a_lone_ballot_of_a_stratum_leaves_the_error_unknown():
    found = calibrated_mean(API, PW, RAKED, np.where(np.arange(200) == 0, 1, 0))
    assert np.isnan(found.se)
    nobody = calibrated_mean(np.full(200, np.nan), PW, RAKED)
    assert np.isnan([nobody.mean, nobody.se]).all()
    assert nobody.n == 0
