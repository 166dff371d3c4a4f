"""What people wrote, about every unit and in the whole round: tones, themes, phrases, quotes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.comments.key_phrases import Clauses, KeyPhrase, PartPhrases, key_phrases
from analytics.comments.masking import masked
from analytics.comments.names import without_surnames
from analytics.comments.segmenting import clauses_of
from analytics.comments.themes import Quote, ReadComment, ThemeCount, quotes, themes, themes_of
from analytics.comments.tones import Reading, Tone, rating_check, tone_of
from analytics.comments.word_lists import normalised
from analytics.shapes import NOWHERE, Floats, Integers

LEAST = 5  # comments below which nothing of a unit but their number is shown
REPEATED = 10  # as many texts that came again and again are quoted


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment: the numbers of its unit and of its writer's group, and its text."""

    unit: int
    group: int
    text: str


@dataclass(frozen=True, slots=True)
class ToneCounts:
    """How many comments have each tone."""

    praise: int
    criticism: int
    suggestion: int
    mixed: int
    neither: int


@dataclass(frozen=True, slots=True)
class PartComments:
    """The comments about one unit, or from one group, by its number.

    With fewer than `least` comments only their number is known.
    """

    number: int
    count: int
    distinct: int  # apart from near duplicates
    tones: ToneCounts | None
    themes: tuple[ThemeCount, ...]  # those with enough comments
    other_themes: int  # comments that only touch themes with too few
    phrases_tried: int
    phrases: tuple[KeyPhrase, ...]  # said more here than of the rest of the class
    repeated: tuple[Quote, ...]  # texts that came `least` times or more


@dataclass(frozen=True, slots=True)
class CommentsReport:
    """All that a round's comments say, without ballots and without names of writers.

    Quotes are masked but not approved: a person reads them before they are published.
    """

    least: int
    count: int
    blank: int  # empty comments, counted nowhere else
    distinct: int
    tones: ToneCounts
    themes: tuple[ThemeCount, ...]
    without_theme: int
    unthemed: PartPhrases  # what comments without a theme say more than those with one
    low_raters: PartPhrases | None  # what goes with low points; None where points are not given
    high_raters: PartPhrases | None
    agreement: float | None  # of tones with points, see `rating_check`
    repeated: tuple[Quote, ...]
    units: tuple[PartComments, ...]  # one for each unit
    groups: tuple[PartComments, ...]


def comments_report(
    comments: Sequence[Comment],
    clusters: Integers | None,
    classes: Sequence[str],
    least: int = LEAST,
    points: Floats | None = None,
) -> CommentsReport:
    """Return what comments say, per unit and for the whole round.

    `clusters` numbers near duplicates alike, one number for each comment; None takes equal texts
    for duplicates. `classes` are those of the units (U,). `points` of 0 to 100 are what the same
    ballots gave, NaN where not known: they split low from high raters and decide nothing else.
    """
    if clusters is not None and len(clusters) != len(comments):
        raise ValueError("each comment needs its cluster")
    if points is not None and len(points) != len(comments):
        raise ValueError("each comment needs its points, or NaN")
    if not all(0 <= one.unit < len(classes) and one.group >= 0 for one in comments):
        raise ValueError("each comment needs a unit of a known class, and a group")
    read = _Reading(comments, clusters, least)
    unit_families = np.unique(np.array(classes, dtype=str), return_inverse=True)[1]
    groups = max((one.group for one in read.comments), default=NOWHERE) + 1
    uncovered = [0 if codes else 1 for codes in read.codes]
    low, high = read.rater_phrases(points)
    known = [points[n] for n in read.numbers] if points is not None else []
    return CommentsReport(
        least=least,
        count=len(read.comments),
        blank=len(comments) - len(read.comments),
        distinct=len({one.cluster for one in read.comments}),
        tones=_tone_counts(read.tones),
        themes=themes(read.comments, read.codes, least),
        without_theme=sum(uncovered),
        unthemed=read.phrases(uncovered, np.zeros(2, np.int64))[1],
        low_raters=low,
        high_raters=high,
        agreement=rating_check(read.tones, np.array(known)).agreement if known else None,
        repeated=read.repeated(range(len(read.comments))),
        units=read.parts([one.unit for one in read.comments], unit_families),
        groups=read.parts([one.group for one in read.comments], np.zeros(groups, np.int64)),
    )


@dataclass(frozen=True, slots=True)
class _Text:
    """What one text says, however often it came."""

    shown: str  # as its writer put it, masked
    clauses: Clauses
    codes: tuple[str, ...]
    reading: Reading


class _Reading:
    """The comments that say something, each text read once."""

    def __init__(self, given: Sequence[Comment], clusters: Integers | None, least: int) -> None:
        self.least = least
        self.comments: list[ReadComment] = []
        self.texts: list[_Text] = []
        self.numbers: list[int] = []  # which of the given comments each one is
        known: dict[str, _Text] = {}
        alike: dict[str, int] = {}
        for number, one in enumerate(given):
            if not (key := normalised(one.text)):
                continue
            if one.text not in known:
                known[one.text] = _read(one.text)
            same = alike.setdefault(key, len(alike))
            cluster = same if clusters is None else int(clusters[number])
            self.texts.append(known[one.text])
            self.comments.append(_read_comment(one, known[one.text], cluster))
            self.numbers.append(number)

    @property
    def codes(self) -> list[tuple[str, ...]]:
        """Return each comment's themes."""
        return [text.codes for text in self.texts]

    @property
    def tones(self) -> list[Tone]:
        """Return each comment's tone."""
        return [text.reading.tone for text in self.texts]

    def phrases(self, parts: Sequence[int], families: Integers) -> tuple[PartPhrases, ...]:
        """Return the key phrases of parts; near duplicates in a part say theirs once."""
        once: set[tuple[int, int]] = set()
        part = np.array(parts, np.int64)
        for number, one in enumerate(self.comments):
            if (key := (parts[number], one.cluster)) in once:
                part[number] = NOWHERE
            once.add(key)
        return key_phrases([text.clauses for text in self.texts], part, families, self.least)

    def rater_phrases(
        self, points: Floats | None
    ) -> tuple[PartPhrases, PartPhrases] | tuple[None, None]:
        """Return what low and high raters say more than the other, split at the median."""
        known = np.array([np.nan if points is None else points[n] for n in self.numbers])
        if np.isnan(known).all():
            return None, None
        middle = np.nanmedian(known)
        side = np.where(known < middle, 0, np.where(known > middle, 1, NOWHERE))
        low, high = self.phrases(side.tolist(), np.zeros(2, np.int64))
        return low, high

    def parts(self, owners: Sequence[int], families: Integers) -> tuple[PartComments, ...]:
        """Return what is said in each part."""
        members: list[list[int]] = [[] for _ in range(families.size)]
        for number, owner in enumerate(owners):
            members[owner].append(number)
        said = self.phrases(owners, families)
        return tuple(
            self._part(numbers, phrases) for numbers, phrases in zip(members, said, strict=True)
        )

    def repeated(self, numbers: Sequence[int]) -> tuple[Quote, ...]:
        """Return the texts that came often enough to be quoted for that alone."""
        found = quotes([self.comments[n] for n in numbers], REPEATED)
        return tuple(quote for quote in found if quote.count >= max(self.least, 2))

    def _part(self, numbers: Sequence[int], said: PartPhrases) -> PartComments:
        chosen = [self.comments[n] for n in numbers]
        distinct = len({one.cluster for one in chosen})
        if len(chosen) < self.least:
            return PartComments(said.part, len(chosen), distinct, None, (), 0, 0, (), ())
        texts = [self.texts[n] for n in numbers]
        codes = [text.codes for text in texts]
        found = [one for one in themes(chosen, codes, self.least) if one.count >= self.least]
        shown = {one.theme.code for one in found}
        return PartComments(
            number=said.part,
            count=len(chosen),
            distinct=distinct,
            tones=_tone_counts([text.reading.tone for text in texts]),
            themes=tuple(found),
            other_themes=sum(1 for own in codes if own and not shown & set(own)),
            phrases_tried=said.tried,
            phrases=said.phrases,
            repeated=self.repeated(numbers),
        )


def _read(given: str) -> _Text:
    """Read a text as it was written: width and case matter to nobody but who reads the quote."""
    safe = masked(given.strip())
    clauses = without_surnames(clauses_of(safe))
    return _Text(" ".join(safe.split()), clauses, themes_of(safe), tone_of(safe))


def _read_comment(one: Comment, text: _Text, cluster: int) -> ReadComment:
    reading = text.reading
    return ReadComment(
        unit=one.unit,
        group=one.group,
        text=text.shown,
        cluster=cluster,
        praises=reading.praises,
        complains=reading.complains,
        wishes=reading.wishes,
    )


def _tone_counts(tones: Sequence[Tone]) -> ToneCounts:
    counts = Counter(tones)
    return ToneCounts(**{tone.value: counts[tone] for tone in Tone})
