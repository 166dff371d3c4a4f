"""The figures of a round that is running, as its board asks for them every few seconds."""

import json
from typing import Any

from sqlalchemy.orm import Session

from surveys.cache import SharedPages
from surveys.participation import BallotCount, participation
from surveys.surge import Streams

# So long several processes and several people who watch share one look at the table.
SHARED_SECONDS = 2


def live_counts(
    session: Session, shared: SharedPages, streams: Streams | None, round_id: int
) -> dict[str, Any]:
    """Return the figures of a round by the places on its pages; the table is the truth."""
    key = f"counts {round_id}"
    found = shared.get(key)
    if found is not None:
        known: dict[str, Any] = json.loads(found)
        return known
    counts = _counts(session, round_id)
    counts["waiting"] = streams.waiting(round_id) if streams else 0
    shared.put(key, json.dumps(counts).encode(), SHARED_SECONDS)
    return counts


def _counts(session: Session, round_id: int) -> dict[str, Any]:
    counts = participation(session, round_id)
    return {
        "total": _figures(counts.total),
        "groups": {
            group.code: {**_figures(group.ballots), "share": group.return_share}
            for group in counts.groups
        },
        "links": {str(link_id): _figures(count) for link_id, count in counts.links.items()},
    }


def _figures(count: BallotCount) -> dict[str, int]:
    return {
        "received": count.received,
        "counted": count.counted,
        "flagged": count.flagged,
        "duplicate": count.duplicate,
    }
