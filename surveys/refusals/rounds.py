"""What a round, its ballots and its scores do not allow."""

from analytics.faults import N_
from surveys.refusals.refusal import Refusal


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


class EvidenceBehind(Refusal):
    """Ballots were decided about since the run, so what lies behind it can no longer be read."""

    status = 409
    message = N_("The ballots have changed since scoring run %(number)s.")
    advice = N_("Nothing was changed. Score again; evidence is worked out for the new run.")


class EvidenceMissing(Refusal):
    """The evidence of this run has not been worked out, or not yet."""

    status = 404
    message = N_("The evidence of this scoring run has not been worked out yet.")
    advice = N_("Open the page of the evidence and start it there; it takes some seconds.")
