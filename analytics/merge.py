"""70 + 30 ± adjustments, ranks with ties, grades and vetoes."""

from analytics.merge_result import (
    Adjustment,
    GradeReason,
    MergeFlag,
    Rounded,
    UnitResult,
    WorkEntry,
)

__all__ = [
    "Adjustment",
    "GradeReason",
    "MergeFlag",
    "Rounded",
    "UnitResult",
    "WorkEntry",
]
