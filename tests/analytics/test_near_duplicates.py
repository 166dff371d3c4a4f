import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.near_duplicates import near_duplicates, plain_text
from analytics.shapes import NOWHERE

LONG = "办事大厅的排队时间实在太长，希望多开几个窗口，让老年人也能方便办理。"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        pytest.param([], [], id="no texts"),
        pytest.param(["很好", "很好", ""], [NOWHERE] * 3, id="short texts prove nothing"),
        pytest.param([LONG, LONG], [0, 0], id="the same"),
        pytest.param([LONG, LONG.replace("，", " ") + "！！"], [0, 0], id="other marks"),
        pytest.param([LONG, LONG.replace("老年人", "老人家")], [1, 0], id="two signs of 30 apart"),
        pytest.param([LONG, LONG.replace("办理", "办事")], [0, 0], id="one sign of 30 apart"),
        pytest.param(["ＡＢＣＤ１２３４５", "abcd12345"], [0, 0], id="width and case"),
        pytest.param(["希望继续努力，再接再厉！"] * 9, [NOWHERE] * 9, id="everybody's phrase"),
        pytest.param(["哈" * 8, "哈" * 50], [0, 0], id="one piece over and over"),
        pytest.param(["一二三四五六七八", LONG, LONG], [1, 0, 0], id="the largest comes first"),
    ],
)
def test_clusters(texts, expected):
    assert near_duplicates(texts).tolist() == expected


def jaccard(first, second):
    sets = [
        {text[place : place + 3] for place in range(len(text) - 2)}
        for text in (plain_text(first), plain_text(second))
    ]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


@given(st.lists(st.text("甲乙丙丁", min_size=8, max_size=14), min_size=2, max_size=12))
def test_texts_of_one_cluster_are_joined_by_a_chain_of_likeness(texts):
    clusters = near_duplicates(texts, similarity=0.6)
    alike = np.array([[jaccard(a, b) >= 0.6 for b in texts] for a in texts])
    for number in set(clusters.tolist()):
        members = np.flatnonzero(clusters == number)
        reached = alike[np.ix_(members, members)]
        for _ in members:
            reached = reached @ reached
        assert reached.all()


@given(st.lists(st.text("甲乙丙", min_size=8, max_size=12), max_size=10), st.randoms())
def test_clusters_do_not_depend_on_the_order_of_texts(texts, random):
    order = random.sample(range(len(texts)), len(texts))
    again = near_duplicates([texts[place] for place in order])
    assert again.tolist() == near_duplicates(texts)[order].tolist()


def test_copies_with_a_sign_changed_are_found_among_thousands():
    rng = np.random.default_rng(3)
    signs = [chr(0x4E00 + number) for number in range(800)]
    others = ["".join(rng.choice(signs, 24)) for _ in range(3000)]
    copies = []
    for place in range(100):
        changed = list(LONG + LONG[::-1])
        changed[place % 60] = "某"
        copies.append("".join(changed))
    clusters = near_duplicates(others + copies)
    assert set(clusters[3000:].tolist()) == {0}
    assert len(set(clusters[:3000].tolist())) == 3000
