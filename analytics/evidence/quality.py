"""What is said of ballots that look wrong."""

from analytics.evidence.parts import EvidenceParts
from analytics.evidence.result import (
    CrowdEvidence,
    DoubtedBallot,
    QualityEvidence,
    ReasonEvidence,
)
from analytics.plain_figures import known
from analytics.quality.reasons import Crowd, Evidence
from analytics.shapes import NOWHERE, BallotRows

MOST_LISTED = 5000  # doubted ballots that are named one by one
MOST_CROWDS = 20  # of one reason


def quality_evidence(parts: EvidenceParts) -> QualityEvidence:
    """Return what every reason found, and the ballots that two sources speak against."""
    found, rows = parts.quality, parts.inputs.rows
    reasons_of: dict[int, list[str]] = {ballot: [] for ballot in found.flagged.tolist()}
    for one in found.evidence:
        for ballot in one.ballots.tolist():
            if ballot in reasons_of:
                reasons_of[ballot].append(one.reason.value)
    listed = [
        DoubtedBallot(rows.ballots[ballot], rows.groups[rows.group[ballot]], tuple(reasons))
        for ballot, reasons in reasons_of.items()
    ]
    listed.sort(key=lambda one: (one.group, one.ballot))  # by name: no order of arrival
    return QualityEvidence(
        ballots=len(rows.ballots),
        reasons=tuple(_reason(one, rows) for one in found.evidence),
        suspect=int(found.suspect.size),
        flagged=int(found.flagged.size),
        expected_flagged=found.expected_flagged,
        flagged_by_group=tuple(found.flagged_by_group.tolist()),
        listed=tuple(listed[:MOST_LISTED]),
    )


def _reason(found: Evidence, rows: BallotRows) -> ReasonEvidence:
    return ReasonEvidence(
        reason=found.reason.value,
        family=found.reason.family.value,
        examined=found.examined,
        found=int(found.ballots.size),
        expected=float(found.expected),
        obstacle=None if found.obstacle is None else found.obstacle.value,
        crowds=tuple(_crowd(one, rows) for one in found.crowds[:MOST_CROWDS]),
    )


def _crowd(found: Crowd, rows: BallotRows) -> CrowdEvidence:
    return CrowdEvidence(
        count=found.count,
        expected=float(found.expected),
        unit=None if found.unit == NOWHERE else rows.units[found.unit],
        group=None if found.group == NOWHERE else rows.groups[found.group],
        place=None if found.place == NOWHERE else rows.places[found.place],
        begin=known(found.begin),
        end=known(found.end),
    )
