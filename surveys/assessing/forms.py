"""What may be sent about the 70 points: a workbook, then its confirmation."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import HiddenField


class WorkUploadForm(FlaskForm):  # type: ignore[misc]
    """The workbook to look at."""

    file = FileField(_l("Workbook of work scores (.xlsx)"))


class WorkConfirmForm(FlaskForm):  # type: ignore[misc]
    """The workbook that was looked at."""

    upload_id = HiddenField()
