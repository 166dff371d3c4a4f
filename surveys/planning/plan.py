"""A round as it is planned: everything that decides what is asked and how it is scored."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from analytics.rules import RuleSet
from surveys.notice import KEEP_MONTHS
from surveys.questionnaire import QuestionnaireText


@dataclass(frozen=True)
class PlannedClass:
    """A class of units that will be ranked among themselves."""

    code: str
    name: str
    name_en: str | None = None


@dataclass(frozen=True)
class PlannedUnit:
    """A unit that will be appraised."""

    code: str
    name: str
    class_code: str
    name_en: str | None = None
    is_ranked: bool = True
    duties: str | None = None
    duties_en: str | None = None


@dataclass(frozen=True)
class PlannedGroup:
    """A kind of appraiser; its weight stands in the rule set under the same code."""

    code: str
    name: str
    questionnaire: str
    name_en: str | None = None
    invited_count: int | None = None


@dataclass(frozen=True)
class PlannedIndicator:
    """A second-level indicator of the work assessment, with its aspect."""

    aspect: str
    aspect_name: str
    code: str
    name: str
    full_marks: Decimal
    aspect_name_en: str | None = None
    name_en: str | None = None
    basis: str = ""


@dataclass(frozen=True)
class RoundPlan:
    """A whole round before anything was sent out."""

    code: str
    name: str
    office: str
    classes: tuple[PlannedClass, ...]
    units: tuple[PlannedUnit, ...]
    groups: tuple[PlannedGroup, ...]
    questionnaires: tuple[QuestionnaireText, ...]
    rules: RuleSet
    indicators: tuple[PlannedIndicator, ...] = ()
    name_en: str | None = None
    office_en: str | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    is_demonstration: bool = False
    contact: str | None = None
    keep_months: int = KEEP_MONTHS
    results_on: date | None = None

    @property
    def unit_digits(self) -> int:
        """Return how many digits a unit's number has in the ratings text."""
        return max(2, len(str(len(self.units))))

    def units_of(self, class_code: str) -> tuple[PlannedUnit, ...]:
        """Return the units of a class in the order of the plan."""
        return tuple(unit for unit in self.units if unit.class_code == class_code)

    def questionnaire(self, code: str) -> QuestionnaireText:
        """Return the questionnaire with a code; an unknown code is a StopIteration."""
        return next(text for text in self.questionnaires if text.code == code)

    def document(self) -> dict[str, Any]:
        """Return all that is frozen when the round opens, as plain JSON values.

        What people are told is frozen beside it, as the round's notice.
        """
        return {
            "code": self.code,
            "name": self.name,
            "classes": [asdict(one) for one in self.classes],
            "units": [_frozen(unit) for unit in self.units],
            "groups": [asdict(group) for group in self.groups],
            "indicators": [
                {**asdict(one), "full_marks": format(one.full_marks.normalize(), "f")}
                for one in self.indicators
            ],
            "questionnaires": [asdict(text) for text in self.questionnaires],
            "rules": self.rules.document(),
        }


def _frozen(unit: PlannedUnit) -> dict[str, Any]:
    """Return a unit as it is frozen; what older rounds did not know stands there if it is used."""
    found = asdict(unit)
    if found["duties_en"] is None:
        del found["duties_en"]
    return found
