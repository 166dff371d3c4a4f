"""Texts that say the same in nearly the same signs, found in time near the length of all texts."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from analytics.hashing import Hashes, mixed, numbered
from analytics.shapes import NOWHERE, Bools, Integers

SHINGLE = 3  # signs
BANDS, ROWS = 20, 5  # finds a pair of similarity .8 with chance 1 - (1 - .8^5)^20 = .9996
COMMON_PHRASES = (
    "服务态度很好办事效率高",
    "服务态度好办事效率高",
    "没有什么意见和建议",
    "暂时没有意见和建议",
    "希望继续努力再接再厉",
    "希望再接再厉继续努力",
    "各方面都做得很好",
)
_NO_SIGN = re.compile(r"[\W_]+")


def near_duplicates(
    texts: Sequence[str],
    similarity: float = 0.8,
    shortest: int = 8,
    phrases: Collection[str] = COMMON_PHRASES,
) -> Integers:
    """Return the number of each text's cluster (n,), `NOWHERE` for a text that proves nothing.

    Two texts are alike where their sets of three-sign pieces have at least this Jaccard similarity
    after spaces, punctuation, width and case are taken away; what is alike to a member belongs to
    the cluster. Clusters are numbered by size, the largest 0. Short texts and everybody's phrases
    are left out. Candidates come from MinHash bands (Broder 1997), and each link is verified.
    """
    plain = [plain_text(text) for text in texts]
    everyday = {plain_text(phrase) for phrase in phrases}
    distinct = sorted({text for text in plain if len(text) >= shortest} - everyday)
    number = {text: n for n, text in enumerate(distinct)}
    which = np.array([number.get(text, NOWHERE) for text in plain], np.int64)
    if not distinct:
        return which
    labels = _components(distinct, similarity)[which]
    known = which != NOWHERE
    return np.where(known, _by_size(labels, known), NOWHERE)


def plain_text(text: str) -> str:
    """Return a text's letters, figures and signs without what people vary: spaces, marks, case."""
    return _NO_SIGN.sub("", unicodedata.normalize("NFKC", text)).casefold()


class _Shingles:
    """The sets of pieces of all texts, one behind the other, each set ascending."""

    def __init__(self, texts: Sequence[str]) -> None:
        lengths = np.array([len(text) for text in texts])
        signs = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
        pieces = _pieces(signs)
        owner = np.repeat(np.arange(lengths.size), lengths)
        inside = owner[: pieces.size] == owner[signs.size - pieces.size :]
        owner, pieces = owner[: pieces.size][inside], pieces[inside]
        order = np.lexsort((pieces, owner))
        owner, pieces = owner[order], pieces[order]
        new = np.ones(owner.size, bool)
        new[1:] = (owner[1:] != owner[:-1]) | (pieces[1:] != pieces[:-1])
        self.pieces: Hashes = pieces[new]
        self.sizes: Integers = np.bincount(owner[new], minlength=lengths.size)
        self.starts: Integers = np.cumsum(self.sizes) - self.sizes
        self._members = np.sort(self._keys(owner[new], self.pieces))

    def alike(self, first: Integers, second: Integers, similarity: float) -> Bools:
        """Tell which pairs have at least this Jaccard similarity."""
        sizes = self.sizes[first]
        pair = np.repeat(np.arange(first.size), sizes)
        within = np.arange(pair.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        keys = self._keys(second[pair], self.pieces[self.starts[first][pair] + within])
        found = np.minimum(np.searchsorted(self._members, keys), self._members.size - 1)
        shared = np.bincount(pair, self._members[found] == keys, first.size)
        joint: Bools = shared >= similarity * (sizes + self.sizes[second] - shared) - 1e-9
        return joint

    @staticmethod
    def _keys(owner: Integers, pieces: Hashes) -> Hashes:
        return mixed(owner.astype(np.uint64)) ^ pieces


def _pieces(signs: np.ndarray[tuple[int], np.dtype[np.uint32]]) -> Hashes:
    wide = signs.astype(np.uint64)
    if wide.size < SHINGLE:
        return np.zeros(0, np.uint64)
    return mixed((wide[:-2] << np.uint64(42)) ^ (wide[1:-1] << np.uint64(21)) ^ wide[2:])


def _components(texts: Sequence[str], similarity: float) -> Integers:
    """Return a label per text, equal where a chain of alike texts joins two."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    shingles = _Shingles(texts)
    labels = np.arange(len(texts))
    kept: list[tuple[Integers, Integers]] = []
    for first, second in _candidates(shingles):
        small, large = np.sort([shingles.sizes[first], shingles.sizes[second]], axis=0)
        open_pairs = (labels[first] != labels[second]) & (small >= similarity * large - 1e-9)
        first, second = first[open_pairs], second[open_pairs]
        joined = shingles.alike(first, second, similarity)
        if joined.any():
            kept.append((first[joined], second[joined]))
            ends = tuple(np.concatenate(side) for side in zip(*kept, strict=True))
            links = coo_array((np.ones(ends[0].size, bool), ends), shape=(len(texts), len(texts)))
            labels = connected_components(links, directed=False)[1].astype(np.int64)
    return labels


def _candidates(shingles: _Shingles) -> Iterator[tuple[Integers, Integers]]:
    """Yield, band by band, each text with the first and the next one of the same signature."""
    owners = np.flatnonzero(shingles.sizes)
    starts = shingles.starts[owners]
    for band in range(BANDS if owners.size else 0):
        signature = np.zeros(owners.size, np.uint64)
        for salt in numbered(ROWS, band + 2):
            least = np.minimum.reduceat(mixed(shingles.pieces ^ salt), starts)
            signature = mixed(signature ^ least)
        order = np.lexsort((shingles.sizes[owners], signature))
        same = signature[order][1:] == signature[order][:-1]
        heads = np.maximum.accumulate(np.where(np.append(False, same), 0, np.arange(order.size)))
        members = np.flatnonzero(np.append(False, same))
        texts = owners[order]
        yield (
            np.concatenate([texts[members], texts[members]]),
            np.concatenate([texts[members - 1], texts[heads[members]]]),
        )


def _by_size(labels: Integers, known: Bools) -> Integers:
    """Return labels renumbered by how many known texts bear them, ties by the texts' order."""
    found, inverse, sizes = np.unique(
        np.where(known, labels, NOWHERE), return_inverse=True, return_counts=True
    )
    sizes = np.where(found == NOWHERE, -1, sizes)
    order = np.lexsort((found, -sizes))
    rank = np.empty(found.size, np.int64)
    rank[order] = np.arange(found.size)
    ranked: Integers = rank[inverse]
    return ranked
