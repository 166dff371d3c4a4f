import gzip
import json
from decimal import Decimal

import pytest

from analytics.faults import Fault, FileFault
from analytics.files import read_ratings, read_rules, read_work, score_files
from analytics.rules import preset
from tests.analytics.rule_documents import document, rules

DEFAULT = preset("default")
HEADER = "ballot,group,unit,duties,law,service,efficiency,overall"
RATINGS = f"""{HEADER}
1,citizens,U1,A,B,B,N,C
1,citizens,U2,B,N,N,N,A
2,citizens,U1,A,A,A,A,
3,npc,U1,C,C,C,C,C
"""
UNITS = "code,name,class,ranked\nU1,一局,c,1\nU2,二局,c,是\nU3,三局,d,no\n"
WORK = """unit,indicator,full_marks,score,applies
U1,F-1,35,33.2,1
U1,L-1,10,,0
U2,F-1,35,30,yes
"""
INVITED = "group,unit,invited\ncitizens,,10\ncitizens,U2,4\nnpc,,2\n"


@pytest.fixture
def folder(tmp_path):
    """Return a folder with a small round; tests overwrite what they look at."""
    (tmp_path / "rules.json").write_text(DEFAULT.to_json(), "utf-8")
    (tmp_path / "ratings.csv").write_text(RATINGS, "utf-8")
    (tmp_path / "units.csv").write_text(UNITS, "utf-8")
    (tmp_path / "work.csv").write_text(WORK, "utf-8")
    (tmp_path / "invited.csv").write_text(INVITED, "utf-8")
    return tmp_path


def scored(folder, **more):
    return score_files(folder / "rules.json", folder / "ratings.csv", folder / "units.csv", **more)


def test_the_result_has_every_member_that_is_promised(folder):
    result = scored(folder, work=folder / "work.csv", invited=folder / "invited.csv")
    assert result["rules"] == {
        "name": DEFAULT.name,
        "version": 1,
        "sha256": DEFAULT.sha256,
    }
    assert len(result["tally_sha256"]) == 64
    unit = result["units"][0]
    assert (unit["code"], unit["name"], unit["class"]) == ("U1", "一局", "c")
    assert set(unit) >= {
        "groups", "composite_unpadded", "composite", "direct", "social", "work", "adjustment",
        "total", "rank", "grade", "flags", "rounded",
    }  # fmt: skip
    citizens = unit["groups"]["citizens"]
    assert set(citizens) >= {"returned", "valid", "mean", "padded", "standardised", "flags"}
    assert (citizens["returned"], citizens["valid"]) == (2, 2)
    assert Decimal(citizens["mean"]) == 90
    assert (citizens["invited"], Decimal(citizens["return_share"])) == (10, Decimal("0.2"))
    assert unit["groups"]["npc"]["return_share"].startswith("0.5")
    # Small groups are not padded: R = (40 × 90 + 15 × 60) / 55.
    assert unit["composite"] == "81.81818181818181818181818182"
    assert unit["rounded"] == {
        "direct": "24.55",
        "social": "24.55",
        "work": "66.40",
        "total": "90.95",
    }
    assert (unit["rank"], unit["grade"], unit["grade_code"]) == (1, "优秀", "excellent")
    json.dumps(result)


def test_a_unit_without_valid_ballots_has_nulls_and_a_flag(folder):
    for unit in scored(folder)["units"][1:]:
        figures = ("composite", "direct", "social", "total", "rank", "grade", "interval")
        assert [unit[name] for name in figures] == [None] * len(figures)
        assert "no_valid_ballots" in unit["flags"]
    assert scored(folder)["units"][1]["groups"]["citizens"]["returned"] == 1


def test_without_work_scores_the_rank_goes_by_the_social_score(folder):
    unit = scored(folder)["units"][0]
    assert (unit["work"], unit["total"], unit["rank"], unit["grade"]) == (None, None, 1, None)


@pytest.mark.parametrize(
    "encode",
    [
        pytest.param(lambda text: text.encode("utf-8-sig"), id="UTF-8 with a mark"),
        pytest.param(lambda text: text.encode("gb18030"), id="GB18030"),
        pytest.param(lambda text: gzip.compress(text.encode()), id="gzip"),
        pytest.param(lambda text: text.replace("\n", "\r\n").encode(), id="Windows lines"),
        pytest.param(lambda text: text.replace("\n", "\n\n,,,\n").encode(), id="empty rows"),
        pytest.param(lambda text: text.replace(",", " , ").encode(), id="spaces around cells"),
    ],
)
def test_files_come_as_people_have_them(folder, encode):
    plain = scored(folder)
    (folder / "units.csv").write_bytes(encode(UNITS))
    (folder / "ratings.csv").write_bytes(encode(RATINGS))
    assert scored(folder) == plain


def test_columns_may_stand_in_any_order_and_others_are_left_alone(folder):
    plain = scored(folder)
    turned = "\n".join(",".join(["x", *reversed(line.split(","))]) for line in RATINGS.splitlines())
    (folder / "ratings.csv").write_text(turned.replace("x,", "remark,", 1))
    assert scored(folder) == plain


def test_ballots_of_two_groups_may_have_the_same_name(folder):
    (folder / "ratings.csv").write_text(f"{HEADER}\n1,npc,U1,A,A,A,A,A\n1,cppcc,U1,B,B,B,B,B\n")
    groups = scored(folder)["units"][0]["groups"]
    assert (groups["npc"]["valid"], groups["cppcc"]["valid"]) == (1, 1)


def test_progress_counts_the_rows(folder):
    rows = [f"{n},citizens,U1,A,A,A,A,A" for n in range(2500)]
    (folder / "ratings.csv").write_text("\n".join([HEADER, *rows]))
    done = []
    scored(folder, on_row=done.append)
    assert done == [1000, 2000, 2500]


def test_ratings_are_read_one_by_one_with_patterns_and_rows(folder):
    rows = list(read_ratings(folder / "ratings.csv", DEFAULT, ["U1", "U2"]))
    assert [(r.ballot, r.group, r.unit, r.pattern, r.row) for r in rows] == [
        ("1", "citizens", "U1", "ABBNC", 2),
        ("1", "citizens", "U2", "BNNNA", 3),
        ("2", "citizens", "U1", "AAAA-", 4),
        ("3", "npc", "U1", "CCCCC", 5),
    ]


def test_a_return_below_the_rule_or_above_the_invited_is_flagged(folder):
    groups = DEFAULT.document()["groups"]
    groups[0]["min_return_share"] = "0.3"
    made = rules(items=DEFAULT.document()["items"], groups=groups, min_items_scored=3)
    (folder / "rules.json").write_text(made.to_json())
    (folder / "invited.csv").write_text("group,unit,invited\ncitizens,,10\nnpc,,0\n")
    views = scored(folder, invited=folder / "invited.csv")["units"][0]["groups"]
    assert "low_return" in views["citizens"]["flags"]
    assert "more_than_invited" in views["npc"]["flags"]


def test_work_scores_need_an_aspect_where_the_rules_name_aspects(folder):
    chosen = rules(work_aspects=["FUNC"])
    with pytest.raises(FileFault) as caught:
        read_work(folder / "work.csv", ["U1", "U2"], chosen)
    assert caught.value.place == "work.csv row 1 column aspect"


def row(text):
    return f"{HEADER}\n{text}\n"


FAULTY = [
    ("ratings.csv", "", None, None, "the file is empty"),
    ("ratings.csv", HEADER, None, None, "no rows below its header"),
    ("ratings.csv", "ballot,group,unit,duties\n", 1, "law", "the column is missing"),
    ("ratings.csv", f"{HEADER},unit\n", 1, "unit", "stands here twice"),
    ("ratings.csv", row("1,nobody,U1,A,A,A,A,A"), 2, "group", "“nobody” is not known"),
    ("ratings.csv", row("1,citizens,U9,A,A,A,A,A"), 2, "unit", "“U9” is not known"),
    ("ratings.csv", row("1,,U1,A,A,A,A,A"), 2, "group", "the cell is empty"),
    ("ratings.csv", row(",citizens,U1,A,A,A,A,A"), 2, "ballot", "the cell is empty"),
    ("ratings.csv", row("1,citizens,,A,A,A,A,A"), 2, "unit", "the cell is empty"),
    ("ratings.csv", row("1,citizens,U1,A,Z,A,A,A"), 2, "law", "“Z” is not known"),
    ("ratings.csv", row("1,citizens,U1,A,a,A,A,A"), 2, "law", "“a” is not known"),
    ("ratings.csv", row("1,citizens,U1,A,AA,A,A,A"), 2, "law", "there are A B C D E N"),
    ("ratings.csv", row("1,citizens,U1,A,-,A,A,A"), 2, "law", "“-” is not known"),
    ("ratings.csv", row("1,citizens,U1,A,A\x00,A,A,A"), 2, "law", "is not known"),
    ("ratings.csv", row("1,citizens,U1,A,A"), 2, None, "5 cells, the header 8"),
    ("ratings.csv", row("1,citizens,U1,A,A,A,A,A,A"), 2, None, "9 cells, the header 8"),
    ("ratings.csv", row(f"{'1' * 101},citizens,U1,A,A,A,A,A"), 2, "ballot", "at most 100"),
    ("ratings.csv", row('1,citizens,"U1,A,A,A,A,A'), 2, None, "the row is not CSV"),
    ("ratings.csv", row('1,citizens,"U1"x,A,A,A,A,A'), 2, None, "the row is not CSV"),
    (
        "ratings.csv",
        row("1,citizens,U1,A,A,A,A,A\n\n1,citizens,U1,B,B,B,B,B"),
        4,
        "unit",
        "ballot “1” rates this unit already in row 2",
    ),
    ("ratings.csv", b"\xff\xfe1\x00", 1, None, "neither UTF-8 nor GB18030"),
    ("ratings.csv", HEADER.encode() + b"\n1,\xff\xff", 2, None, "neither UTF-8 nor GB18030"),
    ("ratings.csv", b"PK\x03\x04....", None, None, "this is a workbook"),
    ("ratings.csv", gzip.compress(RATINGS.encode())[:-9], None, None, "gzip file is damaged"),
    ("ratings.csv", b"\x1f\x8b no gzip", None, None, "gzip file is damaged"),
    ("units.csv", "code,name,class\nU1,a,c\n", 1, "ranked", "the column is missing"),
    ("units.csv", UNITS + "U1,again,c,1\n", 5, "code", "earlier row"),
    ("units.csv", UNITS + "U4,,c,1\n", 5, "name", "the cell is empty"),
    ("units.csv", UNITS + "U4,d,,1\n", 5, "class", "the cell is empty"),
    ("units.csv", UNITS + "U4,d,c,perhaps\n", 5, "ranked", "neither yes nor no"),
    ("units.csv", UNITS + "U4,d,c,\n", 5, "ranked", "neither yes nor no"),
    ("work.csv", WORK + "U9,F-1,35,30,1\n", 5, "unit", "“U9” is not known"),
    ("work.csv", WORK + "U1,F-1,35,30,1\n", 5, "indicator", "earlier row"),
    ("work.csv", WORK + "U3,F-1,35,35.01,1\n", 5, "score", "more than the full marks of 35"),
    ("work.csv", WORK + "U3,F-1,35,many,1\n", 5, "score", "“many” is not a number"),
    ("work.csv", WORK + "U3,F-1,35,-1,1\n", 5, "score", "“-1” is not a number"),
    ("work.csv", WORK + "U3,F-1,35,=1+1,1\n", 5, "score", "“=1+1” is not a number"),
    ("work.csv", WORK + "U3,F-1,35,,1\n", 5, "score", "“” is not a number"),
    ("work.csv", WORK + "U3,F-1,0,0,1\n", 5, "full_marks", "above 0"),
    ("work.csv", WORK + "U3,F-1,,1,1\n", 5, "full_marks", "“” is not a number"),
    ("work.csv", WORK + "U3,,35,1,1\n", 5, "indicator", "the cell is empty"),
    ("work.csv", WORK + "U3,F-1,35,1,maybe\n", 5, "applies", "neither yes nor no"),
    ("invited.csv", INVITED + "nobody,,1\n", 5, "group", "“nobody” is not known"),
    ("invited.csv", INVITED + "npc,U9,1\n", 5, "unit", "“U9” is not known"),
    ("invited.csv", INVITED + "npc,,3\n", 5, "unit", "earlier row"),
    ("invited.csv", INVITED + "npc,U1,1.5\n", 5, "invited", "not a number of people"),
]


@pytest.mark.parametrize(("name", "content", "at_row", "column", "message"), FAULTY)
def test_faulty_files_are_refused_with_file_row_and_column(
    folder, name, content, at_row, column, message
):
    written = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(written)
    with pytest.raises(Fault) as caught:
        scored(folder, work=folder / "work.csv", invited=folder / "invited.csv")
    fault = caught.value.faults[0]
    assert isinstance(fault, FileFault)
    assert (fault.file, fault.row, fault.column) == (name, at_row, column)
    assert message in str(fault)


def test_a_missing_file_is_refused_by_name(folder):
    (folder / "units.csv").unlink()
    with pytest.raises(FileFault, match=r"units\.csv: the file cannot be read"):
        scored(folder)


def test_a_faulty_rule_file_is_refused_by_path(folder):
    broken = document(small_samples="guess")
    (folder / "rules.json").write_text(json.dumps(broken))
    with pytest.raises(Fault, match="small_samples: one of these is expected"):
        read_rules(folder / "rules.json")


def test_all_faults_of_a_file_come_together_up_to_fifty(folder):
    wrong = [f"{n},citizens,U1,A,Z,A,A,A" for n in range(60)]
    (folder / "ratings.csv").write_text("\n".join([HEADER, "x", *wrong[:3]]))
    with pytest.raises(Fault) as caught:
        scored(folder)
    assert [fault.row for fault in caught.value.faults] == [2, 3, 4, 5]
    assert "4 faults were found" in str(caught.value)
    (folder / "ratings.csv").write_text("\n".join([HEADER, *wrong]))
    with pytest.raises(Fault) as caught:
        scored(folder)
    assert len(caught.value.faults) == 50
