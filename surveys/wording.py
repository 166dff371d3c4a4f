"""Words for kinds, states, reasons and acts: English msgids that the catalogues translate."""

from enum import StrEnum

from flask_babel import gettext

from analytics.faults import N_
from surveys.models import JobState, Role, RoundState
from surveys.questionnaire import Channel, Kind, UnitChoice, Validity

WORDS: tuple[tuple[StrEnum, str], ...] = (
    (RoundState.DRAFT, N_("draft")),
    (RoundState.REHEARSAL, N_("rehearsal")),
    (RoundState.OPEN, N_("open")),
    (RoundState.CLOSED, N_("closed")),
    (RoundState.SCORED, N_("scored")),
    (RoundState.PUBLISHED, N_("published")),
    (Role.OFFICE, N_("performance office")),
    (Channel.OPEN, N_("open link")),
    (Channel.WINDOW, N_("window link")),
    (Channel.TOKEN, N_("one-time codes")),
    (Channel.PAPER, N_("paper")),
    (Channel.TELEPHONE, N_("telephone")),
    (Validity.COUNTED, N_("counted")),
    (Validity.FLAGGED, N_("counted, flagged")),
    (Validity.DUPLICATE, N_("duplicate")),
    (Validity.HELD, N_("held")),
    (Validity.EXCLUDED, N_("excluded")),
    (Kind.SINGLE, N_("one choice")),
    (Kind.SEVERAL, N_("several choices")),
    (Kind.TEXT, N_("text")),
    (Kind.NUMBER, N_("number")),
    (UnitChoice.CHOSEN, N_("units that the person dealt with")),
    (UnitChoice.ALL, N_("all ranked units")),
    (JobState.WAITING, N_("waiting")),
    (JobState.RUNNING, N_("running")),
    (JobState.DONE, N_("done")),
    (JobState.FAILED, N_("failed")),
    (JobState.CANCELLED, N_("called off")),
)
# The state "open" and the channel "open" are equal as text, so the kind is part of the key.
_BY_KIND = {(type(value), value): msgid for value, msgid in WORDS}

# The kinds of long work, as a page names them.
JOB_KINDS: dict[str, str] = {
    "export": N_("Export of ballots"),
    "import": N_("Import of ballots"),
    "recount": N_("Recount of the tally"),
    "evidence": N_("Evidence behind the scores"),
}

REASONS: dict[str, str] = {
    "speed": N_("answered faster than one can read"),
    "identical": N_("the same option for ten or more units"),
    "no_device": N_("the browser keeps no device mark"),
    "coached": N_("says that somebody told them how to answer"),
    "no_proof": N_("the phone did no work against robots"),
    "crowded": N_("very many ballots came from one network at that time"),
    "same_device": N_("second ballot from the same browser"),
    "late": N_("stored only after the round was scored"),
}

ACTIONS: dict[str, str] = {
    "round imported": N_("imported the round"),
    "round rehearsed": N_("began the rehearsal"),
    "round opened": N_("opened the round and froze it"),
    "notice frozen": N_("froze the notice to respondents"),
    "round closed": N_("closed the round"),
    "round scored": N_("ran the scoring"),
    "evidence worked out": N_("worked out the evidence"),
    "doubted ballots taken": N_("downloaded the list of doubted ballots"),
    "population changed": N_("changed the population table"),
    "bench ballots loaded": N_("loaded seeded ballots to measure with"),
    "round published": N_("published the results"),
    "link made": N_("made a link"),
    "link switched off": N_("switched a link off"),
    "link switched on": N_("switched a link on"),
    "protection switched off": N_("switched the protection against robots off"),
    "protection switched on": N_("switched the protection against robots on"),
    "tokens made": N_("made one-time codes"),
    "ballots imported": N_("imported ballots"),
    "ballots decided": N_("decided about ballots"),
    "ballots exported": N_("started an export of ballots"),
    "ballots downloaded": N_("downloaded an export of ballots"),
    "job cancelled": N_("called a task off"),
    "work imported": N_("imported work scores"),
    "results downloaded": N_("downloaded the results"),
    "account set up": N_("set up the account"),
    "account added": N_("added an account"),
    "moved to PostgreSQL": N_("moved the data to PostgreSQL"),
    "signed in": N_("signed in"),
    "signed out": N_("signed out"),
}


def words(value: object) -> str:
    """Return the words for a state, kind, reason or act in the page's language."""
    text = str(value)
    known = _BY_KIND.get((type(value), value)) if isinstance(value, StrEnum) else None
    msgid = known or REASONS.get(text) or ACTIONS.get(text) or text
    return str(gettext(msgid)) if msgid else ""


def job_kind_words(kind: str) -> str:
    """Return the words for a kind of long work."""
    return str(gettext(JOB_KINDS.get(kind, kind)))


def spoken(value: object) -> object:
    """Return a refusal's value as a reader would say it."""
    return words(value) if isinstance(value, StrEnum) else value
