import csv
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.comments.tones import Tone, rating_check, tone_of
from analytics.comments.word_lists import listed_rows
from tests.house.tree import ROOT

KINDS = {
    *("praise", "complaint", "nuisance", "wish", "opening", "plea", "effort", "polite"),
    *("courtesy", "negation", "contrast", "past", "intensifier", "irony", "nothing", "neutral"),
}


def labelled(chosen):
    path = ROOT / "tests" / "data" / "comments" / "labelled.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [
            (Tone(row["tone"]), row["text"]) for row in csv.DictReader(file) if row["set"] == chosen
        ]


def accuracy(rows):
    return sum(tone_of(text).tone == tone for tone, text in rows) / len(rows)


def f1(rows, tone):
    found = [tone_of(text).tone for _, text in rows]
    hits = sum(one == tone == true for one, (true, _) in zip(found, rows, strict=True))
    return 2 * hits / (found.count(tone) + sum(true == tone for true, _ in rows))


@pytest.mark.parametrize(
    ("text", "tone", "because"),
    [
        pytest.param("态度很好", Tone.PRAISE, ("很好",), id="praise"),
        pytest.param("态度不好", Tone.CRITICISM, ("不好",), id="a negation that is a word itself"),
        pytest.param("没有推诿扯皮", Tone.PRAISE, ("没有…推诿扯皮",), id="two words in one"),
        pytest.param("从未刁难", Tone.PRAISE, ("从未…刁难",), id="a negated complaint"),
        pytest.param("没有刁难、敷衍", Tone.PRAISE, ("没有…刁难", "没有…敷衍"), id="and its chain"),
        pytest.param("没有那么热情", Tone.CRITICISM, ("没有…热情",), id="negated praise"),
        pytest.param("热情不够", Tone.CRITICISM, ("不够",), id="a want takes praise over"),
        pytest.param(
            "希望态度好一点", Tone.SUGGESTION, ("希望",), id="what is wished is not praised"
        ),
        pytest.param("希望杜绝推诿", Tone.SUGGESTION, ("希望", "杜绝"), id="nor blamed"),
        pytest.param("没什么建议", Tone.NEITHER, (), id="no wish"),
        pytest.param(
            "太慢，希望快一点", Tone.CRITICISM, ("太慢", "希望", "快一点"), id="blame with wish"
        ),
        pytest.param("很好，希望继续保持", Tone.MIXED, ("很好", "希望"), id="praise with wish"),
        pytest.param("很好，继续保持", Tone.PRAISE, ("很好",), id="a polite phrase is no wish"),
        pytest.param("再接再厉", Tone.SUGGESTION, ("再接再厉",), id="unless it stands alone"),
        pytest.param("建议周末开门，谢谢", Tone.SUGGESTION, ("建议",), id="thanks are no praise"),
        pytest.param("谢谢", Tone.PRAISE, ("谢谢",), id="unless they stand alone"),
        pytest.param("加强监管", Tone.SUGGESTION, ("加强",), id="what should be done"),
        pytest.param("加强了监管", Tone.PRAISE, ("加强了",), id="what was done"),
        pytest.param(
            "办事快，就是远了点", Tone.MIXED, ("办事快", "就是"), id="a contrast says enough"
        ),
        pytest.param("服务就是好", Tone.PRAISE, ("好",), id="a contrast that is none"),
        pytest.param("以前态度恶劣，现在好", Tone.PRAISE, ("好",), id="former times"),
        pytest.param("真是“高效”", Tone.CRITICISM, ("高效",), id="praise in quotes"),
        pytest.param(
            "路灯坏了，当天就修好了",
            Tone.PRAISE,
            ("当天就", "修好了"),
            id="a nuisance that is gone",
        ),
        pytest.param("路灯坏了", Tone.CRITICISM, ("坏了",), id="a nuisance alone"),
        pytest.param("好像搬了", Tone.NEITHER, (), id="a longer word hides a shorter"),
        pytest.param("跑了好几趟", Tone.CRITICISM, ("跑了好几趟",), id="a number in a phrase"),
        pytest.param("很好！\n但太远", Tone.MIXED, ("很好", "太远"), id="lines are sentences"),
        pytest.param("", Tone.NEITHER, (), id="nothing"),
        pytest.param("，。！", Tone.NEITHER, (), id="signs only"),
    ],
)
def test_tone_and_the_words_that_decided(text, tone, because):
    found = tone_of(text)
    assert (found.tone, found.because) == (tone, because)


def test_holdout_sentences_are_read_as_well_as_the_documentation_says():
    """Measured once on sentences set aside before any rule was written: 0.96."""
    rows = labelled("holdout")
    assert len(rows) == 167
    assert accuracy(rows) > 0.9
    assert {tone: f1(rows, tone) > 0.8 for tone in Tone} == dict.fromkeys(Tone, True)


def test_sentences_that_avoid_the_usual_words_are_mostly_left_undecided():
    """Measured before any of their words was listed: 0.34; what is decided wrongly is rarer."""
    rows = labelled("later")
    turned = {(Tone.PRAISE, Tone.CRITICISM), (Tone.CRITICISM, Tone.PRAISE)}
    found = Counter((tone, tone_of(text).tone) for tone, text in rows)
    assert accuracy(rows) > 0.25
    assert sum(found[pair] for pair in turned) <= 3


def test_no_word_is_listed_twice():
    listed = [
        (word, row["kind"]) for row in listed_rows("tone.csv") for word in row["words"].split()
    ]
    times = Counter(word for word, _ in listed)
    assert {word: n for word, n in times.items() if n > 1} == {}
    assert {kind for _, kind in listed} == KINDS


@given(
    st.lists(
        st.sampled_from(
            [
                "好",
                "不",
                "希望",
                "但是",
                "太慢",
                "没有",
                "，",
                "。",
                "加强",
                "“",
                "以前",
                "呵呵",
                "很",
            ]
        )
    )
)
def test_every_text_has_a_tone_that_follows_from_its_signs(pieces):
    found = tone_of("".join(pieces))
    signs = found.praises, found.complains, found.wishes
    assert (found.tone == Tone.NEITHER) == (not any(signs)) == (not found.because)
    assert (found.tone == Tone.MIXED) == (found.praises and (found.complains or found.wishes))
    assert (found.tone == Tone.PRAISE) == (signs == (True, False, False))
    assert (found.tone == Tone.SUGGESTION) == (signs == (False, False, True))


def test_tones_are_held_against_ratings():
    tones = [Tone.PRAISE, Tone.PRAISE, Tone.CRITICISM, Tone.CRITICISM, Tone.MIXED, Tone.PRAISE]
    found = rating_check(tones, np.array([100, 20, 40, 90, 70, np.nan]))
    assert found.counts.tolist() == [[1, 0, 1], [1, 0, 1], [0, 0, 0], [0, 1, 0], [0, 0, 0]]
    assert found.against == (1, 3)
    assert found.agreement == 0.5


@pytest.mark.parametrize(
    ("tones", "points"),
    [
        pytest.param([], [], id="no comments"),
        pytest.param([Tone.PRAISE], [np.nan], id="no points"),
        pytest.param([Tone.PRAISE, Tone.MIXED], [70, 0], id="nothing on a side"),
    ],
)
def test_agreement_is_unknown_without_pairs(tones, points):
    assert rating_check(tones, np.array(points, float)).agreement is None


def test_every_comment_needs_its_points():
    with pytest.raises(ValueError, match="points"):
        rating_check([Tone.PRAISE], np.zeros(2))
