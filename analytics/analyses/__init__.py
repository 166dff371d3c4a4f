"""Every analysis of a study in files: a function each that returns plain values for JSON.

Whatever stands in a document stands beside its code: units, groups, items and ballots are named,
so that nobody has to guess an order. NaN, which nobody knows, is None.
"""

from analytics.analyses.change import IntervalDocument, change_analysis, read_intervals
from analytics.analyses.document_heads import Document
from analytics.analyses.groups import reliability_analysis, severity_analysis
from analytics.analyses.items import drivers_analysis
from analytics.analyses.quality import quality_analysis
from analytics.analyses.ranks import ranks_analysis, sensitivity_analysis
from analytics.analyses.scores import interval_analysis, small_samples_analysis
from analytics.analyses.weights import (
    RakeChoices,
    RakedStudy,
    chosen_margins,
    rake_analysis,
    read_people,
)
from analytics.evidence.parts import OVERALL

__all__ = [
    "OVERALL",
    "Document",
    "IntervalDocument",
    "RakeChoices",
    "RakedStudy",
    "change_analysis",
    "chosen_margins",
    "drivers_analysis",
    "interval_analysis",
    "quality_analysis",
    "rake_analysis",
    "ranks_analysis",
    "read_intervals",
    "read_people",
    "reliability_analysis",
    "sensitivity_analysis",
    "severity_analysis",
    "small_samples_analysis",
]
