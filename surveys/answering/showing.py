"""How a questionnaire is written out: empty, with what was typed, with what is to be mended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import render_template

from surveys import web
from surveys.answering.fields import UnitFields
from surveys.answering.forms import BallotForm
from surveys.answering.queries import OpenLink
from surveys.answering.work_proof import WORK_BITS
from surveys.questionnaire import BLANK, AskedClass
from surveys.refusals import Refusal


@dataclass(frozen=True)
class Said:
    """What a page tells besides what it asks; at most one of these."""

    refusal: Refusal | None = None
    has_faults: bool = False  # what is wrong with the form is to be mended first
    is_review: bool = False  # what is rated and what is missing, before it is handed in
    is_saved: bool = False
    is_resumed: bool = False


@dataclass(frozen=True)
class ReviewedClass:
    """How far a class of units is rated."""

    asked: AskedClass
    rated: int
    unknown: int
    # With how many items are open where a unit is rated in part, else 0.
    missing: tuple[tuple[UnitFields, int], ...]


NOTHING = Said()


def rendered(
    link: OpenLink, nonce: str, form: BallotForm | None = None, said: Said = NOTHING
) -> str:
    """Return the page of a questionnaire, filled with what a form holds."""
    asked = link.questionnaire
    shows_faults = form is not None and said.has_faults
    problems = form.problems if form and shows_faults else ()
    typed: Mapping[str, tuple[str, ...]] = form.typed if form else {}
    return render_template(
        "answering/questionnaire.html",
        link=link,
        fields=link.asked.fields,
        work_bits=WORK_BITS,
        # Said once and not once per radio button: there are thousands of them.
        items=[web.named(item, "words") for item in asked.items],
        options=[
            (option.code, *_halves(web.named(option, "words")), option.points is None)
            for option in asked.options
        ],
        nonce=nonce,
        typed=typed,
        touched={name.partition(".")[0] for name, (value, *_) in typed.items() if value},
        problems=problems,
        wrong={problem.place: problem for problem in problems},
        left_out=frozenset(form.left_out) if form and shows_faults else frozenset(),
        said=said,
        review=review_of(link, form) if link.asks_all_units else (),
        base_url=web.installation().settings.base_url,
    )


def review_of(link: OpenLink, form: BallotForm | None) -> tuple[ReviewedClass, ...]:
    """Return how far each class is rated by a form, in the order of the page."""
    unscored = {option.code for option in link.questionnaire.options if option.points is None}
    patterns = {one.unit_number: one.pattern for one in form.ratings} if form else {}
    return tuple(
        _reviewed(
            asked,
            (unit for unit in link.asked.fields.units if unit.unit in asked.units),
            patterns,
            unscored,
        )
        for asked in link.questionnaire.classes
    )


def _reviewed(
    asked: AskedClass, units: Iterable[UnitFields], patterns: Mapping[int, str], unscored: set[str]
) -> ReviewedClass:
    rated = unknown = 0
    missing = []
    for unit in units:
        pattern = patterns.get(unit.unit.number, "")
        if not pattern or BLANK in pattern:
            missing.append((unit, pattern.count(BLANK)))
        elif set(pattern) <= unscored:
            unknown += 1
        else:
            rated += 1
    return ReviewedClass(asked, rated, unknown, tuple(missing))


def _halves(words: str) -> tuple[str, str]:
    """Return where the words of an option may be broken, as Chinese is read: two signs first."""
    if words.isascii() or len(words) < 3:
        return words, ""
    place = 2 if len(words) > 3 else 1
    return words[:place], words[place:]
