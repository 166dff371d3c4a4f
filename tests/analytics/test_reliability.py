import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analytics.reliability import item_statistics

STATS = Path(__file__).parents[1] / "data" / "stats"
EXPECTED = json.loads((STATS / "bfi_small.json").read_text())["expected"]
BFI = np.loadtxt(STATS / "bfi_small.csv", delimiter=",", skiprows=1)
ONES = np.ones(60, np.int64)
# Made by arithmetic, so that R can be given the same table: 200 rows, six items.
ROWS, COLUMNS = np.arange(200)[:, None], np.arange(6)
SIX = ((ROWS * 37 % 101) // 9 + ROWS * (13 + 7 * COLUMNS) % (5 + 3 * COLUMNS)).astype(float)


def test_alpha_and_item_rest_correlations_are_those_of_psych():
    found = item_statistics(BFI, ONES)
    assert found.alpha == pytest.approx(EXPECTED["raw_alpha"], abs=1e-12)
    assert found.standard_alpha == pytest.approx(EXPECTED["std_alpha"], abs=1e-12)
    assert found.alpha_if_dropped == pytest.approx(EXPECTED["alpha_drop"], abs=1e-12)
    assert found.item_rest == pytest.approx(EXPECTED["r_drop"], abs=1e-12)
    assert (found.n, found.left_out) == (60, 0)
    assert (found.means, found.deviations) == (
        pytest.approx(BFI.mean(axis=0)),
        pytest.approx(BFI.std(axis=0, ddof=1)),
    )


def test_loadings_are_the_least_squares_of_r_s_optim():
    """optim, BFGS to 1e-16, on the squared residual correlations of bfi_small."""
    found = item_statistics(BFI, ONES)
    optim = [0.322189526083, 0.530533134614, 0.621960167161, 0.371007889114, 0.893303689969]
    assert found.loadings == pytest.approx(optim, abs=1e-6)
    assert found.omega == pytest.approx(0.695001837739, abs=1e-8)
    assert found.is_proper


def test_a_made_table_is_told_as_psych_tells_it():
    found = item_statistics(SIX, np.ones(200, np.int64))
    assert (found.alpha, found.standard_alpha) == pytest.approx((0.818082802745, 0.849988235006))
    assert (found.alpha_low, found.alpha_high) == pytest.approx((0.776047741088, 0.854530092973))
    assert found.item_rest[::5] == pytest.approx([0.798657334287, 0.42370714788])
    # psych::fa, minimum residuals, stops at about 1e-6
    assert found.loadings[::5] == pytest.approx([0.9188779160, 0.4542937129], abs=5e-6)
    assert found.omega == pytest.approx(0.858433251607, abs=1e-6)


def test_items_that_are_parallel_have_the_same_alpha_and_omega():
    """By hand: three items, all correlations 1/2: 3/2 · (1 - 3/6), loadings √½."""
    points = np.array([(a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1)], float) * 100
    counts = np.where((points == points[:, :1]).all(axis=1), 5, 1)  # covariance 1/2 of the variance
    found = item_statistics(points, counts)
    assert found.mean_correlation == pytest.approx(0.5)
    assert found.loadings == pytest.approx(np.sqrt([0.5] * 3))
    assert (found.alpha, found.standard_alpha, found.omega) == pytest.approx((0.75, 0.75, 0.75))


def test_a_loading_never_passes_1():
    """Correlations .9, .8, .5 ask for a first loading of √(.9 · .8 / .5) = 1.2."""
    wanted = np.array([[1, 0.9, 0.8], [0.9, 1, 0.5], [0.8, 0.5, 1]])
    raw = np.random.default_rng(3).normal(size=(50, 3))
    white = np.linalg.solve(np.linalg.cholesky(np.cov(raw.T)), (raw - raw.mean(axis=0)).T)
    points = (np.linalg.cholesky(wanted) @ white).T
    found = item_statistics(points, np.ones(50, np.int64))
    assert not found.is_proper
    assert found.loadings[0] == 1
    assert found.loadings.max() <= 1


def test_ballots_with_an_unscored_item_are_left_out_and_told():
    with_gaps = np.vstack([BFI, np.where(np.eye(5) > 0, np.nan, 3)])
    found = item_statistics(with_gaps, np.append(ONES, [7, 1, 1, 1, 1]))
    assert found.alpha == pytest.approx(EXPECTED["raw_alpha"])
    assert (found.n, found.left_out) == (60, 11)


def test_an_item_on_which_all_agree_is_left_out():
    constant = np.insert(BFI, 2, 80.3, axis=1)
    found = item_statistics(constant, ONES)
    assert found.alpha == pytest.approx(EXPECTED["raw_alpha"])
    assert found.varies.tolist() == [True, True, False, True, True, True]
    assert np.isnan(found.item_rest[2])
    assert found.means[2] == pytest.approx(80.3)


@pytest.mark.parametrize(
    ("points", "counts"),
    [
        pytest.param(np.zeros((0, 4)), [], id="no ballots"),
        pytest.param(np.full((3, 4), np.nan), [1, 2, 3], id="nothing scored"),
        pytest.param([[1.0, 2, 3]], [1], id="one ballot"),
        pytest.param([[1.0, 2, 3]], [9], id="all alike"),
        pytest.param([[1.0], [2.0]], [4, 4], id="one item"),
        pytest.param([[1.0, 2.0], [2.0, 1.0]], [4, 4], id="a sum that does not vary"),
    ],
)
def test_what_cannot_be_told_is_not_told(points, counts):
    found = item_statistics(np.array(points), np.array(counts, np.int64))
    assert np.isnan([found.alpha, found.alpha_low, found.alpha_high, found.omega]).all()
    assert np.isnan(found.alpha_if_dropped).all()


@pytest.mark.parametrize("counts", [[1, 2], [1, 2, -1]])
def test_counts_that_are_none_are_refused(counts):
    with pytest.raises(ValueError, match="patterns by items"):
        item_statistics(np.ones((3, 2)), np.array(counts))


tables = arrays(np.float64, (8, 4), elements=st.sampled_from([0.0, 25.0, 60.0, 100.0]))
counts_of = arrays(np.int64, 8, elements=st.integers(0, 30))
FIGURES = ("alpha", "standard_alpha", "item_rest", "alpha_if_dropped", "mean_correlation")


@given(tables, counts_of, st.randoms())
def test_neither_order_nor_merging_of_patterns_changes_anything(points, counts, random):
    order = np.array(random.sample(range(8), 8))
    whole = item_statistics(points, counts)
    shuffled = item_statistics(points[order], counts[order])
    one_by_one = np.repeat(points, counts, axis=0)
    single = item_statistics(one_by_one, np.ones(len(one_by_one), np.int64))
    for name in FIGURES:
        figure = pytest.approx(getattr(whole, name), nan_ok=True, abs=1e-9)
        assert getattr(shuffled, name) == figure
        assert getattr(single, name) == figure


@given(tables, counts_of, st.floats(-1000, 1000), st.floats(0.01, 100))
def test_neither_added_nor_multiplied_points_change_anything(points, counts, added, factor):
    whole = item_statistics(points, counts)
    assume(not np.isnan(whole.alpha))
    moved = item_statistics(factor * points + added, counts)
    for name in FIGURES:
        assert getattr(moved, name) == pytest.approx(
            getattr(whole, name), nan_ok=True, rel=1e-6, abs=1e-6
        )
