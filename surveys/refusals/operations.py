"""What the keeping of an installation does not allow: moves, upgrades, long work."""

from analytics.faults import N_
from surveys.refusals.refusal import Refusal


class UpgradeNeedsStop(Refusal):
    """A migration rewrites tables that hold ballots, or holds them for as long."""

    status = 409
    message = N_("Migration %(revisions)s rewrites tables that hold ballots.")
    advice = N_(
        "Make a backup, stop every server of this installation, then run: "
        "flask --app app db upgrade --stopped"
    )


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


class CountingLost(Refusal):
    """The machines or processes that were counting got lost."""

    status = 503
    message = N_("The machines that were counting got lost: %(problem)s")
    advice = N_("Nothing was compared. Please try again when they are back.")
