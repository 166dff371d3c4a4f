"""What a person types to sign in and to set up an account."""

import unicodedata
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, FileField, HiddenField, PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length, ValidationError

from surveys.accounts.passwords import LONGEST, password_problem

NAME_LENGTH = 60


def plain_name(typed: str | None) -> str:
    """Return a name as it is stored, however it was typed: full-width signs, spaces around it."""
    return unicodedata.normalize("NFKC", typed or "").replace("\0", "").strip()


class SignInForm(FlaskForm):  # type: ignore[misc]  # the library brings no types
    """Name and password."""

    name = StringField(
        lazy_gettext("Name"),
        filters=[plain_name],
        validators=[
            InputRequired(lazy_gettext("Please type your account's name.")),
            Length(max=NAME_LENGTH, message=lazy_gettext("This is too long.")),
        ],
    )
    password = PasswordField(
        lazy_gettext("Password"),
        validators=[
            InputRequired(lazy_gettext("Please type your password.")),
            Length(max=LONGEST, message=lazy_gettext("This is too long.")),
        ],
    )
    next = HiddenField()


class SetupForm(FlaskForm):  # type: ignore[misc]  # the library brings no types
    """A new password, typed twice."""

    password = PasswordField(
        lazy_gettext("New password"),
        validators=[
            InputRequired(lazy_gettext("Please choose a password.")),
            Length(max=LONGEST, message=lazy_gettext("This is too long.")),
        ],
    )
    repeat = PasswordField(
        lazy_gettext("The same password again"),
        validators=[
            EqualTo("password", message=lazy_gettext("The two passwords are not the same.")),
        ],
    )

    def __init__(self, account_name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.account_name = account_name

    def validate_password(self, field: PasswordField) -> None:
        """Refuse what is short or easily guessed."""
        problem = password_problem(field.data or "", self.account_name)
        if problem is not None:
            raise ValidationError(_(problem))


class PiecesForm(SignInForm):
    """One field of each kind, for the page that shows every piece."""

    stay = BooleanField(lazy_gettext("Show what is typed"))
    file = FileField(lazy_gettext("Address"))
