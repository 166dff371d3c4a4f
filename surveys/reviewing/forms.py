"""What a person chooses about ballots: a file to enter, a file to be made."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import SelectField

from surveys.questionnaire import Channel
from surveys.reviewing.export import Form
from surveys.reviewing.export_plan import Scope

ENTRANCES = ((Channel.PAPER, _l("paper")), (Channel.TELEPHONE, _l("telephone")))
FORMS = (
    (Form.XLSX, _l("Workbook (.xlsx)")),
    (Form.CSV, _l("CSV files in a zip archive")),
    (Form.RATINGS, _l("Only counted ratings, to score or import again (.csv.gz)")),
)
SCOPES = ((Scope.ALL, _l("all groups")), (Scope.OPEN, _l("only groups without one-time codes")))


class ImportForm(FlaskForm):  # type: ignore[misc]  # the library brings no types
    """A ratings file, and through which door its ballots came."""

    file = FileField(_l("Ratings file (.csv)"))
    channel = SelectField(_l("Channel"))

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(prefix="entering", **kwargs)
        self.channel.choices = list(ENTRANCES)


class ExportForm(FlaskForm):  # type: ignore[misc]  # the library brings no types
    """What kind of file, and whose ballots."""

    form = SelectField(_l("Kind of file"))
    scope = SelectField(_l("Groups"))

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(prefix="exporting", **kwargs)
        self.form.choices = list(FORMS)
        self.scope.choices = list(SCOPES)
