"""Studies for tests: real ratings in the form of our files, and made ones."""

import csv
import json
from pathlib import Path

from analytics.analyses.studies import Study, StudyFiles, read_study
from analytics.rules import RuleSet, parse_rules
from tests.analytics.rule_documents import document

STATS = Path(__file__).parents[1] / "data" / "stats"
INSTEVAL = json.loads((STATS / "insteval_small.json").read_text())["expected"]
FOUR_GROUPS = {"2": 15, "4": 20, "6": 25, "8": 40}
HEADER = "ballot,group,unit,duties,law,service,efficiency,overall"


def five_levels(points: list[int], groups: dict[str, int], **changes: object) -> RuleSet:
    """Return rules of one item with levels 1 to 5, and no padding."""
    return parse_rules(
        document(
            options=[
                {"code": str(n), "words": str(n), "points": worth}
                for n, worth in enumerate(points, start=1)
            ],
            items=[{"code": "rating", "words": "评分", "weight": 1}],
            groups=[
                {"code": code, "words": code, "weight": weight, "floor": 1}
                for code, weight in groups.items()
            ],
            **{"small_samples": "none", **changes},
        )
    )


def insteval_files(folder: Path, *, one_group: bool = False) -> StudyFiles:
    """Write the 464 real ratings, by the groups of their appraisers or as one group."""
    with (STATS / "insteval_small.csv").open(newline="", encoding="utf-8") as source:
        rows = list(csv.DictReader(source))
    lines = [
        f"{row['appraiser']},{'all' if one_group else row['group']},{row['unit']},{row['rating']}"
        for row in rows
    ]
    units = [f"{unit},Lecturer {unit},dept2,1" for unit in INSTEVAL["unit"]]
    return files_in(
        folder, ratings=["ballot,group,unit,rating", *lines], units=[units_header(), *units]
    )


def units_header() -> str:
    return "code,name,class,ranked"


def files_in(folder: Path, **tables: list[str]) -> StudyFiles:
    """Write tables of lines as files of these names."""
    for name, lines in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return StudyFiles(**{name: folder / f"{name}.csv" for name in tables})


def study_of(rules: RuleSet, folder: Path, **tables: list[str]) -> Study:
    return read_study(rules, files_in(folder, **tables))
