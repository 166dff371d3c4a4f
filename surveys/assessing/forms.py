"""What may be sent about the 70 points: a workbook, then its confirmation."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField


class WorkUploadForm(FlaskForm):  # type: ignore[misc]
    """The workbook to look at."""

    file = FileField(_l("Workbook of work scores (.xlsx)"))


class WorkConfirmForm(FlaskForm):  # type: ignore[misc]
    """One press of the button, under what was looked at."""
