import copy
import json
import pickle
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.faults import RuleFault
from analytics.rules import PRESETS, Action, Method, SmallSamples, TieBreak, parse_rules, preset
from tests.analytics.rule_documents import document, rules


def test_the_default_is_the_published_rule_set():
    default = preset("default")
    assert [(o.code, o.words, o.points) for o in default.options] == [
        ("A", "非常满意", 100),
        ("B", "满意", 80),
        ("C", "基本满意", 60),
        ("D", "不满意", 30),
        ("E", "非常不满意", 0),
        ("N", "不了解", None),
    ]
    assert [(i.words, i.weight) for i in default.items] == [
        ("职能履行", 1),
        ("依法行政", 1),
        ("服务创新", 1),
        ("办事效能", 1),
        ("总体满意", 1),
    ]
    assert [(g.code, g.weight, g.floor) for g in default.groups if g.weight] == [
        ("citizens", 40, 30),
        ("enterprises", 30, 20),
        ("npc", 15, 10),
        ("cppcc", 15, 10),
    ]
    assert [g.code for g in default.groups if not g.weight] == [
        "leaders",
        "districts",
        "supervisors",
        "peers",
        "telephone",
    ]
    assert default.full_marks == 30
    assert default.work_full_marks == 70
    assert default.rounding == 2
    assert default.min_items_scored == 3
    assert default.adjustment_limit == 5
    assert default.small_samples is SmallSamples.PAD
    assert default.conversion.method is Method.DIRECT
    assert [(g.code, g.words, g.threshold, g.share_percent) for g in default.grades] == [
        ("excellent", "优秀", 90, 30),
        ("good", "良好", 80, None),
        ("fair", "一般", 60, None),
        ("poor", "较差", 0, None),
    ]
    assert default.vetoes.cap == "good"
    assert (default.composite_floor.below, default.composite_floor.cap) == (60, "fair")
    assert default.ties == (TieBreak.SOCIAL, TieBreak.DIRECT)
    assert {g.code: g.publish_floor for g in default.groups}["npc"] == 10
    assert default.publish_floor == 5


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("three-100-75-55", [100, 75, 55]),
        ("three-100-70-30", [100, 70, 30]),
        ("stars", [100, 80, 60, 40, 20]),
        ("five-10-8-6-3-0", [100, 80, 60, 30, 0]),
        ("one-to-five", [100, 75, 50, 25, 0]),
        ("zero-to-ten", [100, 90, 80, 70, 60, 50, 40, 30, 20, 10, 0]),
    ],
)
def test_presets_have_their_points(name, points):
    options = preset(name).options
    assert [o.points for o in options] == [*points, None]


@pytest.mark.parametrize("name", PRESETS)
def test_presets_round_trip_and_have_words_in_both_languages(name):
    shipped = preset(name)
    assert parse_rules(shipped.to_json()) == shipped
    assert parse_rules(shipped.document()) == shipped
    assert parse_rules(shipped.to_json()).sha256 == shipped.sha256
    worded = [*shipped.options, *shipped.items, *shipped.groups, *shipped.grades]
    assert all(thing.words and thing.words_en for thing in worded)
    assert shipped.name_en


def test_an_unknown_preset_is_refused_with_the_known_ones():
    with pytest.raises(RuleFault, match=r"no rule set “silly”.*default, three-100-75-55"):
        preset("silly")


def test_the_digest_does_not_depend_on_how_a_number_is_written():
    assert rules(full_marks=30).sha256 == rules(full_marks="30.00").sha256
    assert rules(full_marks=30).sha256 != rules(full_marks=31).sha256


def test_the_digest_does_not_depend_on_the_order_of_members():
    turned = dict(reversed(list(document().items())))
    assert parse_rules(turned).sha256 == rules().sha256


def test_decimals_of_json_are_exact():
    text = json.dumps(document()).replace('"weight": 60', '"weight": 60.1')
    text = text.replace('"weight": 40', '"weight": 39.9')
    assert [g.weight for g in parse_rules(text).groups] == [Decimal("60.1"), Decimal("39.9")]


def test_class_weights_replace_the_general_ones_and_leave_the_unnamed_at_zero():
    named = rules(class_weights={"party": {"npc": "100"}})
    assert named.weights_for("party") == {"citizens": 0, "npc": 100}
    assert named.weights_for("other") == {"citizens": 60, "npc": 40}
    assert parse_rules(named.to_json()) == named


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("default", "6ca8c000f8237a40c7f5104debf4e7471410f91fbf9f055d325fb3b8a3dc796c"),
        ("three-100-75-55", "4b2938c04f2bd0b1b8c4d78b832c5d951087c78e1ad7dfce1186409725aa5584"),
    ],
)
def test_checks_that_came_later_leave_older_digests_as_they_are(name, digest):
    shipped = preset(name)
    assert shipped.sha256 == digest  # as it was before they came
    assert (shipped.validity.no_proof, shipped.validity.crowded) == (Action.FLAG, Action.FLAG)


@pytest.mark.parametrize("check", ["no_proof", "crowded"])
def test_a_later_check_is_written_down_where_it_differs(check):
    said = rules(validity={check: {"action": "flag"}})
    assert said.sha256 == rules().sha256
    other = rules(validity={check: {"action": "exclude"}})
    assert other.document()["validity"][check] == {"action": "exclude"}
    assert other.sha256 != rules().sha256
    assert parse_rules(other.to_json()) == other


def test_everything_that_can_be_set_round_trips():
    full = rules(
        name_en="Rules",
        rounding=3,
        small_samples="shrink",
        trim_percent="2.5",
        conversion={"method": "standard", "limit": "2.5", "min_units": 7},
        validity={
            "speed": {"seconds_per_item": "0.5", "action": "exclude"},
            "identical": {"units": 20, "action": "ignore"},
            "no_device": {"action": "ignore"},
            "coached": {"action": "exclude"},
            "no_proof": {"action": "ignore"},
            "crowded": {"action": "exclude"},
        },
        work_aspects=["FUNC", "LAW"],
        ties=["work"],
        publish_floor=7,
    )
    assert full.validity.coached is Action.EXCLUDE
    assert full.validity.no_proof is Action.IGNORE
    assert full.conversion.limit == Decimal("2.5")
    assert full.groups[0].publish_floor == 7
    assert parse_rules(full.to_json()) == full


@given(
    st.lists(st.integers(1, 50), min_size=1, max_size=5),
    st.integers(1, 99),
    st.sampled_from(list(SmallSamples)),
    st.sampled_from(list(Method)),
)
def test_any_accepted_rule_set_round_trips(weights, share, small_samples, method):
    made = rules(
        items=[
            {"code": f"q{n}", "words": "题", "weight": f"{weight}.50"}
            for n, weight in enumerate(weights)
        ],
        groups=[
            {"code": "a", "words": "甲", "weight": share, "floor": 1},
            {"code": "b", "words": "乙", "weight": 100 - share, "floor": 2},
        ],
        small_samples=small_samples.value,
        conversion={"method": method.value},
    )
    again = parse_rules(made.to_json())
    assert again == made
    assert again.sha256 == made.sha256


def changed(path, value):
    """Return the default rule set's document with one member replaced, or removed by `...`."""
    made = copy.deepcopy(preset("default").document())
    made["class_weights"] = {"party": {"citizens": "60", "npc": "40"}}
    inner = made
    for step in path[:-1]:
        inner = inner[step]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return made


@pytest.mark.parametrize(
    ("path", "value", "place", "message"),
    [
        (["options"], ..., "options", "missing"),
        (["version"], ..., "version", "missing"),
        (["version"], 0, "version", "from 1 to"),
        (["version"], "1.5", "version", "whole number"),
        (["name"], "", "name", "words are expected"),
        (["name"], 7, "name", "words are expected"),
        (["name"], "长" * 201, "name", "at most 200"),
        (["name"], "a\x00b", "name", "printable"),
        (["nmae"], "x", "nmae", "not known here"),
        (["full_marks"], 0, "full_marks", "above 0"),
        (["full_marks"], "thirty", "full_marks", "a number is expected"),
        (["full_marks"], True, "full_marks", "a number is expected"),
        (["full_marks"], float("nan"), "full_marks", "a number is expected"),
        (["full_marks"], "1e9", "full_marks", "a number is expected"),
        (["full_marks"], "٣٠", "full_marks", "a number is expected"),
        (["rounding"], 7, "rounding", "from 0 to 6"),
        (["options"], {}, "options", "a list is expected"),
        (["options"], [], "options", "2 to 30 entries are expected here, not 0"),
        (["options", 1], "B", "options[1]", "an object is expected"),
        (["options", 1, "code"], "A", "options[1].code", "“A” stands here twice"),
        (["options", 1, "code"], "-", "options[1].code", "printable ASCII"),
        (["options", 1, "code"], "AB", "options[1].code", "one printable ASCII"),
        (["options", 1, "code"], "满", "options[1].code", "printable ASCII"),
        (["options", 1, "code"], " ", "options[1].code", "printable ASCII"),
        (["options", 1, "code"], ["B"], "options[1].code", "printable ASCII"),
        (["options", 1, "points"], 101, "options[1].points", "from 0 to 100"),
        (["options", 1, "points"], -1, "options[1].points", "from 0 to 100"),
        (["options", 1, "points"], "", "options[1].points", "a number is expected"),
        (["options", 1, "points"], ..., "options[1].points", "missing"),
        (["options", 1, "colour"], "red", "options[1].colour", "not known here"),
        (["items"], [], "items", "1 to 40 entries"),
        (["items", 0, "weight"], 0, "items[0].weight", "above 0"),
        (["items", 0, "weight"], -1, "items[0].weight", "from 0 to"),
        (["items", 1, "code"], "duties", "items[1].code", "twice"),
        (["items", 1, "code"], "unit", "items[1].code", "another column"),
        (["items", 1, "code"], "a b", "items[1].code", "a code is"),
        (["min_items_scored"], 6, "min_items_scored", "from 1 to 5"),
        (["min_items_scored"], 0, "min_items_scored", "from 1 to 5"),
        (["groups", 0, "weight"], 41, "groups", "add up to 100, not 101"),
        (["groups", 0, "weight"], "39.9999", "groups", "add up to 100, not 99.9999"),
        (["groups", 0, "weight"], None, "groups[0].weight", "a number is expected"),
        (["groups", 2, "weight"], "-5", "groups[2].weight", "from 0 to 100"),
        (["groups", 2, "floor"], "1.5", "groups[2].floor", "whole number"),
        (["groups", 2, "floor"], ..., "groups[2].floor", "missing"),
        (["groups", 2, "code"], "citizens", "groups[2].code", "twice"),
        (["groups", 2, "open_channel"], "no", "groups[2].open_channel", "true or false"),
        (["groups", 2, "min_return_share"], 60, "groups[2].min_return_share", "from 0 to 1"),
        (["groups", 2, "publish_floor"], 0, "groups[2].publish_floor", "from 1 to"),
        (["class_weights"], [], "class_weights", "an object is expected"),
        (["class_weights", "party", "npc"], 41, "class_weights.party", "not 101"),
        (["class_weights", "party", "nobody"], 0, "class_weights.party.nobody", "not known"),
        (["class_weights", "no class"], {"npc": 100}, "class_weights.no class", "a code is"),
        (["validity", "speed", "action"], "delete", "validity.speed.action", "ignore, flag"),
        (["validity", "speed", "action"], ..., "validity.speed.action", "missing"),
        (["validity", "identical", "units"], 1, "validity.identical.units", "from 2"),
        (["validity", "lies"], {}, "validity.lies", "not known here"),
        (["small_samples"], "guess", "small_samples", "pad, none, shrink"),
        (["trim_percent"], 50, "trim_percent", "less than 50"),
        (["conversion"], {}, "conversion.method", "missing"),
        (["conversion", "method"], "best", "conversion.method", "direct, ratio, rank, standard"),
        (["conversion", "step_percent"], 2, "conversion.step_percent", "not known here"),
        (
            ["conversion"],
            {"method": "rank", "floor_percent": 101},
            "conversion.floor_percent",
            "from 0 to 100",
        ),
        (
            ["conversion"],
            {"method": "standard", "min_deviation": 0},
            "conversion.min_deviation",
            "above 0",
        ),
        (["work_full_marks"], 0, "work_full_marks", "above 0"),
        (["work_aspects"], [], "work_aspects", "1 to 100 entries"),
        (["work_aspects"], ["LAW", "LAW"], "work_aspects[1]", "twice"),
        (["adjustment_limit"], -1, "adjustment_limit", "from 0"),
        (["grades", 1, "threshold"], 90, "grades[1].threshold", "highest threshold"),
        (["grades", 3, "threshold"], 10, "grades[3].threshold", "begins at 0"),
        (["grades", 1, "share_percent"], 40, "grades[1].share_percent", "only the best"),
        (["grades", 1, "code"], "excellent", "grades[1].code", "twice"),
        (["vetoes", "cap"], "bad", "vetoes.cap", "the grade “bad” is not known"),
        (["composite_floor", "cap"], None, "composite_floor.cap", "is not known"),
        (["ties"], ["luck"], "ties[0]", "social, direct, work"),
        (["ties"], [["social"]], "ties[0]", "social, direct, work"),
        (["ties"], ["social", "social"], "ties[1]", "twice"),
        (["publish_floor"], 0, "publish_floor", "from 1 to"),
    ],
)
def test_faulty_rule_sets_are_refused_with_place_and_reason(path, value, place, message):
    with pytest.raises(RuleFault) as caught:
        parse_rules(changed(path, value))
    assert caught.value.place == place
    assert message in str(caught.value)
    assert str(caught.value).startswith(place)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "not JSON: line 1, column 1", id="empty"),
        # Not `,}`: Python 3.13 points at its comma, earlier ones at its brace.
        pytest.param('{"version": 1,\n]', "not JSON: line 2, column 1", id="a wrong end"),
        pytest.param("[]", "an object is expected", id="a list"),
        pytest.param('{"version": NaN}', "“NaN” is not a number", id="NaN"),
        pytest.param('{"a": 1, "a": 2}', "“a” stands twice", id="a member twice"),
        pytest.param("[" * 100_000, "nested too deeply", id="deep nesting"),
        pytest.param(" " * 1_000_001, "too long", id="too long"),
    ],
)
def test_texts_that_are_no_document_are_refused(text, message):
    with pytest.raises(RuleFault) as caught:
        parse_rules(text)
    assert message in str(caught.value)


def test_a_huge_number_in_json_is_refused_and_not_computed():
    text = json.dumps(preset("default").document()).replace('"30"', "1e999999999", 1)
    with pytest.raises(RuleFault, match="a number is expected"):
        parse_rules(text)


def test_a_fault_survives_the_way_back_from_a_child_process():
    with pytest.raises(RuleFault) as caught:
        rules(full_marks="x")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.place, again.message, again.values) == (
        caught.value.place,
        caught.value.message,
        caught.value.values,
    )


def test_weights_may_be_shares_of_one():
    document = preset("default").document()
    for group in document["groups"]:
        group["weight"] = str(Decimal(group["weight"]) / 100)
    shares = parse_rules(document)
    assert [g.weight * 100 for g in shares.groups] == [g.weight for g in preset("default").groups]
