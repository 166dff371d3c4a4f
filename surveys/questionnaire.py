"""What is asked and what may be answered: items, options, questions, units; the rules of asking."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from analytics.faults import N_, Fault
from analytics.rules import Action, Item, Option, RuleSet

COMMENT_MAX_CHARS = 500
TEXT_MAX_CHARS = 1000
BLANK = "-"
Answer = str | int | tuple[str, ...]
# Reasons for doubt that a choice may stand for; the rule set says what each does.
CHOICE_REASONS = {"coached"}


class Kind(StrEnum):
    """The kinds of general questions."""

    SINGLE = "single"
    SEVERAL = "several"
    TEXT = "text"
    NUMBER = "number"


class Channel(StrEnum):
    """Through which door a ballot came."""

    OPEN = "open"
    WINDOW = "window"
    TOKEN = "token"  # noqa: S105 - a kind of link, not a secret
    PAPER = "paper"
    TELEPHONE = "telephone"


class Validity(StrEnum):
    """Whether a stored ballot enters the count: a decision with a reason, never a deletion."""

    COUNTED = "counted"
    FLAGGED = "flagged"  # counted, with a reason for doubt
    DUPLICATE = "duplicate"
    HELD = "held"
    EXCLUDED = "excluded"


# What enters the count, with or without a reason for doubt.
ENTERING = frozenset({Validity.COUNTED, Validity.FLAGGED})


class UnitChoice(StrEnum):
    """Which units a questionnaire puts before a person."""

    CHOSEN = "chosen"  # those that the person dealt with
    ALL = "all"  # every ranked unit


@dataclass(frozen=True)
class Choice:
    """One answer of a question to choose from."""

    code: str
    words: str
    words_en: str | None = None
    # A reason that goes with the ballot when this is chosen ("coached").
    reason: str | None = None


@dataclass(frozen=True)
class Question:
    """A general question beside the ratings; `shown_if` is (question, choice) or None."""

    code: str
    kind: Kind
    words: str
    words_en: str | None = None
    hint: str | None = None
    hint_en: str | None = None
    choices: tuple[Choice, ...] = ()
    is_required: bool = False
    lowest: int | None = None
    highest: int | None = None
    max_chars: int = TEXT_MAX_CHARS
    shown_if: tuple[str, str] | None = None


@dataclass(frozen=True)
class QuestionnaireText:
    """The document of a questionnaire, as the round stores it."""

    code: str
    title: str
    unit_choice: UnitChoice
    title_en: str | None = None
    intro: str = ""
    intro_en: str | None = None
    closing: str = ""
    closing_en: str | None = None
    has_comments: bool = True
    questions: tuple[Question, ...] = ()

    def to_json(self) -> str:
        """Return the canonical document."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @property
    def sha256(self) -> str:
        """Return the digest of the canonical document."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


@dataclass(frozen=True)
class AskedUnit:
    """A unit on a questionnaire; the number stands for it in the ratings text."""

    number: int
    code: str
    name: str
    name_en: str | None
    duties: str | None
    duties_en: str | None = None


@dataclass(frozen=True)
class AskedClass:
    """A class with those of its units that are asked about."""

    code: str
    name: str
    name_en: str | None
    units: tuple[AskedUnit, ...]


@dataclass(frozen=True)
class Questionnaire:
    """Everything that one entrance asks; frozen when the round opens."""

    text: QuestionnaireText
    items: tuple[Item, ...]
    options: tuple[Option, ...]
    classes: tuple[AskedClass, ...]
    unit_digits: int

    @property
    def units(self) -> tuple[AskedUnit, ...]:
        """Return the units in the order of the page."""
        return tuple(unit for asked in self.classes for unit in asked.units)

    @property
    def unscored(self) -> Option:
        """Return the option for "I do not know" (the first without points)."""
        return next(option for option in self.options if option.points is None)


@dataclass(frozen=True)
class UnitRating:
    """One unit's option codes on a ballot, one sign per item, `-` where not answered."""

    unit_number: int
    pattern: str


@dataclass(frozen=True)
class Submission:
    """What just arrived and passed the form, not yet stored.

    The id has at most 22 signs; `unit_digits` is the width of a unit's number in the ratings text.
    """

    round_id: int
    group_id: int
    link_id: int
    channel: Channel
    submission_id: str
    ratings: tuple[UnitRating, ...]
    unit_digits: int
    validity: Validity = Validity.COUNTED
    comments: tuple[tuple[int, str], ...] = ()
    answers: tuple[tuple[str, Answer], ...] = ()
    reasons: tuple[str, ...] = ()
    seconds: int | None = None
    device_key: str | None = None
    token_digest: str | None = None

    @property
    def is_secret(self) -> bool:
        """Tell whether nothing may lead from the ballot back to a person."""
        return self.token_digest is not None


def ratings_text(ratings: Iterable[UnitRating], unit_digits: int) -> str:
    """Return a ballot's ratings as one fixed-width text, in the order of unit numbers.

    >>> ratings_text([UnitRating(7, "AAAAA"), UnitRating(1, "ABBNC")], 2)
    '01ABBNC07AAAAA'
    """
    ordered = sorted(ratings, key=lambda rating: rating.unit_number)
    return "".join(f"{rating.unit_number:0{unit_digits}d}{rating.pattern}" for rating in ordered)


def read_ratings_text(text: str, unit_digits: int, item_count: int) -> tuple[UnitRating, ...]:
    """Return the ratings of a fixed-width text; raise ValueError where it is cut or misshapen."""
    width = unit_digits + item_count
    if len(text) % width:
        raise ValueError(f"not a multiple of {width}: {text!r}")
    return tuple(
        UnitRating(
            int(text[start : start + unit_digits]), text[start + unit_digits : start + width]
        )
        for start in range(0, len(text), width)
    )


def is_shown(question: Question, answers: Mapping[str, Answer]) -> bool:
    """Tell whether a question is asked, after what was answered before it."""
    if question.shown_if is None:
        return True
    asked, wanted = question.shown_if
    given = answers.get(asked, ())
    return wanted in given if isinstance(given, tuple) else wanted == given


def suspicions(
    submission_ratings: tuple[UnitRating, ...], seconds: int | None, rules: RuleSet
) -> tuple[str, ...]:
    """Return the reasons for doubt that one ballot shows by itself, as the rule set defines them.

    `seconds` is the time between page and submit, None where it is not known or may not be kept.
    """
    validity = rules.validity
    answered = sum(len(rating.pattern.replace(BLANK, "")) for rating in submission_ratings)
    patterns = {rating.pattern for rating in submission_ratings}
    found = []
    if seconds is not None and seconds < validity.seconds_per_item * answered:
        found.append("speed")
    alike = len(patterns) == 1 and len(set(next(iter(patterns)))) == 1
    unscored = {option.code for option in rules.options if option.points is None}
    is_abstention = bool(patterns & {code * len(rules.items) for code in unscored})
    if alike and len(submission_ratings) >= validity.identical_units and not is_abstention:
        found.append("identical")
    return tuple(found)


def validity_of(reasons: Iterable[str], rules: RuleSet) -> Validity:
    """Return what the rule set makes of the reasons for doubt: the gravest action wins."""
    actions = {getattr(rules.validity, reason) for reason in reasons}
    if Action.EXCLUDE in actions:
        return Validity.EXCLUDED
    return Validity.FLAGGED if Action.FLAG in actions else Validity.COUNTED


def parse_questionnaire(document: Mapping[str, Any] | str) -> QuestionnaireText:
    """Return the questionnaire that a document describes, or raise a Fault with its place."""
    given = json.loads(document) if isinstance(document, str) else document
    questions = tuple(
        _question(entry, f"questions[{index}]")
        for index, entry in enumerate(given.get("questions", ()))
    )
    _check_questions(questions)
    try:
        return QuestionnaireText(
            **{
                **given,
                "unit_choice": UnitChoice(given["unit_choice"]),
                "questions": questions,
            }
        )
    except (TypeError, KeyError, ValueError) as error:
        raise Fault(
            N_("The questionnaire is incomplete or has an unknown part: %(part)s"),
            place="questionnaire",
            part=str(error),
        ) from error


def _question(entry: Mapping[str, Any], place: str) -> Question:
    try:
        shown_if = entry.get("shown_if")
        return Question(
            **{
                **entry,
                "kind": Kind(entry["kind"]),
                "choices": tuple(Choice(**choice) for choice in entry.get("choices", ())),
                "shown_if": (shown_if[0], shown_if[1]) if shown_if else None,
            }
        )
    except (TypeError, KeyError, ValueError, IndexError) as error:
        raise Fault(
            N_("The question is incomplete or has an unknown part: %(part)s"),
            place=place,
            part=str(error),
        ) from error


def _check_questions(questions: tuple[Question, ...]) -> None:
    """Refuse doubled codes, questions without choices, conditions on what is not asked before."""
    seen: dict[str, Question] = {}
    for index, question in enumerate(questions):
        place = f"questions[{index}]"
        if question.code in seen or not question.code.isidentifier():
            raise Fault(
                N_("The code %(code)s is doubled or has signs other than letters, digits and _."),
                place=place,
                code=question.code,
            )
        reasons = {choice.reason for choice in question.choices if choice.reason}
        if not reasons <= CHOICE_REASONS:
            raise Fault(
                N_("The reason “%(reason)s” is not one that a choice can give."),
                place=place,
                reason=min(reasons - CHOICE_REASONS),
            )
        choosing = question.kind in {Kind.SINGLE, Kind.SEVERAL}
        codes = [choice.code for choice in question.choices]
        if choosing != bool(codes) or len(set(codes)) != len(codes):
            raise Fault(N_("The choices are missing, doubled or out of place."), place=place)
        if question.shown_if is not None:
            asked, wanted = question.shown_if
            if asked not in seen or wanted not in {c.code for c in seen[asked].choices}:
                raise Fault(
                    N_("It depends on a choice that no earlier question offers."), place=place
                )
        seen[question.code] = question
