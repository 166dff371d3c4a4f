"""What is said of comments, of a round and of each unit."""

from analytics.comments.key_phrases import KeyPhrase
from analytics.comments.report import (
    Comment,
    CommentsReport,
    PartComments,
    ToneCounts,
    comments_report,
)
from analytics.comments.themes import ThemeCount
from analytics.evidence.inputs import EvidenceInputs
from analytics.evidence.result import LEAST_COMMENTS, CommentEvidence, ThemeCell
from analytics.near_duplicates import near_duplicates

MOST_PHRASES = 12
_NO_TONES = ToneCounts(0, 0, 0, 0, 0)


def read_comments(inputs: EvidenceInputs) -> CommentsReport:
    """Return the report of a round's comments."""
    texts = [one.words for one in inputs.written]
    return comments_report(
        [Comment(one.unit, one.group, one.words) for one in inputs.written],
        near_duplicates(texts),
        [unit.unit_class for unit in inputs.units],
        LEAST_COMMENTS,
    )


def all_comments(report: CommentsReport) -> CommentEvidence:
    """Return what is said of all comments of a round."""
    return _evidence(
        count=report.count,
        distinct=report.distinct,
        tones=report.tones,
        tones_shown=report.count >= report.least,
        themes=tuple(one for one in report.themes if one.count >= report.least),
        phrases=_phrases(report.unthemed.phrases),
        repeated=tuple((one.text, one.count) for one in report.repeated),
    )


def unit_comments(part: PartComments) -> CommentEvidence:
    """Return what is said of one unit's comments."""
    return _evidence(
        count=part.count,
        distinct=part.distinct,
        tones=part.tones or _NO_TONES,
        tones_shown=part.tones is not None,
        themes=part.themes,
        phrases=_phrases(part.phrases),
        repeated=tuple((one.text, one.count) for one in part.repeated),
    )


def _evidence(
    count: int,
    distinct: int,
    tones: ToneCounts,
    *,
    tones_shown: bool,
    themes: tuple[ThemeCount, ...],
    phrases: tuple[tuple[str, int], ...],
    repeated: tuple[tuple[str, int], ...],
) -> CommentEvidence:
    return CommentEvidence(
        count=count,
        distinct=distinct,
        praise=tones.praise,
        criticism=tones.criticism,
        suggestion=tones.suggestion,
        mixed=tones.mixed,
        neither=tones.neither,
        tones_shown=tones_shown,
        themes=tuple(_theme(one) for one in themes),
        phrases=phrases,
        repeated=repeated,
    )


def _phrases(found: tuple[KeyPhrase, ...]) -> tuple[tuple[str, int], ...]:
    """Return the phrases that stand out even among all that were tried, most telling first."""
    chosen = [one for one in found if one.beyond_chance][:MOST_PHRASES]
    return tuple(("".join(one.words), one.here) for one in chosen)


def _theme(found: ThemeCount) -> ThemeCell:
    return ThemeCell(
        code=found.theme.code,
        chinese=found.theme.chinese,
        english=found.theme.english,
        count=found.count,
        praise=found.praise,
        criticism=found.criticism,
        suggestion=found.suggestion,
        quote=None if found.quote is None else found.quote.text,
    )
