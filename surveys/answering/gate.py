"""The gate before the writer: what a ballot is doubted for, and when it has to wait.

Both ways of a phone's ballot pass here, so that they say the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from surveys import web
from surveys.address_budget import BALLOTS_FLAGGED, BALLOTS_REFUSED, BALLOTS_SLOWED
from surveys.answering import device, fields
from surveys.answering.forms import BallotForm
from surveys.answering.nonce import Nonce
from surveys.answering.queries import OpenLink
from surveys.answering.work_proof import is_worked
from surveys.ballots import Outcome
from surveys.refusals import Crowded

NO_PROOF = "no_proof"
CROWDED = "crowded"
# What is new takes from the budget of its address; a retry of what is kept does not.
NEW = frozenset({Outcome.KEPT, Outcome.DUPLICATE, Outcome.RECEIVED})


@dataclass(frozen=True)
class Arrival:
    """What came along with a ballot."""

    nonce: Nonce
    nonce_text: str
    cookies: Mapping[str, str]
    address: str
    at: datetime


def hand_over(
    here: web.Installation, link: OpenLink, form: BallotForm, arrival: Arrival
) -> Outcome:
    """Have a complete ballot stored, with its reasons for doubt, or refuse."""
    settings = here.settings
    key = device.key_for(settings.secret_key, settings.is_secure, arrival.cookies, link)
    # Of a secret ballot nothing is asked: its code speaks for it.
    doubts = () if link.is_token else _doubts(here, link, form, arrival, key is not None)
    seconds = arrival.nonce.seconds_until(arrival.at)
    submission = form.submission(link, arrival.nonce.submission_id, seconds, key, doubts)
    outcome = here.intake.keep(submission)
    if outcome in NEW and not link.is_token:
        here.addresses.count(arrival.address)
    return outcome


def _doubts(
    here: web.Installation, link: OpenLink, form: BallotForm, arrival: Arrival, has_mark: bool
) -> tuple[str, ...]:
    """Return why this ballot is to be marked; refuse where it has to wait."""
    counter = form.typed.get(fields.WORK, ("",))[0]
    has_proof = link.asks_for_work and is_worked(arrival.nonce_text, counter)
    lacks_proof = link.asks_for_work and not has_proof
    level = here.addresses.level(arrival.address)
    # A shared device has no mark to show; there the work alone speaks for a ballot.
    is_vouched = not lacks_proof and (has_proof if link.is_shared else has_mark)
    if level >= (BALLOTS_REFUSED if is_vouched else BALLOTS_SLOWED):
        raise Crowded
    found = ((NO_PROOF, lacks_proof), (CROWDED, level >= BALLOTS_FLAGGED))
    return tuple(reason for reason, holds in found if holds)
