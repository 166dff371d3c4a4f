"""What may be sent about a round: a workbook, then a confirmation."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField


class RoundUploadForm(FlaskForm):  # type: ignore[misc]
    """The workbook of a round."""

    file = FileField(_l("Workbook of the round (.xlsx)"))


class ConfirmForm(FlaskForm):  # type: ignore[misc]
    """A confirmation; the address says of what."""
