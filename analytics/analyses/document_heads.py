"""The form of every document of an analysis: what it is of, what it may claim, what was found."""

from collections.abc import Mapping
from typing import Any

from analytics.analyses.studies import Study
from analytics.plain_values import plain_value

Document = dict[str, Any]


def study_document(
    analysis: str, study: Study, claims: Mapping[str, str], found: Mapping[str, Any]
) -> Document:
    """Return what an analysis found as plain JSON values, below rules, tally and claims.

    Claims are sentences by what they limit; whoever prints them may translate them first.
    """
    document: Document = plain_value(
        {
            "analysis": analysis,
            "rules": {
                "name": study.rules.name,
                "version": study.rules.version,
                "sha256": study.rules.sha256,
            },
            "tally_sha256": study.result.tally_sha256,
            "full_marks": float(study.rules.full_marks),
            "conversion": study.rules.conversion.method,
            "ballots": len(study.rows.ballots),
            "ratings": study.rows.unit.size,
            "claims": claims,
            **found,
        }
    )
    return document
