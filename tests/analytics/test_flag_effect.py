import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.quality.flag_effect import with_and_without
from tests.analytics.stuffed_rounds import made


def small_round():
    """Two units; of the first: 100, 100, 60 by citizens (a, b, c) and 0 by a deputy (d)."""
    return made(
        group=np.array([0, 0, 0, 1]),
        place=np.zeros(4, np.int64),
        seconds=np.full(4, np.nan),
        day=np.full(4, np.nan),
        ballot=np.array([0, 1, 2, 2, 3]),
        unit=np.array([0, 0, 0, 1, 0]),
        levels=np.repeat(np.array([[0], [0], [2], [1], [4]], np.int8), 5, axis=1),
        units=2,
    )


def test_means_composites_and_bounds_by_hand():
    weights = np.array([[60.0, 40.0], [60.0, 40.0]])
    flagged = np.array([True, False, False, False])
    suspect = np.array([True, True, False, False])
    found = with_and_without(small_round(), flagged, suspect, weights)
    assert found.n.tolist() == [[3, 1], [1, 0]]
    assert found.n_without.tolist() == [[2, 1], [1, 0]]
    expected = [[260 / 3, 0.0], [80.0, np.nan]]
    assert found.means == pytest.approx(np.array(expected), nan_ok=True)
    assert found.means_without[0] == pytest.approx([80.0, 0.0])
    assert found.changes[0, 0] == pytest.approx(80 - 260 / 3)
    assert found.suspect_share[0] == pytest.approx([2 / 3, 0.0])
    assert (found.low[0, 0], found.high[0, 0]) == pytest.approx((20.0, 260 / 3))
    assert found.influence[0, 0] == pytest.approx(200 / 3)
    assert found.composites == pytest.approx([52.0, 80.0])
    assert found.composites_without == pytest.approx([48.0, 80.0])
    assert found.composites_low == pytest.approx([12.0, 80.0])
    assert found.composites_influence == pytest.approx([40.0, 0.0])


def test_a_unit_left_without_ballots_has_no_mean_but_bounds():
    found = with_and_without(small_round(), np.ones(4, bool), weights=np.ones((2, 2)))
    assert np.isnan(found.means_without).all()
    assert found.composites_without == pytest.approx([np.nan, np.nan], nan_ok=True)
    assert (found.low[0, 0], found.high[0, 0]) == (0.0, 100.0)


@given(
    st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.integers(0, 4)), min_size=1, max_size=9)
)
def test_whatever_suspect_ballots_should_have_said_lies_between_the_bounds(ballots):
    said, false, should = (np.array(column) for column in zip(*ballots, strict=True))
    size = said.size

    def round_of(levels):
        return made(
            group=np.zeros(size, np.int64),
            place=np.zeros(size, np.int64),
            seconds=np.full(size, np.nan),
            day=np.full(size, np.nan),
            ballot=np.arange(size),
            unit=np.zeros(size, np.int64),
            levels=np.repeat(levels[:, None], 5, axis=1).astype(np.int8),
            units=1,
        )

    found = with_and_without(round_of(said), false.astype(bool))
    truth = with_and_without(round_of(np.where(false, should, said)), false.astype(bool))
    assert found.low[0, 0] - 1e-9 <= truth.means[0, 0] <= found.high[0, 0] + 1e-9
    assert abs(truth.means[0, 0] - found.means[0, 0]) <= found.influence[0, 0] + 1e-9
    if not false.all():
        assert abs(found.changes[0, 0]) <= found.influence[0, 0] + 1e-9
