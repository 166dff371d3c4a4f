"""Names of people, taken out of a quoted comment as far as the segmenter knows them."""

from collections.abc import Iterator, Sequence
from functools import cache

from analytics.comments.masking import MASK
from analytics.comments.segmenting import tagged_words
from analytics.comments.word_lists import listed_words

_GIVEN = 2  # signs of a given name, and of a title that is one word with a surname
_FAMILIAR = frozenset("小老阿")  # before a surname: 小王
_CALLED = tuple("姐哥叔姨嫂工总局处科")  # after one: 刘姐, 王工
_TITLES = (
    "主任",
    "科长",
    "局长",
    "处长",
    "所长",
    "队长",
    "站长",
    "院长",
    "校长",
    "镇长",
    "乡长",
    "村长",
    "书记",
    "经理",
    "主管",
    "班长",
    "组长",
    "部长",
    "市长",
    "县长",
    "区长",
    "警官",
    "法官",
    "老师",
    "医生",
    "大夫",
    "护士",
    "律师",
    "师傅",
    "女士",
    "先生",
    "小姐",
    "同志",
    "大姐",
    "大哥",
    "阿姨",
    "叔叔",
)
_PLACES = tuple("路街区县市镇乡村庙桥湖")
# Whoever is spoken of next is a person, and a surname there begins a name.
_PERSONS = frozenset(
    ("工作人员", "办事员", "科员", "职员", "民警", "辅警", "协警", "客服", "员工", "名叫", "姓名")
)


def without_names(text: str) -> str:
    """Return a text in which names of people are masked; what is left are others' to find.

    A name is a word that the segmenter takes for one and that begins with a surname, a surname
    before a title or after 小 or 老, and what begins with a surname after a word for staff. Words
    that only look so (谢谢, 文明, 黄金周) are listed in `not_names.txt`.
    """
    words = tagged_words(text)
    spans = list(_names(words))
    if not spans:
        return text
    pieces, end = [], 0
    for start, stop in spans:
        pieces += [text[end:start], MASK]
        end = stop
    return "".join([*pieces, text[end:]])


def _names(words: Sequence[tuple[str, str]]) -> Iterator[tuple[int, int]]:
    """Yield where names begin and end; words with their tags make up the text."""
    place = taken = 0
    around = [("", ""), *words, ("", "")]
    for before, here, after in zip(around, words, around[2:], strict=False):
        size = 0 if place < taken else _name_size(before[0], *here, *after)
        if size:
            taken = place + size
            yield place, taken
        place += len(here[0])


def _name_size(before: str, word: str, tag: str, after: str, tag_after: str) -> int:
    """Return how many signs from the beginning of a word on are a name, 0 if none are."""
    if word in _FAMILIAR:
        return 1 + len(after) if after in _surnames() and _is_name(tag_after) else 0
    is_familiar = len(word) == 2 and word[0] in _FAMILIAR and word[1] in _surnames()
    surname, is_of_person = _surname(word), before in _PERSONS
    given = word[len(surname) :]
    if not (is_familiar or (surname and len(given) <= _GIVEN)) or _is_other_word(word):
        return 0
    if is_familiar:
        return len(word)
    if (given or after).startswith(_TITLES) or (_is_name(tag) and given in _CALLED):
        return len(surname)
    if is_of_person and not given and len(after) <= _GIVEN and after.isalpha():
        return len(word) + len(after)  # 民警 赵 建国
    return len(word) if is_of_person or (given and _is_name(tag)) else 0


def _is_name(tag: str) -> bool:
    return tag.startswith("nr")


def _surname(word: str) -> str:
    return next((word[:size] for size in (2, 1) if word[:size] in _surnames()), "")


def _is_other_word(word: str) -> bool:
    return word.endswith(_PLACES) or word.startswith(_other_words())


@cache
def _surnames() -> frozenset[str]:
    return listed_words("surnames.txt")


@cache
def _other_words() -> tuple[str, ...]:
    return tuple(listed_words("not_names.txt"))
