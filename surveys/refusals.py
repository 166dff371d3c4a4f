"""Every expected "no": what happened, and what the reader can do now."""

from dataclasses import dataclass

from analytics.faults import N_


class Refusal(Exception):
    """An expected no; `message` and `advice` are English msgids, `values` fills their places."""

    status = 400
    message = N_("This could not be done.")
    advice = ""

    def __init__(self, **values: object) -> None:
        super().__init__(self.message)
        self.values = values

    def __str__(self) -> str:
        text = f"{self.message} {self.advice}".strip()
        return text % self.values if self.values else text


# --- the phone ---------------------------------------------------------------------------------


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


class StoreFull(NotSaved):
    """Too little room is left on the disk to promise that a ballot will be kept."""

    message = N_("The server has no room left. Your ballot is not saved yet.")
    advice = N_(
        "Nothing is lost: your answers are still on this page. "
        "Please press the button again later; it will be counted only once."
    )


# --- the console -------------------------------------------------------------------------------


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


class RoundUnknown(Refusal):
    """No round has this code or number."""

    status = 404
    message = N_("There is no round %(code)s.")


class RoundTaken(Refusal):
    """A round of this code exists."""

    status = 409
    message = N_("There is already a round with the code %(code)s.")
    advice = N_("Give the new round another code. Nothing was changed.")


class WrongState(Refusal):
    """The round's state does not allow this now."""

    status = 409
    message = N_("This cannot be done while the round is in the state “%(state)s”.")
    advice = N_("Nothing was changed.")


class NotReady(Refusal):
    """Something that the next step needs is missing; the message says what."""

    status = 409
    advice = N_("Nothing was changed.")

    def __init__(self, obstacle: str) -> None:
        super().__init__()
        self.message = obstacle


class RoundFrozen(Refusal):
    """The round opened; what decides scores can no longer change."""

    status = 409
    message = N_("The round has been opened: its units, rules and questionnaires are frozen.")
    advice = N_("Nothing was changed.")


class NothingToScore(Refusal):
    """Not a single counted ballot."""

    status = 409
    message = N_("There is not a single counted ballot yet.")


class RunUnknown(Refusal):
    """The round has no such scoring run."""

    status = 404
    message = N_("This round has not been scored yet.")


class RunNumberUnknown(Refusal):
    """The round has runs, but none of this number."""

    status = 404
    message = N_("This round has no scoring run %(number)s.")


class BallotsWaiting(Refusal):
    """Ballots were received that are not stored yet."""

    status = 409
    message = N_("%(count)s ballots have been received and are still being stored.")
    advice = N_("No score was computed. Wait until flask surge drain has stored them.")


class SurgeSilent(Refusal):
    """Redis does not say whether ballots wait there."""

    status = 503
    message = N_("Redis does not answer, and ballots may be waiting there to be stored.")
    advice = N_("No score was computed. Start Redis again and let flask surge drain finish.")


class UpgradeNeedsStop(Refusal):
    """A migration rewrites tables that hold ballots."""

    status = 409
    message = N_("Migration %(revisions)s rewrites tables that hold ballots.")
    advice = N_(
        "Make a backup, stop every server of this installation, then run: "
        "flask --app app db upgrade --stopped"
    )


class TallyDisagrees(Refusal):
    """Tally and recount differ."""

    status = 409
    message = N_("The tally and the recount from the ballots differ in %(count)s places.")
    advice = N_("No score was computed. Run flask tally verify to see where.")


class NotDemonstration(Refusal):
    """Seeded ballots are for demonstration rounds only."""

    status = 409
    message = N_("The round “%(code)s” is not an open demonstration round.")
    advice = N_("Seeded ballots are never mixed with those of people. Nothing was changed.")


class NothingToLoad(Refusal):
    """A demonstration round through whose links no ballot could come."""

    status = 409
    message = N_("The round “%(code)s” has no open link that seeded ballots could come through.")
    advice = N_("Make an open link first. Nothing was changed.")


class LoadedBefore(Refusal):
    """The same seeded ballots are there already."""

    status = 409
    message = N_("These seeded ballots have been loaded before.")
    advice = N_("Give another --seed to load more. Nothing was changed.")


class JobUnknown(Refusal):
    """No such job, or none of this round, or its file is gone."""

    status = 404
    message = N_("There is no such task here, or its file is no longer kept.")
    advice = N_("Files are removed after 30 days; start the task again to get a new one.")


class JobOver(Refusal):
    """A job that has ended cannot be called off."""

    status = 409
    message = N_("This task has already ended.")
    advice = N_("Nothing was changed.")


class ExportTooEarly(Refusal):
    """Ballots of one-time codes are not handed out while more of them can arrive."""

    status = 409
    message = N_(
        "Ballots handed in with one-time codes can be exported only after the round is closed."
    )
    advice = N_("Until then you can export the ballots of the groups that have no one-time codes.")


class BallotUnknown(Refusal):
    """A list of ballots to decide about names one that the round does not have."""

    status = 404
    message = N_("The round has no ballot “%(ballot)s” (%(count)s of the list are unknown).")
    advice = N_("Nothing was changed.")


class BallotIsSecond(Refusal):
    """A second ballot of a browser never enters the count."""

    status = 409
    message = N_(
        "Ballot “%(ballot)s” is the second one of its browser: it never counts, and nobody can"
        " decide otherwise."
    )
    advice = N_("Nothing was changed. Take it off the list.")


class BallotDamaged(Refusal):
    """The text of a ballot is not what was stored."""

    status = 409
    message = N_("Ballot “%(ballot)s” can no longer be read.")
    advice = N_("Nothing was changed. Run flask tally verify to see what is damaged.")


class CountsBroken(Refusal):
    """A count does not hold what is to be taken away from it."""

    status = 409
    message = N_("The counts do not hold what these ballots once added.")
    advice = N_("Nothing was changed. Run flask tally verify to see where.")


class TargetNotEmpty(Refusal):
    """The database to move to holds an installation already."""

    status = 409
    message = N_("The target database is not empty.")
    advice = N_("Nothing was copied. Make a new database, or move single rounds with --round.")


class TablesBehind(Refusal):
    """The tables to be moved are older than this code."""

    status = 409
    message = N_("The tables are older than this version.")
    advice = N_("Nothing was copied. Run flask --app app db upgrade first.")


class RoundStillOpen(Refusal):
    """A round that takes ballots cannot get new numbers."""

    status = 409
    message = N_("Round %(code)s still takes ballots, and the target holds other rounds already.")
    advice = N_("Nothing was copied. Close it first, or move everything into an empty database.")


class CopyDiffers(Refusal):
    """What arrived is not what was sent."""

    status = 409
    message = N_("%(table)s differs after copying: %(sent)s sent, %(arrived)s arrived.")
    advice = N_("Everything was undone: the target is as it was before.")


class InputChanged(Refusal):
    """Ballots or work scores changed while a run was being computed."""

    status = 409
    message = N_("Ballots or work scores have changed while the run was being computed.")
    advice = N_("Nothing was recorded. Please start the scoring again.")


class BallotsArriving(Refusal):
    """Ballots came in during each recount, which several processes made."""

    status = 409
    message = N_("Ballots kept coming in while they were being counted again.")
    advice = N_("Nothing was compared. Please recount when the round is closed.")


class CountingLost(Refusal):
    """The machines or processes that were counting got lost."""

    status = 503
    message = N_("The machines that were counting got lost: %(problem)s")
    advice = N_("Nothing was compared. Please try again when they are back.")


class FileRefused(Refusal):
    """A file that cannot be read at all."""

    status = 422
    message = N_("The file “%(file)s” could not be read as a workbook (.xlsx).")
    advice = N_("Please save it again as .xlsx in Excel, WPS or LibreOffice. Nothing was changed.")


class FileTooLarge(FileRefused):
    """A file beyond the limits of size, sheets, rows or columns."""

    status = 413
    message = N_("The file “%(file)s” is larger than can be read.")
    advice = N_(
        "A workbook may have 10 MB, 30 sheets, 20,000 rows and 200 columns. "
        "Please delete what is not needed and save it again. Nothing was changed."
    )


class FileEmpty(FileRefused):
    """No file was chosen."""

    message = N_("No file was chosen.")
    advice = N_("Choose the workbook to be imported first.")


class PreviewGone(Refusal):
    """The preview to be confirmed no longer exists."""

    status = 410
    message = N_("This preview is too old or has already been used.")
    advice = N_("Please choose the file again. Nothing was changed.")


@dataclass(frozen=True)
class FileProblem:
    """One thing wrong in a file; `message` is an English msgid."""

    sheet: str
    row: int | None
    column: str | None
    message: str
    values: tuple[tuple[str, object], ...] = ()


class FileProblems(Refusal):
    """A file that could be read but not taken over, with every problem found."""

    status = 422
    message = N_("The file has %(count)s problems. Nothing was changed.")

    def __init__(self, problems: tuple[FileProblem, ...]) -> None:
        super().__init__(count=len(problems))
        self.problems = problems
