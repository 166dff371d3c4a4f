"""Receipts: twelve signs cut from what a ballot is known by, so that it can be looked up again."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from analytics.faults import N_
from surveys.models import Ballot, Link, Round, RoundState, Token
from surveys.questionnaire import Channel, Validity
from surveys.refusals import ReceiptBroken, ReceiptUnknown
from surveys.tokens import crockford, from_crockford, grouped, normalise_token, spent_mark

RECEIPT_SIGNS = 12  # 60 bits
ID_SIGNS = 10  # of an id in base 64, 6 bits each
MARK_SIGNS = 15  # of a token's mark, 4 bits each
# The id of any other ballot was shown to nobody, so it is nobody's receipt.
OPEN_CHANNELS = (Channel.OPEN, Channel.WINDOW)
_AFTER_ALL_SIGNS = "~"

# What is told about a ballot: a line, and what it means. None is a secret one.
TOLD: dict[Validity | None, tuple[str, str]] = {
    Validity.COUNTED: (N_("Received and counted"), N_("This ballot is in the count.")),
    Validity.FLAGGED: (
        N_("Received and counted, looked at once more"),
        N_("This ballot is in the count. It was marked, and will be looked at once more."),
    ),
    Validity.DUPLICATE: (
        N_("Received, not counted"),
        N_("A ballot had been handed in from this browser before, and that first one counts."),
    ),
    Validity.HELD: (
        N_("Received, set aside for now"),
        N_("This ballot is being examined. Until that is decided it is not in the count."),
    ),
    Validity.EXCLUDED: (
        N_("Received, not counted after examination"),
        N_("This ballot was examined and taken out of the count. The office can tell you more."),
    ),
    None: (
        N_("Received and in the count"),
        N_(
            "It is a secret ballot: nothing leads from a receipt or a one-time code to it, so"
            " nobody can look up what was decided about a single one."
        ),
    ),
}


@dataclass(frozen=True)
class FoundBallot:
    """What may be told of a ballot: whether it counts, and how far its round is; never content."""

    receipt: str
    validity: Validity | None
    name: str
    name_en: str | None
    office: str
    office_en: str | None
    is_demonstration: bool
    state: RoundState
    closes_at: datetime | None
    results_on: date | None

    @property
    def is_rehearsal(self) -> bool:
        """Tell whether this ballot will be deleted when the round opens."""
        return self.state is RoundState.REHEARSAL

    @property
    def told(self) -> tuple[str, str]:
        """Return what became of the ballot and what that means, as msgids."""
        return TOLD[self.validity]


def receipt_of(submission_id: str, is_secret: bool) -> str:
    """Return the receipt of a submission: the same for every retry, and silent about content."""
    if is_secret:
        number = int(spent_mark(submission_id)[:MARK_SIGNS], 16)
    else:
        number = int.from_bytes(urlsafe_b64decode(submission_id[: ID_SIGNS + 2])) >> 12
    return grouped(crockford(number, RECEIPT_SIGNS))


def read_receipt(typed: str) -> str:
    """Return a receipt that was typed, pasted or scanned as it was shown, or refuse."""
    # Who pastes the whole address has the receipt behind its "#".
    signs = normalise_token(typed.rpartition("#")[2])
    try:
        number = from_crockford(signs)
    except ValueError:
        raise ReceiptBroken from None
    if len(signs) != RECEIPT_SIGNS:
        raise ReceiptBroken
    return grouped(crockford(number, RECEIPT_SIGNS))


def ballot_of_receipt(session: Session, receipt: str, now: datetime) -> FoundBallot:
    """Return what may be told about the ballot of a receipt, or refuse."""
    number = from_crockford(receipt.replace("-", ""))
    found = _open_ballot(session, number) or _secret_ballot(session, number)
    if found is None:
        raise ReceiptUnknown
    validity, of = found
    has_ended = of.closes_at is not None and of.closes_at <= now
    is_over = of.state is RoundState.OPEN and has_ended
    return FoundBallot(
        receipt=receipt,
        validity=validity,
        name=of.name,
        name_en=of.name_en,
        office=of.office,
        office_en=of.office_en,
        is_demonstration=of.is_demonstration,
        state=RoundState.CLOSED if is_over else of.state,
        # A round that was closed early has a time to come that means nothing any more.
        closes_at=of.closes_at if has_ended or of.state is RoundState.OPEN else None,
        results_on=of.results_on,
    )


# --- the parts, in order of use ------------------------------------------------------------------


def _open_ballot(session: Session, number: int) -> tuple[Validity | None, Round] | None:
    id_start = urlsafe_b64encode((number << 12).to_bytes(9)).decode()[:ID_SIGNS]
    wanted = (
        select(Ballot.validity, Round)
        .join(Round, Round.id == Ballot.round_id)
        .where(_begins(session, Ballot.id, id_start), Ballot.channel.in_(OPEN_CHANNELS))
    )
    if _is_sqlite(session):  # its key begins with the round, and of rounds there are few
        wanted = wanted.where(Ballot.round_id.in_(select(Round.id)))
    found = session.execute(wanted).first()
    return None if found is None else (found.validity, found.Round)


def _secret_ballot(session: Session, number: int) -> tuple[Validity | None, Round] | None:
    wanted = (
        select(Round)
        .join(Link, Link.round_id == Round.id)
        .join(Token, Token.link_id == Link.id)
        .where(_begins(session, Token.spent_by, f"{number:0{MARK_SIGNS}x}"))
    )
    found = session.scalars(wanted).first()
    return None if found is None else (None, found)


def _begins(
    session: Session,
    column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None],
    start: str,
) -> ColumnElement[bool]:
    """Return a condition that an index answers: see migration 0009."""
    if _is_sqlite(session):
        return column.between(start, start + _AFTER_ALL_SIGNS)
    # Written out, because the planner compares it with the index before it knows parameters.
    return func.left(column, literal_column(str(len(start)))) == start


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
