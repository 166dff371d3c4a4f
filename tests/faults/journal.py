"""What clients did and heard, written before and after each call, and read when all is over."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from surveys.ballots import Outcome


class Told(StrEnum):
    """What a client knows after a call."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNKNOWN = "unknown"  # no answer, or one that promises nothing


@dataclass(frozen=True)
class Sent:
    """One ballot as a client sends it; comments are texts of unit number and words."""

    id: str
    content: str
    comments: tuple[str, ...] = ()
    token: str | None = None


@dataclass(frozen=True)
class Heard:
    """The answer to one call: an outcome or the name of a refusal, and the receipt if one came."""

    id: str
    told: Told
    word: str = ""
    receipt: str = ""


@dataclass(frozen=True)
class History:
    """All that clients sent and heard, by the ballot's id."""

    sent: Mapping[str, tuple[Sent, ...]]
    heard: Mapping[str, tuple[Heard, ...]]

    def is_acknowledged(self, id_: str) -> bool:
        """Tell whether anybody was told that this ballot is safe."""
        return any(one.told is Told.ACKNOWLEDGED for one in self.heard.get(id_, ()))

    def was_unknown(self, id_: str) -> bool:
        """Tell whether a call ended without an answer, so that anything may have happened."""
        answers = self.heard.get(id_, ())
        return len(self.sent[id_]) > len(answers) or any(
            one.told is Told.UNKNOWN for one in answers
        )

    def was_kept_now(self, id_: str) -> bool:
        """Tell whether a client saw its own call store the ballot."""
        return Outcome.KEPT in self.words(id_)

    def is_open(self, id_: str) -> bool:
        """Tell whether its client has to ask again."""
        return not self.is_acknowledged(id_) and not self.refusals(id_)

    def refusals(self, id_: str) -> set[str]:
        """Return the names of refusals."""
        return {one.word for one in self.heard.get(id_, ()) if one.told is Told.REFUSED}

    def receipts(self, id_: str) -> set[str]:
        """Return the receipts that were shown."""
        return {one.receipt for one in self.heard.get(id_, ()) if one.receipt}

    def words(self, id_: str) -> list[str]:
        """Return what was said, call by call."""
        return [one.word for one in self.heard.get(id_, ())]


class Journal:
    """A file of lines that leave the process before its next step, so that no kill eats them."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def write(self, event: Sent | Heard) -> None:
        """Append one line; threads may do so at once."""
        line = json.dumps({"kind": type(event).__name__, **asdict(event)}, ensure_ascii=False)
        os.write(self._file, f"{line}\n".encode())

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def read_journals(paths: Iterable[Path]) -> History:
    """Return what journals say; a last line that a kill cut off says nothing."""
    sent: dict[str, list[Sent]] = {}
    heard: dict[str, list[Heard]] = {}
    for path in paths:
        for event in _events(path):
            if isinstance(event, Sent):
                sent.setdefault(event.id, []).append(event)
            else:
                heard.setdefault(event.id, []).append(event)
    return History(
        {id_: tuple(events) for id_, events in sent.items()},
        {id_: tuple(events) for id_, events in heard.items()},
    )


def _events(path: Path) -> Iterator[Sent | Heard]:
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        if not line.endswith("\n"):
            continue
        fields = json.loads(line)
        if fields.pop("kind") == "Sent":
            yield Sent(**{**fields, "comments": tuple(fields["comments"])})
        else:
            yield Heard(**{**fields, "told": Told(fields["told"])})
