"""What somebody at the console may be told about pages, forms and signing in."""

from analytics.faults import N_
from surveys.refusals.refusal import Refusal


class NotFound(Refusal):
    """Nothing is there."""

    status = 404
    message = N_("There is no such page.")
    advice = N_("Please go back and choose again.")


class RequestBroken(Refusal):
    """The request is malformed."""

    message = N_("The request could not be understood.")
    advice = N_("Please go back, reload the page and try again.")


class MethodNotAllowed(Refusal):
    """The address does not take this kind of request."""

    status = 405
    message = N_("This address does not take that kind of request.")


class FormExpired(Refusal):
    """The console's form token is missing, old or foreign."""

    status = 400
    message = N_("This form is too old or came from somewhere else. Nothing was changed.")
    advice = N_("Please reload the page and try again.")


class NotAllowed(Refusal):
    """Signed in, but without the right."""

    status = 403
    message = N_("Your account may not do this.")


class SignInFailed(Refusal):
    """Name and password do not fit."""

    status = 422
    message = N_("Name or password is wrong.")


class TooManyTries(Refusal):
    """The budget of attempts is used up for now."""

    status = 429
    message = N_("Too many attempts.")
    advice = N_("Please wait a few minutes and try again.")


class SetupLinkUnknown(Refusal):
    """The one-time set-up link is unknown, used or too old."""

    status = 410
    message = N_("This set-up link has been used or is too old.")
    advice = N_("Ask for a new one with: flask --app app account add")
