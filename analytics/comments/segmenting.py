"""Comments cut into words, without those that say nothing."""

from functools import cache
from typing import TYPE_CHECKING

from analytics.comments.word_lists import listed_words, normalised

if TYPE_CHECKING:
    from rjieba import Jieba


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text, in order, without stop words, punctuation and numbers."""
    return tuple(word for clause in clauses_of(text) for word in clause)


def clauses_of(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the words of a text clause by clause: signs that are no words stand between.

    Only words of the dictionary and of our list are put together: guessing new ones would join
    people's names, and signs that merely met. Signs are brought to one form and to small letters;
    traditional signs stay as they are. Dropped words leave no gap, so that "态度很好" has the
    neighbours 态度 and 好.
    """
    terms, stops = _service_terms(), _stop_words()
    clauses: list[list[str]] = [[]]
    for piece in pieces_of(normalised(text)):
        if piece in terms:
            clauses[-1].append(piece)
        elif piece == " ":
            continue
        elif not piece[0].isalnum():
            clauses.append([])
        elif piece not in stops and not _is_number(piece):
            clauses[-1].append(piece)
    return tuple(tuple(clause) for clause in clauses if clause)


def pieces_of(text: str) -> list[str]:
    """Return a text cut into words, signs and blanks as they are: together they are the text."""
    return _segmenter().cut(text, False)


def _is_number(word: str) -> bool:
    return word.isnumeric() or not _FIGURES.isdisjoint(word)


_FIGURES = frozenset("0123456789")


@cache
def _service_terms() -> frozenset[str]:
    return listed_words("service_terms.txt")


@cache
def _stop_words() -> frozenset[str]:
    return listed_words("stop_words.txt")


@cache
def _segmenter() -> "Jieba":
    # Here and not at the top: its dictionary is for those who read comments only.
    from rjieba import Jieba

    segmenter = Jieba()
    for term in sorted(_service_terms()):
        segmenter.add_word(term, None, None)
    return segmenter
