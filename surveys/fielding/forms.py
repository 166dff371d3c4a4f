"""What a person chooses when making links and one-time codes."""

from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from surveys import web
from surveys.models import Round

MOST_CODES = 5000
LABEL_LENGTH = 120


def plain_label(typed: str | None) -> str:
    """Return a label without what no database or page should hold."""
    return "".join(sign for sign in typed or "" if sign.isprintable()).strip()


class LinkForm(FlaskForm):  # type: ignore[misc]  # the library brings no types
    """For whom a link is, and what the office calls it."""

    group = SelectField(lazy_gettext("Group"), coerce=int)
    label = StringField(
        lazy_gettext("Label (optional)"),
        filters=[plain_label],
        validators=[Length(max=LABEL_LENGTH, message=lazy_gettext("This is too long."))],
    )

    def __init__(self, made: Round, prefix: str, **kwargs: Any) -> None:
        super().__init__(prefix=prefix, **kwargs)
        self.group.choices = [(group.id, web.named(group)) for group in made.groups]


class OpenForm(LinkForm):
    """For whom an open link is, and whether one device serves many people."""

    is_shared = BooleanField(lazy_gettext("Shared device (kiosk)"))


class WindowForm(FlaskForm):  # type: ignore[misc]  # the library brings no types
    """For whom a window's link is, and at which unit it hangs; 0 stands for every unit."""

    group = SelectField(lazy_gettext("Group"), coerce=int)
    unit = SelectField(lazy_gettext("Unit"), coerce=int)
    is_shared = BooleanField(lazy_gettext("Shared device (kiosk)"))

    def __init__(self, made: Round, prefix: str, **kwargs: Any) -> None:
        super().__init__(prefix=prefix, **kwargs)
        self.group.choices = [(group.id, web.named(group)) for group in made.groups]
        every = lazy_gettext("every unit that has none yet")
        self.unit.choices = [(0, every), *((unit.id, web.named(unit)) for unit in made.units)]


class BatchForm(LinkForm):
    """How many one-time codes, for whom, and whose unit they may not rate; 0 stands for none."""

    count = IntegerField(
        lazy_gettext("Number of codes"),
        validators=[
            InputRequired(lazy_gettext("Please type a number.")),
            NumberRange(1, MOST_CODES, lazy_gettext("From 1 to 5,000 codes at a time.")),
        ],
    )
    own_unit = SelectField(lazy_gettext("Unit that these people do not rate"), coerce=int)

    def __init__(self, made: Round, prefix: str, **kwargs: Any) -> None:
        super().__init__(made, prefix, **kwargs)
        none = lazy_gettext("none: they rate every unit")
        self.own_unit.choices = [(0, none), *((unit.id, web.named(unit)) for unit in made.units)]
