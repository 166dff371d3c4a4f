"""What may be sent about results: the wish to score."""

from flask_wtf import FlaskForm


class ScoreForm(FlaskForm):  # type: ignore[misc]
    """One press of the button."""
