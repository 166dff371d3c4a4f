"""A process with the intake and threads that submit, forked ready-made, to be killed often."""

import base64
import hashlib
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import insert, text

from surveys.db import Database, open_database, reading, transaction
from surveys.intake import Intake
from surveys.models import Token
from surveys.questionnaire import Channel, Submission, UnitRating
from surveys.refusals import NotSaved, Refusal
from tests.faults.checker import content_of
from tests.faults.journal import Heard, Journal, Sent, Told
from tests.makers import NOW, Made

ROOT = Path(__file__).parent.parent.parent
NUMBER_SIGNS = 10  # 5 ** 10 different ratings
EVERY_SECRET = 4  # every fourth ballot comes with a token,
RIVALS = 2  # for which two fight
PAUSE_SECONDS = 0.005
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Entrances:
    """What a ballot has to know of its round."""

    round_id: int
    open_link: int
    open_group: int
    token_link: int
    token_group: int


@dataclass(frozen=True)
class Orders:
    """What one writer does: these numbers again, then fresh ones from `first` on, in threads."""

    database_url: str
    journal: str
    entrances: Entrances
    seed: int
    first: int = 0
    count: int = 0
    again: tuple[int, ...] = ()
    threads: int = 8
    gate: str = ""  # begin when this file exists; `….reached` says that everything is ready
    tries: int = 1  # how often a ballot is sent again when the answer is "not saved"


def entrances_of(made: Made) -> Entrances:
    """Return the entrances of a made round: one open link, one batch of tokens."""
    open_link, token_link = made.links["citizens"], made.links["npc"]
    return Entrances(
        made.round.id, open_link.id, open_link.group_id, token_link.id, token_link.group_id
    )


def numbered_ballot(entrances: Entrances, seed: int, number: int) -> Submission:
    """Return the ballot of a number: the same for the same seed, and like no other."""
    rng = random.Random(f"{seed} {number}")
    places = [number // 5**place % 5 for place in range(NUMBER_SIGNS)]
    signs = "".join("ABCDE"[place] for place in places)
    ratings = (
        UnitRating(1, signs[:5]),
        UnitRating(2, signs[5:]),
        UnitRating(rng.randrange(3, 7), "".join(rng.choices("ABCDN", k=5))),
    )
    is_secret = number % EVERY_SECRET == 0
    return Submission(
        round_id=entrances.round_id,
        group_id=entrances.token_group if is_secret else entrances.open_group,
        link_id=entrances.token_link if is_secret else entrances.open_link,
        channel=Channel.TOKEN if is_secret else Channel.OPEN,
        submission_id=id_of(seed, number),
        unit_digits=2,
        ratings=ratings,
        comments=((1, f"第{number}条意见"),) if number % 3 == 0 else (),
        answers=(("role", "person"), ("visits", number)) if number % 5 == 0 else (),
        device_key=f"device {number // 40}" if number % EVERY_SECRET == 1 else None,
        token_digest=token_of(seed, number) if is_secret else None,
    )


def id_of(seed: int, number: int) -> str:
    """Return the submission id of a number."""
    digest = hashlib.sha256(f"{seed}:{number}".encode()).digest()[:16]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def token_of(seed: int, number: int) -> str:
    """Return the digest of the token that a secret ballot brings; its rival brings the same."""
    name = f"{seed} {number // (EVERY_SECRET * RIVALS)}"
    return hashlib.sha256(name.encode()).hexdigest()


def issue_tokens(database: Database, entrances: Entrances, seed: int, numbers: range) -> None:
    """Store the tokens that the ballots of these numbers bring."""
    digests = {token_of(seed, number) for number in numbers if number % EVERY_SECRET == 0}
    rows = [{"digest": digest, "link_id": entrances.token_link} for digest in sorted(digests)]
    with transaction(database) as session:
        session.execute(insert(Token), rows)


def sent_as(submission: Submission) -> Sent:
    """Return what the journal says of a ballot."""
    ratings = sorted(submission.ratings, key=lambda one: one.unit_number)
    return Sent(
        submission.submission_id,
        content_of(
            submission.group_id,
            submission.channel,
            "".join(f"{one.unit_number:02d}{one.pattern}" for one in ratings),
            dict(submission.answers),
        ),
        tuple(f"{unit} {words}" for unit, words in submission.comments),
        submission.token_digest,
    )


def submit(intake: Intake, journal: Journal, submission: Submission, tries: int = 1) -> None:
    """Hand a ballot over, writing down what is tried before and what was heard after."""
    for _ in range(tries):
        journal.write(sent_as(submission))
        heard = _heard(intake, submission)
        journal.write(heard)
        if heard.told is not Told.UNKNOWN:
            return
        time.sleep(PAUSE_SECONDS)


def write(orders: Orders) -> None:
    """Do what is ordered, to the end if nobody ends it before."""
    database = open_database(orders.database_url)
    with reading(database) as session:
        session.execute(text("SELECT 1"))
    intake = Intake(database, lambda: NOW)
    journal = Journal(Path(orders.journal))
    if orders.gate:
        Path(f"{orders.gate}.reached").touch()
        wait_until(Path(orders.gate).exists)
    numbers = itertools.chain(orders.again, range(orders.first, orders.first + orders.count))
    taking = threading.Lock()

    def work() -> None:
        while True:
            with taking:
                number = next(numbers, None)
            if number is None:
                return
            ballot = numbered_ballot(orders.entrances, orders.seed, number)
            submit(intake, journal, ballot, orders.tries)

    threads = [threading.Thread(target=work) for _ in range(orders.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    intake.close()
    database.dispose()


class Nursery:
    """A process that has imported everything and forks writers on order."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.writer"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._alive: set[int] = set()

    def start(self, orders: Orders) -> int:
        """Fork a writer; return its process number."""
        writer = self._ask({"orders": asdict(orders)})
        self._alive.add(writer)
        return writer

    def kill(self, writer: int) -> int:
        """Kill a writer as a power cut would; return how it ended."""
        os.kill(writer, signal.SIGKILL)
        return self.wait(writer)

    def wait(self, writer: int) -> int:
        """Wait for a writer's end; 0 is a good one, below 0 the signal that killed it."""
        ended = self._ask({"wait": writer})
        self._alive.discard(writer)
        return ended

    def close(self) -> None:
        """End the nursery, and the writers that a failed test left behind."""
        for writer in tuple(self._alive):
            self.kill(writer)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=PATIENCE_SECONDS)
        self._process.stdout.close()

    def _ask(self, order: dict[str, object]) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(order)}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def nursery() -> Iterator[Nursery]:
    """Keep a nursery for the block."""
    opened = Nursery()
    try:
        yield opened
    finally:
        opened.close()


def wait_for_lines(journal: Path, count: int) -> None:
    """Wait until a writer's journal has so many lines."""
    wait_until(journal.exists)
    seen = 0
    with journal.open("rb") as lines:

        def has_come_far_enough() -> bool:
            nonlocal seen
            seen += lines.read().count(b"\n")
            return seen >= count

        wait_until(has_come_far_enough)


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for something that is going to be so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it does not get on"
        time.sleep(0.002)


# --- the parts, in order of use ------------------------------------------------------------------


def _heard(intake: Intake, submission: Submission) -> Heard:
    name = submission.submission_id
    try:
        return Heard(name, Told.ACKNOWLEDGED, intake.keep(submission))
    except NotSaved as refusal:
        return Heard(name, Told.UNKNOWN, type(refusal).__name__)
    except Refusal as refusal:
        return Heard(name, Told.REFUSED, type(refusal).__name__)


def _serve(lines: Iterable[str]) -> None:
    for line in lines:
        order = json.loads(line)
        answer = _forked(order["orders"]) if "orders" in order else _ended(order["wait"])
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def _forked(fields: dict[str, object]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        entrances = Entrances(**fields.pop("entrances"))  # type: ignore[arg-type]
        write(Orders(entrances=entrances, **fields))  # type: ignore[arg-type]
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    _serve(sys.stdin)
