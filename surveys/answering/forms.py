"""What a person may send from a phone: every field read, checked and kept as typed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from analytics.faults import N_
from surveys.answering import fields
from surveys.answering.fields import Step, UnitFields
from surveys.answering.queries import OpenLink
from surveys.questionnaire import (
    BLANK,
    COMMENT_MAX_CHARS,
    Answer,
    AskedUnit,
    Kind,
    Question,
    Submission,
    UnitRating,
    is_shown,
    suspicions,
    validity_of,
)
from surveys.refusals import TokenMissing
from surveys.tokens import normalise_token, token_digest

Typed = Mapping[str, tuple[str, ...]]

# Control signs, marks that turn the direction of writing, zero-width signs, halves of signs.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069"
    "\ud800-\udfff\ufeff\ufffe\uffff]"
)
_LINE_ENDS = re.compile("\r\n|[\r\u2028\u2029]")
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True)
class Problem:
    """One thing to mend: the id of its place on the page, what it is about, what to say."""

    place: str
    message: str
    about: tuple[object, ...] = ()
    values: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class BallotForm:
    """What was sent: as it was typed, what is wrong with it, and what it means."""

    typed: Typed
    problems: tuple[Problem, ...]
    left_out: tuple[AskedUnit, ...]
    ratings: tuple[UnitRating, ...]
    comments: tuple[tuple[int, str], ...]
    answers: tuple[tuple[str, Answer], ...]
    reasons: tuple[str, ...]

    @property
    def step(self) -> Step | None:
        """Return what is asked for instead of handing in, None for handing in."""
        asked = _first(self.typed, fields.STEP)
        if not asked:
            return None
        return Step(asked) if asked in set(Step) else Step.REWRITE

    @property
    def token(self) -> str:
        """Return the one-time code as it was typed."""
        return _first(self.typed, fields.TOKEN)

    @property
    def put_aside(self) -> Typed:
        """Return what a draft keeps: everything but what belongs to this page or is secret."""
        own = {fields.NONCE, fields.TOKEN, fields.STEP, fields.WORK}
        return {
            name: values for name, values in self.typed.items() if name not in own and any(values)
        }

    @property
    def is_complete(self) -> bool:
        """Tell whether this can be kept."""
        return not self.problems and not self.left_out

    def submission(
        self,
        link: OpenLink,
        submission_id: str,
        seconds: int | None,
        device_key: str | None,
        doubts: tuple[str, ...] = (),
    ) -> Submission:
        """Return what is to be stored; of a secret ballot neither time nor device."""
        if link.is_token:
            seconds = device_key = None
        reasons = [*suspicions(self.ratings, seconds, link.asked.rules), *self.reasons, *doubts]
        if device_key is None and link.marks_browsers:
            reasons.append("no_device")
        return Submission(
            round_id=link.round_id,
            group_id=link.group_id,
            link_id=link.id,
            channel=link.channel,
            submission_id=submission_id,
            ratings=self.ratings,
            unit_digits=link.questionnaire.unit_digits,
            validity=validity_of(reasons, link.asked.rules),
            comments=self.comments,
            answers=self.answers,
            reasons=tuple(reasons),
            seconds=seconds,
            device_key=device_key,
            token_digest=token_digest(self.token) if link.is_token else None,
        )


def ballot_form(posted: MultiDict[str, str], link: OpenLink) -> BallotForm:
    """Read what a phone sent for an entrance."""
    typed, problems = _read(posted, link)
    ratings = _ratings(link, typed, problems)
    left_out = _left_out(link, typed, ratings)
    if not ratings and not problems:
        problems.append(
            Problem("units", N_("No unit has been rated yet. Please rate at least one."))
        )
        left_out = ()
    comments = _comments(link, typed, problems)
    answers, reasons = _answers(link, typed, problems)
    return BallotForm(
        typed, tuple(problems), left_out, tuple(ratings), tuple(comments), answers, reasons
    )


def clean_text(text: str) -> str:
    """Return text with plain line ends and without signs that nobody can see."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub("", _LINE_ENDS.sub("\n", text))


# --- the parts, in order of use ------------------------------------------------------------------


def _read(posted: MultiDict[str, str], link: OpenLink) -> tuple[Typed, list[Problem]]:
    """Return the known fields as they were typed, and what is wrong with the rest."""
    names = link.asked.fields.names
    several = {
        name for name, question in link.asked.fields.questions if question.kind is Kind.SEVERAL
    }
    typed = {}
    problems = []
    is_foreign = False
    for name, values in posted.lists():
        if name not in names and not (link.is_token and name == fields.TOKEN):
            is_foreign = True
            continue
        typed[name] = tuple(clean_text(value) for value in values)
        if len(values) > 1 and name not in several:
            place = name if "." in name or name == fields.TOKEN else "main"
            problems.append(Problem(place, N_("This was answered twice. Please choose once more.")))
    if is_foreign:
        message = N_("Something was sent that is not on this page. Please check your answers.")
        problems.insert(0, Problem("main", message))
    if link.is_token and not normalise_token(_first(typed, fields.TOKEN)):
        problems.insert(0, Problem(fields.TOKEN, TokenMissing.message))
    return typed, problems


def _ratings(link: OpenLink, typed: Typed, problems: list[Problem]) -> list[UnitRating]:
    touched = {name.partition(".")[0] for name in typed}
    ratings = []
    for unit in link.asked.fields.units:
        if unit.prefix in touched:
            pattern = _pattern(link, unit, typed, problems)
            if pattern.strip(BLANK):
                ratings.append(UnitRating(unit.unit.number, pattern))
    return ratings


def _pattern(link: OpenLink, unit: UnitFields, typed: Typed, problems: list[Problem]) -> str:
    """Return a unit's option codes; where the unit is unknown, that fills what was not answered."""
    codes, unscored = link.asked.fields.codes, link.asked.fields.unscored
    is_unknown = _first(typed, unit.unknown) == fields.TICKED
    chosen = [_first(typed, name) for name in unit.items]
    is_touched = any(chosen)
    pattern = ""
    for name, item, code in zip(unit.items, link.questionnaire.items, chosen, strict=True):
        if code and code not in codes:
            message = N_("This answer is not among those offered. Please choose again.")
            problems.append(Problem(name, message, (unit.unit, item)))
        elif not code and is_touched and not is_unknown:
            problems.append(Problem(name, N_("not answered yet"), (unit.unit, item)))
        pattern += code if code in codes else unscored if is_unknown else BLANK
    return pattern


def _left_out(link: OpenLink, typed: Typed, ratings: Iterable[UnitRating]) -> tuple[AskedUnit, ...]:
    """Return the units without any rating, where all are expected and nobody said "I abstain"."""
    if not link.asks_all_units or _first(typed, fields.PARTIAL) == fields.TICKED:
        return ()
    rated = {rating.unit_number for rating in ratings}
    return tuple(unit for unit in link.questionnaire.units if unit.number not in rated)


def _comments(link: OpenLink, typed: Typed, problems: list[Problem]) -> Iterable[tuple[int, str]]:
    found = []
    for unit in link.asked.fields.units:
        if unit.comment not in typed:
            continue
        words = _first(typed, unit.comment).strip()
        if len(words) > COMMENT_MAX_CHARS:
            problems.append(_too_long(unit.comment, words, COMMENT_MAX_CHARS, (unit.unit,)))
        elif words:
            found.append((unit.unit.number, words))
    return found


def _answers(
    link: OpenLink, typed: Typed, problems: list[Problem]
) -> tuple[tuple[tuple[str, Answer], ...], tuple[str, ...]]:
    """Return the answers to the questions that were shown, and the reasons that go with choices."""
    answers: dict[str, Answer] = {}
    reasons: dict[str, None] = {}
    for name, question in link.asked.fields.questions:
        if not is_shown(question, answers):
            continue
        values = tuple(value.strip() for value in typed.get(name, ()))
        values = tuple(value for value in values if value)
        if not values:
            if question.is_required:
                problems.append(Problem(name, N_("Please answer this question."), (question,)))
            continue
        answer = _READERS[question.kind](question, values)
        if isinstance(answer, Problem):
            problems.append(answer)
            continue
        answers[question.code] = answer
        chosen = answer if isinstance(answer, tuple) else (answer,)
        reasons.update(
            {it.reason: None for it in question.choices if it.reason and it.code in chosen}
        )
    return tuple(answers.items()), tuple(reasons)


def _single(question: Question, values: tuple[str, ...]) -> Answer | Problem:
    return _foreign_choice(question, values) or values[0]


def _several(question: Question, values: tuple[str, ...]) -> Answer | Problem:
    if len(set(values)) != len(values):
        message = N_("This was answered twice. Please choose once more.")
        return Problem(fields.question_field(question.code), message, (question,))
    return _foreign_choice(question, values) or values


def _foreign_choice(question: Question, values: tuple[str, ...]) -> Problem | None:
    if set(values) <= {choice.code for choice in question.choices}:
        return None
    message = N_("This answer is not among those offered. Please choose again.")
    return Problem(fields.question_field(question.code), message, (question,))


def _text(question: Question, values: tuple[str, ...]) -> Answer | Problem:
    words = values[0]
    if len(words) > question.max_chars:
        name = fields.question_field(question.code)
        return _too_long(name, words, question.max_chars, (question,))
    return words


def _number(question: Question, values: tuple[str, ...]) -> Answer | Problem:
    """Return a whole number of ASCII digits; Python itself would also take １２, ٣ and 1_000."""
    name, lowest, highest = fields.question_field(question.code), question.lowest, question.highest
    if not _WHOLE_NUMBER.fullmatch(values[0]):
        message = N_("Please type a whole number with the digits 0 to 9, for example 3.")
        return Problem(name, message, (question,))
    number = int(values[0])
    if lowest is not None and number < lowest:
        message = N_("Please type a number that is not below %(lowest)s.")
        return Problem(name, message, (question,), (("lowest", lowest),))
    if highest is not None and number > highest:
        message = N_("Please type a number that is not above %(highest)s.")
        return Problem(name, message, (question,), (("highest", highest),))
    return number


_READERS = {
    Kind.SINGLE: _single,
    Kind.SEVERAL: _several,
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
}


def _too_long(place: str, words: str, most: int, about: tuple[object, ...]) -> Problem:
    message = N_("The text has %(count)s signs; at most %(most)s can be kept. Please shorten it.")
    return Problem(place, message, about, (("count", len(words)), ("most", most)))


def _first(typed: Typed, name: str) -> str:
    values = typed.get(name, ())
    return values[0] if values else ""
