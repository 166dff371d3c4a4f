import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.faults import Fault
from analytics.plain_values import plain_value
from analytics.quality.reasons import Family, Obstacle, QualityBounds, Reason, Source
from analytics.quality.report import quality
from analytics.shapes import NOWHERE
from tests.analytics.stuffed_rounds import PLACES, honest_round, made, shuffled, stuffed

HONEST = 3000
PRAISE = "办事大厅环境整洁秩序井然，工作人员业务熟练耐心细致，值得表扬！"
SAYING = "窗口的同志办事很认真很负责"


def report_of(rows, bases=None):
    return quality(rows, ["c"] * len(rows.units), bases=bases)


def evidence_of(report, reason):
    return report.evidence[list(Reason).index(reason)]


def best(n):
    return np.zeros((n, 1, 5))


def worst(n):
    return np.full((n, 1, 5), 4)


def copied(n, several):
    vector = np.array([[0, 1, 2, 0, 1], [1, 1, 3, 2, 0], [2, 0, 1, 1, 1]])
    return np.tile(vector[:several], (n, 1, 1))


def clicked(n, several, seed=0):
    return np.random.default_rng(seed).integers(0, 5, (n, several, 5))


def one_best_rivals_worst(n):
    levels = np.full((n, 5, 5), 4)
    levels[:, 3] = 0
    return levels


@pytest.mark.parametrize(
    ("shape", "most"),
    [
        pytest.param({"rated": 1}, 0.003, id="one unit a ballot"),
        pytest.param({"rated": 3}, 0.005, id="some units a ballot"),
        pytest.param({"rated": 5, "units": 5}, 0.005, id="all units a ballot"),
        pytest.param({"rated": 1, "units": 1}, 0.005, id="one unit in the round"),
        pytest.param({"rated": 3, "generous": 1.2}, 0.005, id="mostly best marks"),
    ],
)
def test_few_honest_ballots_are_flagged(shape, most):
    bases = np.full(PLACES, 4000.0)
    shares = [
        report_of(honest_round(seed, HONEST, **shape), bases=bases).flagged.size / HONEST
        for seed in range(3)
    ]
    assert np.mean(shares) <= most


STUFFINGS = [
    pytest.param(
        {"rated": 1}, (best(120), [3], {"pace": 0.6}), 0.95, {Reason.UNIT_BURST}, id="hasty best"
    ),
    pytest.param(
        {"rated": 1},
        (best(120), [3], {}),
        0.95,
        {Reason.UNIT_BURST, Reason.ONE_SIDED},
        id="best, in no hurry",
    ),
    pytest.param(
        {"rated": 1},
        (worst(120), [3], {}),
        0.95,
        {Reason.UNIT_BURST, Reason.ONE_SIDED},
        id="a rival's worst",
    ),
    pytest.param(
        {"rated": 3},
        (copied(60, 3), [2, 3, 5], {"pace": 0.6, "minutes": 1440.0}),
        0.9,
        {Reason.COPIED_ANSWERS, Reason.HASTY},
        id="a standard answer, typed all day",
    ),
    pytest.param(
        {"rated": 5, "units": 5},
        (clicked(300, 5), [0, 1, 2, 3, 4], {"pace": 0.5, "minutes": 14400.0}),
        0.6,
        {Reason.HASTY, Reason.OUTLYING},
        id="robots that click at random, for ten days",
    ),
    pytest.param(
        {"rated": 5, "units": 5},
        (one_best_rivals_worst(100), [0, 1, 2, 3, 4], {"pace": 0.6, "minutes": 14400.0}),
        0.9,
        {Reason.FAVOURED, Reason.HASTY},
        id="a bloc, for ten days",
    ),
]


@pytest.mark.parametrize(("shape", "false", "least", "reasons"), STUFFINGS)
def test_stuffed_ballots_are_found(shape, false, least, reasons):
    levels, units, how = false
    report = report_of(stuffed(honest_round(7, HONEST, **shape), levels, units, **how))
    assert report.mask[HONEST:].mean() >= least
    assert report.mask[:HONEST].mean() <= 0.01
    for reason in reasons:
        assert (evidence_of(report, reason).ballots >= HONEST).sum() >= 0.5 * len(levels)


def test_a_burst_says_where_and_when_and_how_many_it_should_have_been():
    report = report_of(stuffed(honest_round(3, HONEST, rated=1), best(120), [3]))
    crowd = max(evidence_of(report, Reason.UNIT_BURST).crowds, key=lambda one: one.count)
    assert crowd.unit == 3
    assert 7.6 <= crowd.begin <= crowd.end <= 7.6 + 0.5 / 24
    assert crowd.expected < crowd.threshold <= 120 <= crowd.count
    assert crowd.p < 1e-20


def test_with_dates_only_a_burst_is_sought_by_day():
    rows = stuffed(honest_round(3, HONEST, rated=1), best(300), [3])
    report = report_of(replace(rows, day=np.floor(rows.day)))
    assert (evidence_of(report, Reason.UNIT_BURST).ballots >= HONEST).sum() == 300


def test_a_day_on_which_everybody_comes_is_no_burst_of_one_unit():
    rows = honest_round(4, HONEST, rated=1)
    campaign = np.random.default_rng(0).random(HONEST) < 0.5
    day = np.where(campaign, 9 + np.mod(rows.day, 1.0), rows.day)
    report = report_of(replace(rows, day=day))
    assert evidence_of(report, Reason.UNIT_BURST).ballots.size == 0


def test_too_few_days_make_no_baseline():
    rows = honest_round(4, 200, rated=1)
    report = report_of(replace(rows, day=np.mod(rows.day, 3.0)))
    assert evidence_of(report, Reason.UNIT_BURST).obstacle is Obstacle.FEW_DAYS


def test_more_votes_than_people_is_certain_but_does_not_flag_the_whole_place():
    bases = np.full(PLACES, 4000.0)
    bases[2] = 100
    report = report_of(honest_round(5, HONEST), bases=bases)
    (crowd,) = evidence_of(report, Reason.OVERFULL).crowds
    assert (crowd.place, crowd.p, crowd.threshold) == (2, 0.0, 101.0)
    assert report.flagged.size < 0.2 * crowd.count


def test_a_place_with_far_too_many_votes_per_head_is_found():
    bases = np.full(PLACES, 4000.0)
    rows = stuffed(honest_round(5, HONEST), best(1500), [3], place=2, minutes=14400.0)
    report = report_of(rows, bases=bases)
    (crowd,) = evidence_of(report, Reason.TURNOUT).crowds
    assert crowd.place == 2
    assert crowd.count >= crowd.threshold > crowd.expected
    assert (evidence_of(report, Reason.ONE_SIDED).ballots >= HONEST).sum() == 1500


def with_comments(rows, texts):
    comments = tuple((number, number % 2, text) for number, text in enumerate(texts))
    return replace(rows, comments=comments)


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        pytest.param(["很好"] * 400, 0, id="two signs"),
        pytest.param([SAYING] * 400, 0, id="a saying, at every unit"),
        pytest.param([PRAISE] * 8, 8, id="long"),
        pytest.param(
            [f"{n}号窗口甲乙丙丁{n * n * n * 7919}" if n % 2 else SAYING for n in range(40)],
            20,
            id="a saying, at one unit only",
        ),
    ],
)
def test_copied_words(texts, found):
    report = report_of(with_comments(honest_round(6, 500, rated=1), texts))
    assert evidence_of(report, Reason.COPIED_TEXT).ballots.size == found


def test_one_appraiser_may_repeat_himself():
    rows = replace(honest_round(6, 100), comments=tuple((4, 1, PRAISE) for _ in range(9)))
    assert evidence_of(report_of(rows), Reason.COPIED_TEXT).ballots.size == 0


@given(st.integers(0, 4), st.integers(2, 400), st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_ballots_all_alike_are_never_flagged_for_that_alone(level, ballots, units):
    rows = made(
        group=np.zeros(ballots, np.int64),
        place=np.full(ballots, NOWHERE),
        seconds=np.full(ballots, np.nan),
        day=np.full(ballots, np.nan),
        ballot=np.repeat(np.arange(ballots), units),
        unit=np.tile(np.arange(units), ballots),
        levels=np.full((ballots * units, 5), level, np.int8),
        units=units,
    )
    report = report_of(rows)
    assert report.flagged.size == 0
    assert evidence_of(report, Reason.COPIED_ANSWERS).ballots.size == 0


@pytest.fixture(scope="module")
def busy_round():
    rows = stuffed(honest_round(8, 800), copied(40, 3), [2, 3, 5], pace=0.6)
    return replace(rows, comments=tuple((number, 3, PRAISE) for number in range(800, 830)))


@given(st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_another_order_of_ballots_flags_the_same_ballots(busy_round, seed):
    order = np.random.default_rng(seed).permutation(len(busy_round.ballots))
    bases = np.full(PLACES, 900.0)
    report = report_of(busy_round, bases=bases)
    again = report_of(shuffled(busy_round, order), bases=bases)
    assert report.flagged.size > 30
    assert again.sources[:, :].tolist() == report.sources[:, order].tolist()


def nothing(ballots, ratings, units):
    return made(
        group=np.zeros(ballots, np.int64),
        place=np.full(ballots, NOWHERE),
        seconds=np.full(ballots, np.nan),
        day=np.full(ballots, np.nan),
        ballot=np.arange(ratings),
        unit=np.zeros(ratings, np.int64),
        levels=np.full((ratings, 5), NOWHERE, np.int8),
        units=units,
    )


NO_ITEMS = replace(nothing(2, 2, 1), levels=np.zeros((2, 0), np.int8), weights=np.zeros(0))


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(nothing(0, 0, 0), id="an empty round"),
        pytest.param(nothing(0, 0, 3), id="units without a ballot"),
        pytest.param(nothing(3, 0, 2), id="ballots without a rating"),
        pytest.param(nothing(1, 1, 1), id="one ballot, nothing answered"),
        pytest.param(replace(nothing(2, 2, 1), points=np.full(6, np.nan)), id="no points at all"),
        pytest.param(
            replace(nothing(3, 3, 1), comments=((NOWHERE, 0, "好"),)), id="a comment alone"
        ),
        pytest.param(NO_ITEMS, id="no items"),
        pytest.param(replace(nothing(0, 0, 0), groups=()), id="no groups"),
    ],
)
def test_where_nothing_is_known_nothing_is_flagged(rows):
    report = report_of(rows)
    assert report.flagged.size == report.suspect.size == 0
    assert report.by_group.shape == (len(Reason), len(rows.groups))
    assert evidence_of(report, Reason.HASTY).obstacle is Obstacle.NO_TIMES
    json.dumps(plain_value(report))


def test_a_report_counts_what_it_flags():
    rows = stuffed(honest_round(7, HONEST, rated=1), best(120), [3], pace=0.6)
    report = report_of(rows)
    assert report.flagged_by_group.sum() == report.flagged.size
    for number, one in enumerate(report.evidence):
        assert report.by_group[number].sum() == one.ballots.size
        assert one.values.size == one.thresholds.size == one.ballots.size
    for ballot in report.flagged.tolist():
        reasons = report.reasons_of(ballot)
        assert len({reason.family.source for reason in reasons}) >= 2
        assert len({reason.family for reason in reasons}) >= 2
    assert set(report.flagged.tolist()) <= set(report.suspect.tolist())


def test_every_family_has_reasons_and_every_source_families():
    assert {reason.family for reason in Reason} == set(Family)
    assert {family.source for family in Family} == set(Source)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"alpha": 0.0}, id="nothing could be found"),
        pytest.param({"top": 1.5}, id="a share above 1"),
        pytest.param({"seconds_per_item": float("nan")}, id="no number"),
    ],
)
def test_bounds_without_sense_are_refused(wrong):
    with pytest.raises(Fault, match=next(iter(wrong))):
        QualityBounds(**wrong)


def test_a_place_with_fewer_than_no_people_is_refused():
    with pytest.raises(Fault, match=r"bases\[P0\]"):
        report_of(honest_round(1, 50), bases=np.full(PLACES, -1.0))


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("shape", "false", "least", "reasons"), STUFFINGS)
def test_stuffed_ballots_are_found_in_many_rounds(shape, false, least, reasons):
    levels, units, how = false
    found = []
    for seed in range(40):
        rows = stuffed(honest_round(seed, HONEST, **shape), levels, units, seed=seed, **how)
        found.append(report_of(rows).mask)
    assert np.mean([mask[HONEST:].mean() for mask in found]) >= least
    assert np.mean([mask[:HONEST].mean() for mask in found]) <= 0.005
