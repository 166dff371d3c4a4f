"""The rules of asking: the ratings text, reasons for doubt, documents that are refused."""

from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.faults import Fault
from analytics.rules import parse_rules, preset
from surveys.questionnaire import (
    QuestionnaireText,
    UnitChoice,
    UnitRating,
    Validity,
    parse_questionnaire,
    ratings_text,
    read_ratings_text,
    suspicions,
    validity_of,
)
from tests.makers import QUESTIONS

RULES = preset("default")


def test_the_ratings_text_of_the_documentation():
    assert ratings_text([UnitRating(7, "AAAAA"), UnitRating(1, "ABBNC")], 2) == "01ABBNC07AAAAA"


@given(st.dictionaries(st.integers(1, 99), st.text("ABCDEN-", min_size=5, max_size=5)))
def test_a_ratings_text_reads_back_as_it_was_written(units):
    ratings = [UnitRating(number, pattern) for number, pattern in units.items()]
    read = read_ratings_text(ratings_text(ratings, 2), 2, 5)
    assert sorted(read, key=lambda one: one.unit_number) == list(read)
    assert set(read) == set(ratings)


@pytest.mark.parametrize("text", ["01ABBN", "A1ABBNC", "01ABBNC07AAAA"])
def test_a_cut_or_misshapen_ratings_text_is_refused(text):
    with pytest.raises(ValueError):
        read_ratings_text(text, 2, 5)


def all_units(pattern, count):
    return tuple(UnitRating(number, pattern) for number in range(1, count + 1))


@pytest.mark.parametrize(
    ("ratings", "seconds", "expected"),
    [
        pytest.param(all_units("ABBAC", 1), 4, ("speed",), id="five answers in four seconds"),
        pytest.param(all_units("ABBAC", 1), 5, (), id="a second each is enough"),
        pytest.param(all_units("A----", 1), 1, (), id="blanks take no time"),
        pytest.param(all_units("AAAAA", 60), None, ("identical",), id="S8: A to all 60 units"),
        pytest.param(all_units("AAAAA", 9), None, (), id="nine alike are no sign yet"),
        pytest.param(all_units("AAAAB", 60), None, (), id="alike units, but thought about items"),
        pytest.param(all_units("NNNNN", 60), None, (), id="knowing nobody is no sign"),
        pytest.param((), 0, (), id="an empty ballot"),
    ],
)
def test_reasons_for_doubt(ratings, seconds, expected):
    assert suspicions(ratings, seconds, RULES) == expected


def with_actions(**actions):
    document = RULES.document()
    for reason, action in actions.items():
        document["validity"][reason]["action"] = action
    return parse_rules(document)


@pytest.mark.parametrize(
    ("reasons", "rules", "expected"),
    [
        pytest.param((), RULES, Validity.COUNTED, id="nothing found"),
        pytest.param(("speed",), RULES, Validity.FLAGGED, id="flagged by default"),
        pytest.param(("speed",), with_actions(speed="ignore"), Validity.COUNTED, id="ignored"),
        pytest.param(
            ("coached", "speed"),
            with_actions(speed="exclude"),
            Validity.EXCLUDED,
            id="gravest wins",
        ),
    ],
)
def test_the_rule_set_decides_what_a_reason_does(reasons, rules, expected):
    assert validity_of(reasons, rules) is expected


def test_a_document_reads_back_as_it_was_written():
    text = QuestionnaireText("public", "标题", UnitChoice.CHOSEN, questions=QUESTIONS)
    assert parse_questionnaire(text.to_json()) == text


GOOD = asdict(QuestionnaireText("public", "标题", UnitChoice.CHOSEN, questions=QUESTIONS))


def changed(index, **changes):
    questions = [dict(question) for question in GOOD["questions"]]
    questions[index].update(changes)
    return {**GOOD, "questions": questions}


@pytest.mark.parametrize(
    ("document", "place"),
    [
        pytest.param({**GOOD, "unit_choice": "some"}, "questionnaire", id="unknown unit choice"),
        pytest.param({**GOOD, "colour": "red"}, "questionnaire", id="unknown part"),
        pytest.param({"code": "x"}, "questionnaire", id="no title"),
        pytest.param(changed(0, kind="matrix"), "questions[0]", id="unknown kind"),
        pytest.param(changed(1, code="role"), "questions[1]", id="doubled code"),
        pytest.param(changed(1, code="a b"), "questions[1]", id="code with a blank"),
        pytest.param(changed(0, choices=[]), "questions[0]", id="nothing to choose"),
        pytest.param(
            changed(2, choices=GOOD["questions"][0]["choices"]),
            "questions[2]",
            id="text with choices",
        ),
        pytest.param(
            changed(0, choices=[{"code": "a", "words": "甲", "reason": "speed"}]),
            "questions[0]",
            id="a reason that no choice can give",
        ),
        pytest.param(
            changed(0, shown_if=["ways", "net"]), "questions[0]", id="depends on a later one"
        ),
        pytest.param(
            changed(1, shown_if=["role", "king"]), "questions[1]", id="depends on no choice"
        ),
    ],
)
def test_a_bad_document_is_refused_with_its_place(document, place):
    with pytest.raises(Fault) as refused:
        parse_questionnaire(document)
    assert refused.value.place == place
