"""The life cycle of a round: which step follows which, and what stands in its way."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from analytics.faults import N_
from surveys.models import Round, RoundState
from surveys.planning.queries import Readiness


class Step(StrEnum):
    """A step that a person takes with a whole round."""

    REHEARSE = "rehearse"
    OPEN = "open"
    CLOSE = "close"
    PUBLISH = "publish"


@dataclass(frozen=True)
class Words:
    """How a step is spoken of: its button, and what it will do, line by line."""

    button: str
    title: str
    effects: tuple[str, ...]
    done: str


FROM: Mapping[Step, frozenset[RoundState]] = {
    Step.REHEARSE: frozenset({RoundState.DRAFT}),
    Step.OPEN: frozenset({RoundState.DRAFT, RoundState.REHEARSAL}),
    Step.CLOSE: frozenset({RoundState.OPEN}),
    Step.PUBLISH: frozenset({RoundState.SCORED}),
}
TO: Mapping[Step, RoundState] = {
    Step.REHEARSE: RoundState.REHEARSAL,
    Step.OPEN: RoundState.OPEN,
    Step.CLOSE: RoundState.CLOSED,
    Step.PUBLISH: RoundState.PUBLISHED,
}
WORDS: Mapping[Step, Words] = {
    Step.REHEARSE: Words(
        N_("Begin the rehearsal"),
        N_("Begin the rehearsal of this round?"),
        (
            N_("The links work, so that phones, codes and posters can be tried."),
            N_("Ballots of the rehearsal are deleted when the round opens."),
        ),
        N_("The rehearsal has begun."),
    ),
    Step.OPEN: Words(
        N_("Open the appraisal"),
        N_("Open this round?"),
        (
            N_("Ballots of a rehearsal are deleted, and its one-time codes become fresh again."),
            N_("Units, groups, questionnaires and the rule set are frozen; this cannot be undone."),
            N_("The notice that people read about their information is frozen with them."),
            N_("From now on ballots that come through the links count."),
        ),
        N_("The round is open and frozen."),
    ),
    Step.CLOSE: Words(
        N_("Close the appraisal"),
        N_("Close this round?"),
        (
            N_("No ballot is taken any more; pages that are still open say so."),
            N_("A closed round cannot be opened again."),
        ),
        N_("The round is closed."),
    ),
    Step.PUBLISH: Words(
        N_("Publish the results"),
        N_("Publish the results of this round?"),
        (
            N_("The newest scoring run becomes the final one."),
            N_("Work scores and scoring runs can no longer be added; this cannot be undone."),
        ),
        N_("The results are published."),
    ),
}


@dataclass(frozen=True)
class NextThing:
    """The one next thing to do with a round: a step of its life, or a place to go to."""

    words: str
    step: Step | None = None
    place: str = ""


LINKS = NextThing(N_("Make the links"), place="links")
SEND_OUT = NextThing(N_("Send the links out"), place="links")
WORK = NextThing(N_("Import the work scores"), place="work")
SCORE = NextThing(N_("Run the scoring"), place="results")
LOOK = NextThing(N_("See the results"), place="results")

NO_LINK = N_("There is no link yet through which anybody could answer.")
TIME_IS_OVER = N_("The closing time of the round has already passed.")


def obstacles(step: Step, made: Round, ready: Readiness, now: datetime) -> tuple[str, ...]:
    """Return in words what stands in the way of a step that the state allows."""
    found = []
    if step in {Step.REHEARSE, Step.OPEN} and not ready.active_links:
        found.append(NO_LINK)
    if step is Step.OPEN and made.closes_at is not None and made.closes_at <= now:
        found.append(TIME_IS_OVER)
    return tuple(found)


def next_thing(made: Round, ready: Readiness, now: datetime) -> NextThing:
    """Return the one next thing to do with a round."""
    if made.state in {RoundState.DRAFT, RoundState.REHEARSAL}:
        if not ready.active_links:
            return LINKS
        return _step(Step.REHEARSE if made.state is RoundState.DRAFT else Step.OPEN)
    if made.state is RoundState.OPEN:
        is_over = made.closes_at is not None and made.closes_at <= now
        return _step(Step.CLOSE) if is_over else SEND_OUT
    if made.state is RoundState.CLOSED:
        return SCORE if ready.has_work else WORK
    return _step(Step.PUBLISH) if made.state is RoundState.SCORED else LOOK


def other_steps(made: Round, following: NextThing) -> tuple[Step, ...]:
    """Return the steps that can be taken instead of the next thing."""
    if following is LINKS:
        return ()
    return tuple(step for step in Step if made.state in FROM[step] and step is not following.step)


def _step(step: Step) -> NextThing:
    return NextThing(WORDS[step].button, step)
