"""What the fields of a questionnaire's page are called."""

from dataclasses import dataclass
from enum import StrEnum

from surveys.questionnaire import AskedUnit, Question, Questionnaire, UnitChoice

NONCE = "nonce"
TOKEN = "token"  # noqa: S105 - the name of a field
PARTIAL = "partial"
STEP = "step"  # sent instead of handing in: what is to be done with what was filled in so far
WORK = "work"  # the counter that the page's script found; see `work_proof`
TICKED = "1"
RECEIPT = "receipt"


class Step(StrEnum):
    """What a button asks for instead of handing in."""

    REWRITE = "rewrite"  # show the page in the language or size that the address asks for
    REVIEW = "review"  # show what is rated and what is missing, before it is handed in
    SAVE = "save"  # put it aside under the one-time code
    RESUME = "resume"  # go on with what was put aside


@dataclass(frozen=True)
class UnitFields:
    """The fields of one unit's card; the prefix is its number, as in the ratings text."""

    unit: AskedUnit
    prefix: str
    items: tuple[str, ...]
    unknown: str
    comment: str


@dataclass(frozen=True)
class Fields:
    """The fields of a page, compiled once per questionnaire."""

    units: tuple[UnitFields, ...]
    questions: tuple[tuple[str, Question], ...]
    names: frozenset[str]
    codes: frozenset[str]  # of the options
    unscored: str  # the code of "I do not know"


def question_field(code: str) -> str:
    """Return the field of a general question."""
    return f"q.{code}"


def fields_of(questionnaire: Questionnaire) -> Fields:
    """Return the fields of a questionnaire's page."""
    units = tuple(_unit_fields(questionnaire, unit) for unit in questionnaire.units)
    questions = tuple(
        (question_field(question.code), question) for question in questionnaire.text.questions
    )
    names = {NONCE, STEP, WORK} | {name for name, _ in questions}
    for unit in units:
        names.update(unit.items, (unit.unknown,))
        if questionnaire.text.has_comments:
            names.add(unit.comment)
    if questionnaire.text.unit_choice is UnitChoice.ALL:
        names.add(PARTIAL)
    codes = frozenset(option.code for option in questionnaire.options)
    return Fields(units, questions, frozenset(names), codes, questionnaire.unscored.code)


def _unit_fields(questionnaire: Questionnaire, unit: AskedUnit) -> UnitFields:
    prefix = f"{unit.number:0{questionnaire.unit_digits}d}"
    return UnitFields(
        unit,
        prefix,
        tuple(f"{prefix}.{item.code}" for item in questionnaire.items),
        f"{prefix}.unknown",
        f"{prefix}.comment",
    )
