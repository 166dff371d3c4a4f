"""A round's way by commands: workbook, life cycle, ballots from files, score, export, verify."""

import csv
import json
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select, text

from analytics.rules import parse_rules, preset
from surveys import web
from surveys.models import Ballot, Evidence, Job, RoundState, UnitScore
from surveys.planning import actions as planning
from surveys.planning.demonstration import demonstration_plan
from surveys.planning.plan import PlannedClass, PlannedGroup, PlannedUnit, RoundPlan
from surveys.planning.workbook import build_round_workbook
from surveys.questionnaire import QuestionnaireText, UnitChoice
from tests.makers import make_round

INSTEVAL = Path("tests/data/stats/insteval_small.csv")
EXPECTED = json.loads(Path("tests/data/stats/insteval_small.json").read_text(encoding="utf-8"))


@pytest.fixture
def run(app):
    """Run a flask command; return what it printed."""

    def invoke(*arguments, code=0):
        result = app.test_cli_runner().invoke(args=[str(one) for one in arguments])
        assert result.exit_code == code, f"{result.output}\n{result.exception!r}"
        return result.output

    return invoke


@pytest.fixture
def round_file(tmp_path):
    path = tmp_path / "round.xlsx"
    path.write_bytes(build_round_workbook(demonstration_plan("2026", "2026年度社会评议")))
    return path


def test_a_round_is_imported_once(run, round_file):
    assert "2026年度社会评议" in run("round", "import", round_file)
    assert "已有代码为 2026 的评议轮次" in run("round", "import", round_file, code=1)
    assert run("round", "list").split()[:2] == ["2026", "draft"]


def test_a_round_that_does_not_exist_is_named(run):
    assert "没有编号为 1999 的评议轮次" in run("round", "open", "1999", code=1)


def test_a_file_that_is_no_workbook_is_refused_in_words(run, tmp_path):
    path = tmp_path / "名单.xlsx"
    path.write_text("code,name", encoding="utf-8")
    assert "名单.xlsx" in run("round", "import", path, code=1)


# --- real ratings of real people ---


@pytest.fixture
def real_rules():
    """Five levels of one item, four groups by their share, no padding: as the reference has it."""
    document = preset("default").document()
    points = {"1": "0", "2": "40", "3": "60", "4": "80", "5": "100"}
    document["options"] = [
        {"code": code, "words": f"{code}分", "points": value} for code, value in points.items()
    ] + [{"code": "N", "words": "不了解", "points": None}]
    document["items"] = [{"code": "rating", "words": "总体评价", "weight": "1"}]
    document["min_items_scored"] = 1
    weights = EXPECTED["spec"]["group_weights"]
    document["groups"] = [
        {
            "code": f"g{code}",
            "words": f"第{code}组",
            "weight": str(100 * Decimal(str(w))),
            "floor": 0,
        }
        for code, w in weights.items()
    ]
    document["class_weights"] = {}
    document["small_samples"] = "none"
    return parse_rules(document)


@pytest.fixture
def real_ratings(tmp_path):
    """The real ratings in the form of a ratings file: one ballot per appraiser and group."""
    path = tmp_path / "ratings.csv"
    with INSTEVAL.open(encoding="utf-8") as source, path.open("w", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["ballot", "group", "unit", "rating"])
        seen = set()
        for row in csv.DictReader(source):
            name = f"{row['appraiser']}-{row['group']}"
            while (name, row["unit"]) in seen:  # some students rated a lecturer twice
                name += "+"
            seen.add((name, row["unit"]))
            writer.writerow([name, f"g{row['group']}", f"L{row['unit']}", row["rating"]])
    return path


@pytest.fixture
def real_round(app, real_rules):
    """A closed round of the fourteen lecturers."""
    units = EXPECTED["expected"]["unit"]
    plan = RoundPlan(
        code="real",
        name="真实评分",
        office="测试",
        classes=(PlannedClass("dept2", "二系"),),
        units=tuple(PlannedUnit(f"L{code}", f"讲师{code}", "dept2") for code in units),
        groups=tuple(PlannedGroup(one.code, one.words, "q") for one in real_rules.groups),
        questionnaires=(QuestionnaireText("q", "课程评价", UnitChoice.CHOSEN),),
        rules=real_rules,
    )
    with app.app_context(), web.transaction() as session:
        made = planning.import_round(session, plan, web.now(), "test")
        made.state = RoundState.CLOSED
    return made


def test_real_ratings_score_as_the_reference_says(run, app, real_round, real_ratings):
    dry = run("ballots", "import", real_ratings, "--round", "real", "--dry-run")
    assert "试运行" in dry
    with app.app_context(), web.reading() as session:
        assert session.scalars(select(Ballot.id)).all() == []
    run("ballots", "import", real_ratings, "--round", "real")
    again = run("ballots", "import", real_ratings, "--round", "real")
    assert "0 条评分" in again, "the same file again stores nothing new"
    assert "0 处不一致" in run("tally", "verify", "real")
    run("score", "real")
    with app.app_context(), web.reading() as session:
        rows = session.scalars(select(UnitScore)).all()
        figures = {row.unit_code: json.loads(row.figures) for row in rows}
    for unit, score in zip(
        EXPECTED["expected"]["unit"], EXPECTED["expected"]["score30"], strict=True
    ):
        assert float(figures[f"L{unit}"]["social"]) == pytest.approx(score, abs=1e-9)


def test_the_same_ratings_as_files_score_the_same(run, tmp_path, real_rules, real_ratings):
    rules, units = tmp_path / "rules.json", tmp_path / "units.csv"
    rules.write_text(real_rules.to_json(), encoding="utf-8")
    lines = [f"L{code},讲师{code},dept2,是" for code in EXPECTED["expected"]["unit"]]
    units.write_text("code,name,class,ranked\n" + "\n".join(lines), encoding="gb18030")
    out = tmp_path / "result.json"
    run(
        *("score-files", "--rules", rules, "--ratings", real_ratings),
        *("--units", units, "--out", out),
    )
    result = json.loads(out.read_text(encoding="utf-8"))
    scores = {unit["code"]: Decimal(unit["social"]) for unit in result["units"]}
    for unit, score in zip(
        EXPECTED["expected"]["unit"], EXPECTED["expected"]["score30"], strict=True
    ):
        assert float(scores[f"L{unit}"]) == pytest.approx(score, abs=1e-9)


# --- ballots from a file: what is refused ---


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        pytest.param("1,citizens,U01,A,A,A,A\n", "ratings.csv", id="a row too short"),
        pytest.param("1,kings,U01,A,A,A,A,A\n", "kings", id="unknown group"),
        pytest.param("1,citizens,U99,A,A,A,A,A\n", "U99", id="unknown unit"),
        pytest.param("1,citizens,U01,A,A,Z,A,A\n", "Z", id="unknown option"),
        pytest.param("1,citizens,U01,A,A,A,A,A\n" * 2, "ratings.csv", id="a unit twice"),
        pytest.param(
            "1,citizens,U01,A,A,A,A,A\n1,npc,U02,A,A,A,A,A\n", "1", id="a ballot of two groups"
        ),
        pytest.param("1,leaders,U01,A,A,A,A,A\n", "leaders", id="a group that the round has not"),
    ],
)
def test_a_bad_ratings_file_changes_nothing(run, app, tmp_path, lines, said):
    with app.app_context(), web.transaction() as session:
        items = [item.code for item in make_round(session).rules.items]
    path = tmp_path / "ratings.csv"
    path.write_text("ballot,group,unit," + ",".join(items) + "\n" + lines, encoding="utf-8")
    assert said in run("ballots", "import", path, "--round", "2026", code=1)
    with app.app_context(), web.reading() as session:
        assert session.scalars(select(Ballot.id)).all() == []


def test_a_ballot_entered_before_with_other_ratings_refuses_the_whole_file(run, app, tmp_path):
    with app.app_context(), web.transaction() as session:
        items = ",".join(item.code for item in make_round(session).rules.items)
    path = tmp_path / "ratings.csv"
    path.write_text(f"ballot,group,unit,{items}\n7,npc,U01,A,A,A,A,A\n", encoding="utf-8")
    run("ballots", "import", path, "--round", "2026")
    path.write_text(
        f"ballot,group,unit,{items}\n8,npc,U01,A,A,A,A,A\n7,npc,U01,E,E,E,E,E\n", encoding="utf-8"
    )
    said = run("ballots", "import", path, "--round", "2026", code=1)
    assert "7" in said
    with app.app_context(), web.reading() as session:
        assert session.scalars(select(Ballot.ratings)).all() == ["01AAAAA"]


def test_ballots_cannot_be_entered_into_a_scored_round(run, app, tmp_path):
    with app.app_context(), web.transaction() as session:
        items = ",".join(i.code for i in make_round(session, state=RoundState.SCORED).rules.items)
    path = tmp_path / "ratings.csv"
    path.write_text(f"ballot,group,unit,{items}\n7,npc,U01,A,A,A,A,A\n", encoding="utf-8")
    assert "已计分" in run("ballots", "import", path, "--round", "2026", code=1)


# --- verify and export ---


def test_verify_finds_a_tally_that_was_tampered_with(run, app, tmp_path):
    with app.app_context(), web.transaction() as session:
        made = make_round(session, state=RoundState.CLOSED)
        items = ",".join(item.code for item in made.rules.items)
    path = tmp_path / "ratings.csv"
    path.write_text(f"ballot,group,unit,{items}\n7,npc,U01,A,A,A,A,A\n", encoding="utf-8")
    run("ballots", "import", path, "--round", "2026")
    assert "0 处不一致" in run("tally", "verify")
    with app.app_context(), web.transaction() as session:
        session.execute(text("UPDATE tally SET count = count + 1"))
    assert "1 处不一致" in run("tally", "verify", code=1)
    assert "不一致" in run("score", "2026", code=1), "and nothing is scored from it"


def test_a_scored_round_is_exported_as_workbook_and_as_text(run, app, tmp_path):
    with app.app_context(), web.transaction() as session:
        made = make_round(session, state=RoundState.CLOSED)
        items = ",".join(item.code for item in made.rules.items)
    path = tmp_path / "ratings.csv"
    path.write_text(f"ballot,group,unit,{items}\n7,npc,U01,A,A,A,A,A\n", encoding="utf-8")
    run("ballots", "import", path, "--round", "2026")
    run("score", "2026")
    workbook, table = tmp_path / "official.xlsx", tmp_path / "official.csv"
    run("export", "2026", "--out", workbook)
    run("export", "2026", "--format", "csv", "--out", table)
    assert len(openpyxl.load_workbook(workbook).worksheets) >= 5
    assert "市第1局" in table.read_text(encoding="utf-8-sig")
    assert "没有第 9 次计分" in run("export", "2026", "--run", "9", "--out", workbook, code=1)


def test_the_evidence_of_a_run_is_worked_out_once_and_written_down(run, app, tmp_path):
    with app.app_context(), web.transaction() as session:
        made = make_round(session, state=RoundState.CLOSED)
        items = ",".join(item.code for item in made.rules.items)
    path, out = tmp_path / "ratings.csv", tmp_path / "evidence.json"
    rated = ["U01,A,A,B,A,B", "U02,C,A,B,A,B"]
    rows = [f"{number},npc,{ratings}" for number in range(4) for ratings in rated]
    path.write_text("\n".join([f"ballot,group,unit,{items}", *rows]), encoding="utf-8")
    run("ballots", "import", path, "--round", "2026")
    run("score", "2026")
    run("score", "2026")
    assert "第 2 次计分的可靠性分析" in run("evidence", "2026", "--out", out)
    first = out.read_text(encoding="utf-8")
    units = {unit["code"]: unit for unit in json.loads(first)["units"]}
    assert units["U01"]["direct"]["score"] > units["U02"]["direct"]["score"]
    run("evidence", "2026", "--out", out)
    assert out.read_text(encoding="utf-8") == first, "what is kept is not worked out again"
    run("evidence", "2026", "--run", "1", "--out", out)
    with app.app_context(), web.reading() as session:
        assert len(session.scalars(select(Evidence.run_id)).all()) == 2
        assert (
            session.scalars(select(Job.state).where(Job.kind == "evidence")).all() == ["done"] * 2
        )
    assert "没有第 9 次计分" in run("evidence", "2026", "--run", "9", code=1)


def test_nothing_can_be_scored_without_a_ballot(run, app):
    with app.app_context(), web.transaction() as session:
        make_round(session, state=RoundState.CLOSED)
    assert "还没有一份计入的评议票" in run("score", "2026", code=1)


# --- rules and accounts ---


def test_a_shown_rule_set_is_one_that_scores(run, tmp_path):
    assert "default" in run("rules", "list")
    path = tmp_path / "rules.json"
    path.write_text(run("rules", "show"), encoding="utf-8")
    assert run("rules", "check", path).strip() == preset("default").sha256
    document = json.loads(path.read_text(encoding="utf-8"))
    document["groups"][0]["weight"] = "41"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert "groups" in run("rules", "check", path, code=1)


def test_an_account_is_added_by_a_link_that_works_once(run, client):
    link = run("account", "add", "王主任").strip()
    path = link.removeprefix("http://localhost")
    assert client.get(path).status_code == 200
