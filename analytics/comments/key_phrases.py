"""What is said more of one part than of the others: weighted log-odds of words and neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from analytics.shapes import NOWHERE, Bools, Floats, Integers, ratio_of

NOTABLE = 1.96  # z from which a phrase is shown
CHANCE = 0.05  # how often a part may have a phrase "beyond chance" by chance, at most
PRIOR_SIZE = 100.0  # as many words as the prior counts for

Clauses = Sequence[Sequence[str]]  # a comment's words, clause by clause


@dataclass(frozen=True, eq=False, slots=True)
class LogOdds:
    """Of terms (T,): how much more they are said here than elsewhere, its variance, and z."""

    delta: Floats
    variance: Floats
    z: Floats


@dataclass(frozen=True, slots=True)
class KeyPhrase:
    """A word, or two neighbours, that is said more here than elsewhere."""

    words: tuple[str, ...]
    here: int  # comments of the part
    elsewhere: int  # comments of the rest of its family
    delta: float
    z: float
    beyond_chance: bool  # stands out even among all phrases of its family


@dataclass(frozen=True, slots=True)
class PartPhrases:
    """The key phrases of one part; of `tried` phrases up to one in ten is shown by chance alone."""

    part: int
    tried: int
    phrases: tuple[KeyPhrase, ...]  # highest z first


def log_odds(
    here: Integers,
    elsewhere: Integers,
    of_here: Integers,
    of_elsewhere: Integers,
    prior: Floats,
    prior_size: float,
) -> LogOdds:
    """Return the weighted log-odds of terms with an informative Dirichlet prior.

    Monroe, Colaresi and Quinn (2008), Fightin' Words: `here` and `elsewhere` are
    counts of the terms (T,), `of_here` and `of_elsewhere` the counts of all terms, `prior` the
    terms' prior counts, above 0, and `prior_size` their sum. Where a term is all that is said,
    its odds have no bounds: delta and z are NaN.
    """
    delta = _log_odds(here, of_here, prior, prior_size)
    delta -= _log_odds(elsewhere, of_elsewhere, prior, prior_size)
    variance = 1 / (here + prior) + 1 / (elsewhere + prior)
    return LogOdds(delta, variance, delta / np.sqrt(variance))


def key_phrases(
    comments: Sequence[Clauses],
    part: Integers,
    family: Integers,
    least: int = 5,
    most: int = 20,
    prior_size: float = PRIOR_SIZE,
) -> tuple[PartPhrases, ...]:
    """Return what is said more of each part than of the rest of its family, one entry a part.

    `part` is each comment's part, or NOWHERE; `family` each part's family: units and their
    classes, or groups and one family of all. A comment says a phrase once. The prior's shares are
    those of the family. A part alone in its family, or a phrase in fewer than `least` comments
    of the part, has nothing to show.
    """
    if len(comments) != part.size or (part.size and part.max() >= family.size):
        raise ValueError("each comment needs its part, and each part its family")
    found: list[list[KeyPhrase]] = [[] for _ in range(family.size)]
    tried = np.zeros(family.size, np.int64)
    for table in _tables(comments, part):
        compared = _compared(table, family, least, prior_size)
        tried += np.bincount(compared.part, minlength=family.size)
        for row in np.flatnonzero(compared.odds.z >= NOTABLE).tolist():
            found[compared.part[row]].append(_key_phrase(table, compared, row))
    return tuple(
        PartPhrases(
            part=number,
            tried=int(tried[number]),
            phrases=tuple(sorted(phrases, key=lambda one: (-one.z, one.words))[:most]),
        )
        for number, phrases in enumerate(found)
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Table:
    """Which part says which term, once for each comment that says it (N,)."""

    part: Integers
    term: Integers
    first: Integers  # (T,) each term's first word
    second: Integers  # (T,) its second, or NOWHERE
    vocabulary: tuple[str, ...]


def _tables(comments: Sequence[Clauses], part: Integers) -> tuple[_Table, _Table]:
    """Return the words, and the pairs of neighbours, of the comments that belong to a part."""
    numbers: dict[str, int] = {}
    clauses = [(n, c) for n in np.flatnonzero(part != NOWHERE).tolist() for c in comments[n]]
    words = chain.from_iterable(clause for _, clause in clauses)
    word = np.array([numbers.setdefault(one, len(numbers)) for one in words], np.int64)
    sizes = np.array([len(clause) for _, clause in clauses], np.int64)
    clause = np.repeat(np.arange(sizes.size), sizes)
    owner = np.array([n for n, _ in clauses], np.int64)[clause]
    together = clause[1:] == clause[:-1]
    vocabulary, size = tuple(numbers), max(len(numbers), 1)
    pairs = word[:-1][together] * size + word[1:][together]
    kinds, pair = np.unique(pairs, return_inverse=True)
    alone = np.arange(len(vocabulary))
    return (
        _table(part, owner, word, (alone, np.full(alone.size, NOWHERE)), vocabulary),
        _table(part, owner[1:][together], pair, (kinds // size, kinds % size), vocabulary),
    )


def _table(
    part: Integers,
    owner: Integers,
    term: Integers,
    words: tuple[Integers, Integers],
    vocabulary: tuple[str, ...],
) -> _Table:
    terms = max(words[0].size, 1)
    once = np.unique(owner * terms + term)
    return _Table(part[once // terms], once % terms, *words, vocabulary)


@dataclass(frozen=True, eq=False, slots=True)
class _Compared:
    """The terms that enough comments of a part say, part by part (N,)."""

    part: Integers
    term: Integers
    here: Integers
    elsewhere: Integers
    odds: LogOdds
    beyond: Bools


def _compared(table: _Table, family: Integers, least: int, prior_size: float) -> _Compared:
    terms = max(table.first.size, 1)
    keys, counts = np.unique(table.part * terms + table.term, return_counts=True)
    part, term = np.divmod(keys, terms)
    home = family[part]
    of_part = np.bincount(table.part, minlength=family.size)
    of_family = np.bincount(family[table.part], minlength=int(family.max(initial=0)) + 1)
    wholes, whole = np.unique(home * terms + term, return_inverse=True)
    in_family = np.bincount(whole, counts, wholes.size)[whole].astype(np.int64)
    chosen = (counts >= least) & (of_family[home] > of_part[part])
    part, term, home = part[chosen], term[chosen], home[chosen]
    here, everywhere = counts[chosen], in_family[chosen]
    odds = log_odds(
        here=here,
        elsewhere=everywhere - here,
        of_here=of_part[part],
        of_elsewhere=of_family[home] - of_part[part],
        prior=prior_size * (everywhere / of_family[home]),
        prior_size=prior_size,
    )
    often = np.bincount(whole, counts, wholes.size) >= least
    phrases = np.bincount(wholes[often] // terms, minlength=of_family.size)
    share = of_part[part] / of_family[home]
    beyond = _chance(here, everywhere, share) * phrases[home] <= CHANCE
    return _Compared(part, term, here, everywhere - here, odds, beyond)


def _chance(here: Integers, everywhere: Integers, share: Floats) -> Floats:
    """Return how likely a part of that share has so many of a phrase's comments, or more.

    The binomial tail, given how often the family says the phrase: far out, z is too sure.
    """
    from scipy.special import bdtrc

    chance: Floats = bdtrc(here - 1.0, everywhere, share)
    return chance


def _key_phrase(table: _Table, compared: _Compared, row: int) -> KeyPhrase:
    pair = table.first[compared.term[row]], table.second[compared.term[row]]
    return KeyPhrase(
        words=tuple(table.vocabulary[word] for word in pair if word != NOWHERE),
        here=int(compared.here[row]),
        elsewhere=int(compared.elsewhere[row]),
        delta=float(compared.odds.delta[row]),
        z=float(compared.odds.z[row]),
        beyond_chance=bool(compared.beyond[row]),
    )


def _log_odds(count: Integers, of_all: Integers, prior: Floats, prior_size: float) -> Floats:
    return np.log(ratio_of(count + prior, of_all + prior_size - count - prior))
