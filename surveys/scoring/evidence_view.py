"""The evidence of a run as pages see it: found by unit, class and group, with their names."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from analytics.evidence.result import ClassEvidence, RoundEvidence, UnitEvidence
from surveys.scoring.run import RunView, UnitFigures


@dataclass(frozen=True)
class EvidenceView:
    """What statistics say beside one run, and when it was worked out."""

    run: RunView
    found: RoundEvidence
    created_at: datetime
    actor: str
    code_version: str

    @cached_property
    def _units(self) -> dict[str, UnitEvidence]:
        return {unit.code: unit for unit in self.found.units}

    def unit(self, code: str) -> UnitEvidence:
        """Return what is said of a unit; an unknown code is a KeyError."""
        return self._units[code]

    def figures(self, code: str) -> UnitFigures:
        """Return a unit's official figures, which carry its names."""
        figures = self.run.unit(code)
        if figures is None:
            raise KeyError(code)
        return figures

    def of_class(self, code: str) -> ClassEvidence | None:
        """Return what is said of a class, None where it has none."""
        return next((one for one in self.found.classes if one.code == code), None)

    def by_class(self) -> tuple[tuple[ClassEvidence, tuple[UnitEvidence, ...]], ...]:
        """Return each class that has ranked units, with these in order of rank."""
        return tuple(
            (one, tuple(self.unit(code) for code in one.units))
            for one in self.found.classes
            if one.units
        )
