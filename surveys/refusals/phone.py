"""What a phone may be told instead of thanks."""

from analytics.faults import N_
from surveys.refusals.refusal import Refusal


class LinkUnknown(Refusal):
    """No entrance has this code."""

    status = 404
    message = N_("This address is not one of ours.")
    advice = N_("Please scan the QR code again, or check the address letter by letter.")


class LinkNotYetOpen(Refusal):
    """The round has not begun."""

    status = 403
    message = N_("The appraisal has not begun yet.")
    advice = N_("Please come back when it has been announced.")


class LinkClosed(Refusal):
    """The round or the entrance is closed."""

    status = 410
    message = N_("The appraisal is closed.")
    advice = N_("Ballots can no longer be handed in. Thank you for wanting to take part.")


class NonceBroken(Refusal):
    """The page that was sent is not one that we gave out for this entrance."""

    status = 400
    message = N_("This page is damaged or came from somewhere else. Your ballot was not saved.")
    advice = N_("Your answers are still below: check them and press the button again.")


class TokenMissing(Refusal):
    """No code was typed."""

    status = 422
    message = N_("The one-time code is missing.")
    advice = N_("Please type the code on your slip, or scan its QR code.")


class TokenUnknown(Refusal):
    """No such token, or one of another batch."""

    status = 422
    message = N_("This one-time code is not valid here.")
    advice = N_("Please compare it with your slip sign by sign. Nothing has been lost.")


class TokenSpent(Refusal):
    """The token has already admitted a ballot."""

    status = 409
    message = N_("A ballot has already been handed in with this one-time code.")
    advice = N_("That first ballot is safely kept and counts. This one was not saved.")


class ReceiptBroken(Refusal):
    """What was typed cannot be a receipt."""

    status = 422
    message = N_("A receipt has 12 letters and digits.")
    advice = N_("Please compare it with the page that you were shown, sign by sign.")


class ReceiptUnknown(Refusal):
    """No ballot has this receipt, or it is not stored yet."""

    status = 404
    message = N_("No ballot with this receipt is stored here.")
    advice = N_(
        "Please compare it with the page that you were shown, sign by sign. If you have handed in "
        "just now, try again in a few minutes. Ballots of a rehearsal are removed before the "
        "appraisal opens."
    )


class BodyTooLarge(Refusal):
    """More was sent than any ballot or file may hold."""

    status = 413
    message = N_("What was sent is too large.")
    advice = N_("Please shorten your text or choose a smaller file.")


class NotSaved(Refusal):
    """The store did not take the ballot."""

    status = 503
    message = N_("Your ballot is not saved yet.")
    advice = N_("Please press the button again in a moment; it will be counted only once.")


class StoreSilent(Refusal):
    """The database did not answer, so nothing could be looked up."""

    status = 503
    message = N_("The records cannot be reached at the moment.")
    advice = N_(
        "If you were handing something in, it is not saved yet. Please go back and press the "
        "button again in a moment; it will be counted only once."
    )


class Busy(NotSaved):
    """More ballots wait than may wait."""

    message = N_("Many people are answering right now. Your ballot is not saved yet.")


class Crowded(NotSaved):
    """So many ballots came from one address that this one has to wait."""

    status = 429
    message = N_("Many ballots come from this network at the moment. Your ballot is not saved yet.")
    advice = N_(
        "Nothing is lost: your answers are still on this page. "
        "Please press the button again in a moment; it will be counted only once."
    )


class StoreFull(NotSaved):
    """Too little room is left on the disk to promise that a ballot will be kept."""

    message = N_("The server has no room left. Your ballot is not saved yet.")
    advice = N_(
        "Nothing is lost: your answers are still on this page. "
        "Please press the button again later; it will be counted only once."
    )


class DraftTooLarge(Refusal):
    """More was filled in than a draft may hold."""

    status = 413
    message = N_("What you filled in is too long to be put aside.")
    advice = N_(
        "Nothing is lost: it is still on this page. Please shorten your text or hand it in."
    )
