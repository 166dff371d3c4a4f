from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.faults import Fault
from analytics.figures import round_half_up
from analytics.rules import Method, SmallSamples, parse_rules, preset
from analytics.social import Flag, ReadyScore, Unit, score
from analytics.tally import Cell, Tally, tally_of_ballots
from tests.analytics.brute_force import brute_force
from tests.analytics.rule_documents import document, one_group, rules, tally

DEFAULT = preset("default")


def units(*codes, unit_class="c"):
    return [Unit(code, code, unit_class) for code in codes]


def two(value):
    return str(round_half_up(value, 2))


def alike(**counts):
    """Return five-item patterns with all items alike: {"AAAAA": 120, …}."""
    return {code * 5: count for code, count in counts.items()}


# The worked cases of the published rules, by their numbers.


def test_s1_a_ballot_with_an_item_unknown():
    result = score(tally({("citizens", "U"): {"ABBNC": 1}}), DEFAULT, units("U"))
    assert result.unit("U").group("citizens").mean == 80


def test_s2_two_scored_items_are_an_abstention():
    ballots = {("citizens", "U"): {"ABBNC": 1, "BNNNA": 1}}
    group = score(tally(ballots), DEFAULT, units("U")).unit("U").group("citizens")
    assert (group.returned, group.valid, group.abstained, group.mean) == (2, 1, 1, 80)


def test_s3_the_direct_composite():
    ballots = {
        ("citizens", "U"): alike(A=120, B=50, C=20, D=8, E=2),
        ("enterprises", "U"): alike(A=20, B=12, C=6, D=2),
        ("npc", "U"): alike(A=12, B=6, C=2),
        ("cppcc", "U"): alike(A=10, B=8, C=2),
    }
    unit = score(tally(ballots), DEFAULT, units("U")).unit("U")
    means = {g.group: two(g.mean) for g in unit.groups}
    assert means == {"citizens": "87.20", "enterprises": "84.50", "npc": "90.00", "cppcc": "88.00"}
    assert unit.composite == Fraction("86.93")
    assert unit.social == unit.direct == Fraction("26.079")
    assert two(unit.social) == "26.08"


@pytest.mark.parametrize(
    ("ballots", "expected", "flagged"),
    [
        pytest.param({"B": 6, "C": 6}, "79.60", True, id="n = 12"),
        pytest.param({}, "86.00", True, id="n = 0"),
        pytest.param({"A": 1, "B": 14, "C": 13, "D": 1}, "70.53", True, id="n = 29"),
    ],
)
def test_s4_small_samples_are_padded(ballots, expected, flagged):
    padding = rules(
        groups=[
            {"code": "citizens", "words": "群众", "weight": 60, "floor": 30},
            {"code": "npc", "words": "代表", "weight": 40, "floor": 1},
        ]
    )
    counts = {
        ("citizens", "Peer"): {"A": 30, "B": 70},
        ("citizens", "U"): ballots,
        ("npc", "U"): {"A": 1},
    }
    group = score(tally(counts), padding, units("Peer", "U")).unit("U").group("citizens")
    assert group.mu == 86
    assert two(group.padded) == expected
    assert (Flag.SMALL_SAMPLE in group.flags) is flagged


def test_s4_from_the_floor_on_nothing_is_padded():
    counts = {("citizens", "U"): {"B": 15, "C": 15}, ("citizens", "Peer"): {"A": 40}}
    group = score(tally(counts), one_group(), units("U", "Peer")).unit("U").group("citizens")
    assert group.padded == 70
    assert group.flags == ()


S5 = {
    "U1": (90, 80, "99.2", 95),
    "U2": (88, 85, "99.0", 95),
    "U3": (86, 90, "98.8", 95),
    "U4": (84, 75, "99.4", 95),
    "U5": (82, 70, "99.1", 95),
}


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("standard", ["26.36", "26.23", "26.10", "24.79", "24.02"]),
        ("direct", ["26.74", "26.94", "27.14", "25.58", "24.87"]),
        ("ratio", ["29.56", "29.78", "30.00", "28.27", "27.49"]),
        ("rank", ["28.80", "29.40", "30.00", "28.20", "27.60"]),
    ],
)
def test_s5_four_conversions_of_a_class_of_five(method, expected):
    made = parse_rules({**DEFAULT.document(), "conversion": {"method": method}})
    groups = ("citizens", "enterprises", "npc", "cppcc")
    ready = {
        group: {unit: ReadyScore(Fraction(means[n]), 100) for unit, means in S5.items()}
        for n, group in enumerate(groups)
    }
    result = score(Tally.empty(), made, units(*S5), ready)
    assert [two(unit.social) for unit in result.units] == expected
    assert [two(unit.direct) for unit in result.units] == [
        "26.74",
        "26.94",
        "27.14",
        "25.58",
        "24.87",
    ]
    facts = result.unit_class("c")
    assert [
        (g.group, round_half_up(g.mean, 1), round_half_up(g.deviation, 4)) for g in facts.groups
    ] == [
        ("citizens", 86, Decimal("2.8284")),
        ("enterprises", 80, Decimal("7.0711")),
        ("npc", Decimal("99.1"), Decimal("0.2")),
        ("cppcc", 95, 0),
    ]


def test_s6_an_outlier_is_cut():
    made = one_group(conversion={"method": "standard"})
    ready = {"citizens": {f"U{n}": ReadyScore(Fraction(90), 30) for n in range(11)}}
    ready["citizens"]["Low"] = ReadyScore(Fraction(30), 30)
    result = score(Tally.empty(), made, units(*ready["citizens"]), ready)
    assert result.unit_class("c").groups[0].mean == 85
    assert two(result.unit("Low").group("citizens").standardised) == "70.00"
    assert two(result.unit("U0").group("citizens").standardised) == "86.51"


def test_s7_duplicates_are_not_in_the_tally_and_nobody_is_dropped_for_an_address():
    counted = tally({("citizens", "U"): alike(E=1, B=15)}, channel="open")
    group = score(counted, DEFAULT, units("U")).unit("U").group("citizens")
    assert (group.returned, two(group.mean)) == (16, "75.00")


def test_s8_flagged_ballots_are_counted_and_the_score_without_them_is_known():
    counted = tally({("npc", "X"): alike(N=4, A=9, B=6, C=2) | {"-----": 2}})
    counted += tally({("npc", "X"): alike(A=1)}, flagged=True)
    group = score(counted, DEFAULT, units("X")).unit("X").group("npc")
    assert (group.returned, group.valid, two(group.mean)) == (24, 18, "88.89")
    without = score(counted.without_flagged(), DEFAULT, units("X"))
    assert two(without.unit("X").group("npc").mean) == "88.24"


# Small samples beyond the worked cases.


def test_padding_falls_back_on_all_classes_where_the_class_has_no_full_unit():
    counts = {
        ("citizens", "Far"): {"A": 3},
        ("citizens", "U"): {"E": 1},
        ("npc", "Far"): {"A": 2},
        ("npc", "U"): {"A": 2},
    }
    listed = [Unit("Far", "Far", "d"), Unit("U", "U", "c")]
    group = score(tally(counts), rules(), listed).unit("U").group("citizens")
    assert (group.mu, group.padded) == (100, Fraction(200, 3))


def test_a_group_that_nowhere_reaches_its_floor_is_not_padded():
    counts = {
        ("citizens", "U1"): {"A": 3},
        ("citizens", "U2"): {"B": 3},
        ("citizens", "U3"): {"C": 3},
        ("npc", "U1"): {"A": 1},
        ("npc", "U2"): {"C": 1},
    }
    result = score(tally(counts), rules(), units("U1", "U2", "U3"))
    views = [unit.group("npc") for unit in result.units]
    assert [view.padded for view in views] == [100, 60, 80]
    assert all(Flag.GROUP_SMALL in view.flags for view in views)
    assert not any(Flag.SMALL_SAMPLE in view.flags for view in views)
    assert result.small_groups == ("npc",)


def test_a_group_without_any_valid_ballot_leaves_every_weight():
    counts = {("citizens", "U1"): {"A": 3}, ("npc", "U1"): {"N": 5}}
    result = score(tally(counts), rules(), units("U1"))
    unit = result.unit("U1")
    assert (unit.composite, unit.group("citizens").weight_share) == (100, 1)
    assert result.suspended_groups == ("npc",)
    assert Flag.GROUP_SUSPENDED in unit.flags


def test_without_padding_a_missing_group_leaves_the_units_weights():
    counts = {("citizens", "U1"): {"B": 1}, ("citizens", "U2"): {"A": 1}, ("npc", "U2"): {"C": 1}}
    result = score(tally(counts), rules(small_samples="none"), units("U1", "U2"))
    assert result.unit("U1").composite == 80
    assert Flag.MISSING_GROUP in result.unit("U1").flags
    assert result.unit("U2").composite == 84


def test_the_unpadded_composite_uses_the_groups_with_ballots():
    counts = {
        ("citizens", "U1"): {"B": 1},
        ("citizens", "U2"): {"A": 3},
        ("npc", "U2"): {"C": 2},
    }
    unit = score(tally(counts), rules(), units("U1", "U2")).unit("U1")
    assert unit.composite_unpadded == 80
    assert unit.composite == Fraction(60 * Fraction(280, 3) + 40 * 60, 100)


def test_a_unit_without_ballots_in_a_weighted_group_has_no_score_and_takes_no_part():
    weights = {"d": {"citizens": "100"}}
    counts = {
        ("citizens", "U1"): {"B": 3},
        ("npc", "U1"): {"B": 2},
        ("npc", "Nobody"): {"A": 2},
    }
    listed = [*units("U1", "U2"), Unit("Nobody", "Nobody", "d")]
    result = score(tally(counts), rules(class_weights=weights), listed)
    for code in ("U2", "Nobody"):
        unit = result.unit(code)
        assert (unit.composite, unit.direct, unit.social) == (None, None, None)
        assert unit.flags == (Flag.NO_VALID_BALLOTS,)
    assert result.unit("U1").social == 24
    assert result.unit_class("c").units == 1
    assert result.unit_class("d").best is None


def test_class_weights_decide_which_groups_count():
    weights = {"d": {"npc": "100"}}
    counts = {("citizens", "U"): {"A": 3}, ("npc", "U"): {"C": 2}}
    for unit_class, composite in (("c", 84), ("d", 60)):
        listed = units("U", unit_class=unit_class)
        result = score(tally(counts), rules(class_weights=weights), listed)
        assert result.unit("U").composite == composite


def test_trimming_leaves_out_both_ends_from_twenty_ballots_on():
    made = one_group(trim_percent="5")
    for ends, mean in ((1, 80), (0, Fraction(18 * 80 + 100, 19))):
        counts = {("citizens", "U"): {"A": 1, "B": 18, "E": ends}}
        group = score(tally(counts), made, units("U")).unit("U").group("citizens")
        assert (group.mean, group.valid, group.trimmed) == (mean, 19 + ends, ends)


def test_the_open_channel_counts_only_where_the_rule_set_says_so():
    closed = [
        {"code": "citizens", "words": "群众", "weight": 100, "floor": 1, "open_channel": False}
    ]
    counts = tally({("citizens", "U"): {"A": 1}}, channel="token")
    counts += tally({("citizens", "U"): {"E": 9}}, channel="open")
    unit = score(counts, rules(groups=closed), units("U")).unit("U")
    group = unit.group("citizens")
    assert (unit.composite, group.returned, group.left_out) == (100, 1, 9)
    assert Flag.OPEN_LEFT_OUT in unit.flags
    assert score(counts, one_group(), units("U")).unit("U").composite == 10


def test_option_counts_cover_every_returned_ballot():
    counts = {("citizens", "U"): {"ABBNC": 2, "-BNNA": 1}}
    group = score(tally(counts), DEFAULT, units("U")).unit("U").group("citizens")
    # columns: A B C D E N, not answered
    assert group.option_counts[0] == (2, 0, 0, 0, 0, 0, 1)
    assert group.option_counts[1] == (0, 3, 0, 0, 0, 0, 0)
    assert group.option_counts[3] == (0, 0, 0, 0, 0, 3, 0)


def test_a_small_class_is_converted_directly_and_says_so():
    made = one_group(conversion={"method": "standard"})
    counts = {("citizens", f"U{n}"): {"B": 30} for n in range(4)}
    result = score(tally(counts), made, units("U0", "U1", "U2", "U3", "U4"))
    assert [unit.social for unit in result.units] == [24, 24, 24, 24, None]
    assert result.unit_class("c").method is Method.DIRECT
    assert Flag.CLASS_DIRECT in result.unit("U0").flags


def test_equal_composites_share_a_place_and_rank_points_have_a_floor():
    made = one_group(conversion={"method": "rank", "step_percent": "15"})
    given_points = {"U1": "A", "U2": "B", "U3": "B", "U4": "C", "U5": "E"}
    counts = {("citizens", unit): {code: 30} for unit, code in given_points.items()}
    result = score(tally(counts), made, units(*given_points))
    assert [unit.place for unit in result.units] == [1, 2, 2, 4, 5]
    assert [unit.social for unit in result.units] == [
        30,
        Fraction("25.5"),
        Fraction("25.5"),
        18,
        18,
    ]


def test_the_ratio_of_a_class_at_zero_is_zero():
    made = one_group(conversion={"method": "ratio"})
    result = score(tally({("citizens", "U"): {"E": 30}}), made, units("U"))
    assert result.unit("U").social == 0


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        pytest.param(Cell("nobody", "open", "U", "A"), "group “nobody”", id="unknown group"),
        pytest.param(Cell("citizens", "open", "V", "A"), "unit “V”", id="unknown unit"),
        pytest.param(Cell("citizens", "open", "U", "AA"), "“AA” does not fit", id="too long"),
        pytest.param(Cell("citizens", "open", "U", "Z"), "“Z” does not fit", id="unknown option"),
    ],
)
def test_a_tally_of_another_round_is_refused(cell, message):
    with pytest.raises(Fault, match=message):
        score(Tally({cell: 1}), rules(), units("U"))


@pytest.mark.parametrize(
    ("ready", "message"),
    [
        ({"nobody": {}}, "the group “nobody” is not known"),
        ({"citizens": {"U": ReadyScore(Fraction(1), 1)}}, "both ballots and ready-made"),
        ({"npc": {"V": ReadyScore(Fraction(1), 1)}}, "the unit “V” is not known"),
        ({"npc": {"U": ReadyScore(Fraction(101), 1)}}, "0 to 100"),
    ],
)
def test_ready_made_scores_that_fit_nothing_are_refused(ready, message):
    with pytest.raises(Fault, match=message):
        score(tally({("citizens", "U"): {"A": 1}}), rules(), units("U"), ready)


# Properties over random rounds, each also computed a second time by brute force.

CLASSES = {"U1": "c", "U2": "c", "U3": "c", "U4": "c", "U5": "c", "U6": "d", "U7": "d"}
LISTED = [Unit(code, code, unit_class) for code, unit_class in CLASSES.items()]
BALLOTS = st.lists(
    st.tuples(
        st.sampled_from(["citizens", "npc", "peers"]),
        st.sampled_from(list(CLASSES)),
        st.text("ABCDEN-", min_size=3, max_size=3),
        st.integers(1, 25),
    ),
    max_size=40,
)


def random_round(**changes):
    return document(
        **{
            "items": [
                {"code": "q1", "words": "一", "weight": "1"},
                {"code": "q2", "words": "二", "weight": "2.5"},
                {"code": "q3", "words": "三", "weight": "3"},
            ],
            "min_items_scored": 2,
            "groups": [
                {"code": "citizens", "words": "群众", "weight": "55.5", "floor": 12},
                {"code": "npc", "words": "代表", "weight": "44.5", "floor": 40},
                {"code": "peers", "words": "互评", "weight": "0", "floor": 5},
            ],
            "class_weights": {"d": {"peers": "70", "npc": "30"}},
            "trim_percent": "5",
            "full_marks": "30",
            **changes,
        }
    )


def expanded(ballots):
    return [(group, unit, pattern) for group, unit, pattern, count in ballots for _ in range(count)]


def counted(ballots):
    return tally_of_ballots(Cell(g, "paper", u, pattern) for g, u, pattern in expanded(ballots))


@pytest.mark.parametrize("small_samples", list(SmallSamples))
@pytest.mark.parametrize("method", list(Method))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ballots=BALLOTS)
def test_an_independent_computation_agrees(ballots, method, small_samples):
    made = random_round(small_samples=small_samples.value, conversion={"method": method.value})
    result = score(counted(ballots), parse_rules(made), LISTED)
    expected = brute_force(made, expanded(ballots), CLASSES)
    for unit in result.units:
        if expected[unit.unit.code] is None:
            assert unit.social is None
            continue
        figures = (unit.composite, unit.direct, unit.social)
        for figure, other in zip(figures, expected[unit.unit.code], strict=True):
            assert abs(figure - Fraction(other)) < Fraction(1, 10**25)


@settings(max_examples=30, deadline=None)
@given(ballots=BALLOTS, factor=st.integers(2, 7))
def test_scaling_all_weights_changes_nothing(ballots, factor):
    made = parse_rules(random_round(class_weights={}))
    scaled = replace(
        made,
        items=tuple(replace(item, weight=item.weight * factor) for item in made.items),
        groups=tuple(replace(group, weight=group.weight * factor) for group in made.groups),
    )
    counts = counted(ballots)
    first, second = score(counts, made, LISTED), score(counts, scaled, LISTED)
    assert [u.social for u in first.units] == [u.social for u in second.units]


@settings(max_examples=30, deadline=None)
@given(ballots=BALLOTS)
def test_direct_scores_lie_between_zero_and_full_marks_and_shares_add_up(ballots):
    result = score(counted(ballots), parse_rules(random_round()), LISTED)
    for unit in result.units:
        if unit.direct is not None:
            assert 0 <= unit.direct <= 30
            assert sum(g.weight_share for g in unit.groups) == 1


@settings(max_examples=20, deadline=None)
@given(ballots=BALLOTS)
def test_points_step_by_step_lead_to_the_score(ballots):
    """What a page shows for a unit adds up: z·M + (1 - z)·mu is M', shares of M' are R."""
    result = score(counted(ballots), parse_rules(random_round()), LISTED)
    for unit in result.units:
        if unit.composite is None:
            continue
        for group in unit.groups:
            if group.padded is not None:
                own = group.own_share * (group.mean or 0)
                assert own + (1 - group.own_share) * group.mu == group.padded
        assert sum(g.weight_share * g.padded for g in unit.groups if g.weight_share) == (
            unit.composite
        )
