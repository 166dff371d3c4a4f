import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analytics.rankings import composites_of, ranks_of
from analytics.sensitivity import (
    ballots_to_flip,
    influence_bound,
    leave_one_group_out,
    smallest_switch,
    weight_sensitivity,
)
from analytics.shapes import NOWHERE
from analytics.shaping import score_counts
from analytics.social import Unit, score
from tests.analytics.rule_documents import rules, tally

# Two groups of weight .6 and .4: composites 80, 78 and 72.
MEANS = np.array([[80, 80], [90, 60], [75, 67.5]])
SHARES = np.array([[0.6, 0.4]] * 3)


@st.composite
def classes(draw):
    """Draw means and shares of a class where units may lack groups, or have none."""
    units, groups = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    means = draw(st.lists(st.integers(0, 20), min_size=units * groups, max_size=units * groups))
    present = draw(st.lists(st.booleans(), min_size=units * groups, max_size=units * groups))
    weights = np.array(draw(st.lists(st.integers(1, 5), min_size=groups, max_size=groups)), float)
    shares = weights * np.array(present).reshape(units, groups)
    total = shares.sum(axis=1, keepdims=True)
    shares = np.where(total > 0, shares / np.where(total > 0, total, 1), 0.0)
    return 5.0 * np.array(means).reshape(units, groups), shares


def changed(means, shares, group, change):
    """Return composites with one group's weight changed."""
    weights = shares.copy()
    weights[:, group] *= 1 + change
    total = weights.sum(axis=1, keepdims=True)
    return composites_of(means, np.where(total > 0, weights / np.where(total > 0, total, 1), 0.0))


def test_the_smallest_switch_by_hand():
    """The first two meet where .4(1+d)·20 = .6·10, the last two where .6(1+d)·15 = .4·7.5."""
    found = smallest_switch(MEANS, SHARES)
    assert found.change == pytest.approx([-0.25, -0.25, -2 / 3])
    assert found.group.tolist() == [1, 1, 0]
    assert found.other.tolist() == [1, 0, 1]
    assert found.best_change == pytest.approx(0.25)


@settings(max_examples=60)
@given(classes())
def test_before_the_smallest_switch_no_rank_moves_and_after_it_one_does(drawn):
    means, shares = drawn
    found = smallest_switch(means, shares)
    before = composites_of(means, shares)
    official = ranks_of(before)
    steps = [*np.linspace(-0.999, 1.0, 31), 3.0, 20.0]
    for u in np.flatnonzero(official > 0).tolist():
        if np.isfinite(found.change[u]) and found.change[u] > -0.999:
            after = changed(means, shares, found.group[u], found.change[u] * 1.0001)
            tied = changed(means, shares, found.group[u], found.change[u])
            assert tied[u] == pytest.approx(tied[found.other[u]])
            gap = before[u] - before[found.other[u]]
            assert np.sign(gap) * (after[u] - after[found.other[u]]) <= 1e-6
        for group in range(shares.shape[1]):
            for step in steps:
                if abs(step) < abs(found.change[u]) - 1e-9:
                    moved = changed(means, shares, group, step)
                    assert ranks_of(moved)[u] == official[u]


@pytest.mark.parametrize(
    ("means", "shares", "change"),
    [
        pytest.param([[70, 90]], [[0.5, 0.5]], [np.inf], id="one unit"),
        pytest.param([[70, 90]] * 2, [[0.5, 0.5]] * 2, [np.inf] * 2, id="units that are alike"),
        pytest.param([[70, 90], [90, 70]], [[0.5, 0.5]] * 2, [0, 0], id="a tie breaks at once"),
        pytest.param([[9, 8], [7, 6]], [[0.5, 0.5]] * 2, [np.inf] * 2, id="better in all groups"),
        pytest.param([[9], [7]], [[1.0], [1.0]], [np.inf] * 2, id="a single group"),
        pytest.param([[9, 1], [7, 1]], [[1.0, 0], [0, 0]], [np.inf, np.nan], id="no score"),
        pytest.param(
            [[10, 15, 0], [0, 0, 15]],
            [[0.6, 0.4, 0], [3 / 7, 0, 4 / 7]],
            [-1, -1],
            id="without the group they are the same",
        ),
        pytest.param(np.zeros((0, 2)), np.zeros((0, 2)), [], id="nobody"),
        pytest.param(
            [[80, 50], [60, 0]],
            [[0.5, 0.5], [1.0, 0]],
            [-0.5, -0.5],
            id="a unit with one group, by hand: .5·80(1+d) + 25 = 60(1 + .5d)",
        ),
    ],
)
def test_edges_of_the_smallest_switch(means, shares, change):
    found = smallest_switch(np.array(means, float), np.array(shares, float))
    assert found.change == pytest.approx(change, nan_ok=True)
    met = np.isfinite(found.change)
    assert ((found.group != NOWHERE) == met).all() and ((found.other != NOWHERE) == met).all()


def test_shaken_weights_leave_a_clear_order_alone():
    """At most a tenth off, the ratio of weights stays within 22 %: no switch at 25 %."""
    found = weight_sensitivity(MEANS, SHARES, 0.1, top=2)
    assert found.rank_low.tolist() == found.rank_high.tolist() == [1, 2, 3]
    assert found.unchanged_share.tolist() == [1, 1, 1]
    assert found.top_share.tolist() == [1, 1, 0]
    assert (found.tau_b_least, found.tau_b_mean) == (1, 1)


def test_shaken_weights_switch_as_often_as_the_triangle_says():
    """Of factors within ± .2 they switch where the second is below .75 of the first.

    That is a triangle of .16 by .12 at the corner (1.2, .8) where the line crosses x = 1.2 at
    .9 and y = .8 at 1.0667: area .5 · .1 · .1333 of the square's .16.
    """
    found = weight_sensitivity(MEANS, SHARES, 0.2, draws=4000)
    assert 1 - found.unchanged_share[0] == pytest.approx(0.5 * 0.1 * 0.4 / 3 / 0.16, abs=0.01)
    assert found.rank_low.tolist() == [1, 1, 3]
    assert found.tau_b_least == pytest.approx(1 / 3)


@given(classes(), st.integers(1, 9))
def test_the_same_seed_gives_the_same_draws_and_ranges_hold_the_rank(drawn, seed):
    first, second = (weight_sensitivity(*drawn, 0.3, draws=40, seed=seed) for _ in range(2))
    assert first.unchanged_share.tolist() == pytest.approx(
        second.unchanged_share.tolist(), nan_ok=True
    )
    scored = first.rank > 0
    assert (np.isnan(first.top_share) == ~scored).all()
    assert (first.rank_low[scored] >= 1).all() and (first.rank_high <= scored.sum()).all()


@pytest.mark.parametrize(("perturbation", "draws"), [(0.0, 10), (1.0, 10), (0.1, 0)])
def test_perturbations_that_say_nothing_are_refused(perturbation, draws):
    with pytest.raises(ValueError):
        weight_sensitivity(MEANS, SHARES, perturbation, draws)


def test_leaving_a_group_out_gives_its_weight_to_the_others():
    shares = np.array([[0.6, 0.4], [0.6, 0.4], [1.0, 0.0]])
    without_first, without_second = leave_one_group_out(MEANS, shares, ["citizens", "npc"])
    assert without_first.name == "citizens"
    assert without_first.scores == pytest.approx([80, 60, np.nan], nan_ok=True)
    assert without_first.rank.tolist() == [1, 2, 0]
    assert without_second.rank.tolist() == [2, 1, 3]
    assert without_second.tau_b == pytest.approx(1 / 3)


@given(classes())
def test_no_false_ballots_move_a_score_beyond_the_bound(drawn):
    means, shares = drawn
    bound = influence_bound(shares, 30.0, 0.1)
    for worst in (0.0, 100.0):
        moved = np.where(shares > 0, shares * (0.9 * means + 0.1 * worst - means), 0.0) * 0.3
        assert (np.abs(moved) <= bound + 1e-12).all()
    with pytest.raises(ValueError):
        influence_bound(shares, 30.0, 1.5)


UNITS = [Unit(code, code, "c") for code in "XYZ"]
counts = st.dictionaries(
    st.tuples(st.sampled_from(["citizens", "npc"]), st.sampled_from("XYZ")),
    st.dictionaries(st.sampled_from("ABCDE"), st.integers(1, 9), min_size=1, max_size=3),
    min_size=2,
)


def official(given_, made, more=None):
    """Return composites and all arrays, after more ballots if any."""
    arrays = score_counts(score(tally(given_) + tally(more or {}), made, UNITS), made)
    return arrays.composites, arrays


@settings(max_examples=60)
@given(counts, st.sampled_from("AE"))
def test_ballots_to_flip_are_what_the_official_rule_says(given_, option):
    """One ballot fewer does not do it, and these do."""
    made = rules(small_samples="none")
    before, arrays = official(given_, made)
    found = ballots_to_flip(arrays, "c", np.array([True] * len(arrays.groups)))
    needed, neighbour = (found.up, found.above) if option == "A" else (found.down, found.below)
    sign = 1 if option == "A" else -1
    for u, code in enumerate("XYZ"):
        if not np.isfinite(needed[u]) or needed[u] > 500:
            continue
        place = arrays.groups[found.group[u]], code
        for ballots in (int(needed[u]) - 1, int(needed[u])):
            more = {place: {option: ballots}} if ballots else {}
            after = official(given_, made, more)[0]
            ahead = sign * (after[u] - after[neighbour[u]]) > 1e-9
            assert ahead == (ballots == needed[u])
    assume(np.isfinite(before).sum() > 1)
    assert (found.above != NOWHERE).any()


PADDED = {"citizens": 20, "npc": 2}
FULL = {("citizens", "X"): {"A": 10, "B": 15}, ("npc", "X"): {"B": 9}}
THIN = {("citizens", "Y"): {"B": 4, "C": 3}, ("npc", "Y"): {"B": 5}}


def test_padding_holds_further_ballots_back():
    """mu is X's own mean 88; Y needs ballots until (7·71.43 + k·100 + (13-k)·88)/20 is above it."""
    groups = [
        {"code": code, "words": "组", "weight": 50, "floor": floor}
        for code, floor in PADDED.items()
    ]
    made = rules(groups=groups)
    given_ = {**FULL, **THIN}
    arrays = official(given_, made)[1]
    found = ballots_to_flip(arrays, "c", np.array([True, False]), np.array([20, 2]))
    assert found.above.tolist() == [NOWHERE, 0, NOWHERE]
    assert np.isnan(found.up[[0, 2]]).all()
    needed = int(found.up[1])
    assert needed == 10  # 7·(88 - 71.43) / (100 - 88) is 9.67
    for ballots, ahead in ((needed - 1, False), (needed, True)):
        after = official(given_, made, {("citizens", "Y"): {"A": ballots}})[0]
        assert (after[1] > after[0]) == ahead
    assert found.group.tolist() == [0, 0, NOWHERE]


def test_shrinkage_takes_further_ballots_as_the_own_share_grows():
    made = rules(small_samples="shrink")
    arrays = official({**FULL, **THIN}, made)[1]
    found = ballots_to_flip(arrays, "c", np.array([True, False]))
    z, n = arrays.own_shares[1, 0], arrays.n[1, 0]
    strength = n * (1 - z) / z
    after = [
        (n * arrays.means[1, 0] + k * 100 + strength * arrays.mu[1, 0]) / (n + k + strength)
        for k in (found.up[1] - 1, found.up[1])
    ]
    gap = arrays.composites[0] - arrays.composites[1]
    needed = arrays.counted_means[1, 0] + gap / arrays.shares[1, 0]
    assert after[0] <= needed < after[1]


@pytest.mark.parametrize(
    ("given_", "up"),
    [
        pytest.param({("npc", "X"): {"A": 2}, ("npc", "Y"): {"A": 1}}, [np.inf] * 2, id="no room"),
        pytest.param({("npc", "X"): {"B": 2}, ("npc", "Y"): {"B": 1}}, [1, 1], id="a tie now"),
        pytest.param({("npc", "X"): {"B": 2}}, [np.nan] * 2, id="nobody to pass"),
    ],
)
def test_edges_of_ballots_to_flip(given_, up):
    arrays = official(given_, rules(small_samples="none"))[1]
    joined = np.array([True] * len(arrays.groups))
    found = ballots_to_flip(arrays, "c", joined)
    assert found.up[:2] == pytest.approx(up, nan_ok=True)
    closed = ballots_to_flip(arrays, "c", ~joined)
    assert np.isnan(closed.up).all() and (closed.group == NOWHERE).all()
    assert ballots_to_flip(arrays, "nobody", joined).up.shape == (0,)
    with pytest.raises(ValueError):
        ballots_to_flip(arrays, "c", np.zeros(0, bool))
