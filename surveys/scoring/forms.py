"""What may be sent about results: the wish to score, to see evidence, a population table."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField


class ScoreForm(FlaskForm):  # type: ignore[misc]
    """One press of the button."""


class EvidenceForm(FlaskForm):  # type: ignore[misc]
    """The wish to have the evidence worked out."""


class PopulationForm(FlaskForm):  # type: ignore[misc]
    """A table of the population."""

    file = FileField(_l("Population table (.csv)"))

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(prefix="population", **kwargs)
