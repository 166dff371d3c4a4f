"""Statistics over files by command: what is written where, and how a fault is said."""

import csv
import json

import pytest

from analytics.rules import preset

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

UNITS = ("U1", "U2", "U3")
ITEMS = ("duties", "law", "service", "efficiency", "overall")


@pytest.fixture
def folder(tmp_path):
    """A small study: 60 citizens who rate two units each, 6 deputies who rate all."""
    lines = [f"ballot,group,unit,{','.join(ITEMS)}"]
    for n in range(60):
        for unit in (UNITS[n % 3], UNITS[(n + 1) % 3]):
            answers = ",".join("ABCD"[(n * 7 + place * n + len(lines)) % 4] for place in range(5))
            lines.append(f"c{n},citizens,{unit},{answers}")
    lines += [f"d{n},npc,{unit},A,B,{'AB'[n % 2]},B,A" for n in range(6) for unit in UNITS]
    tables = {
        "ratings": lines,
        "units": ["code,name,class,ranked", *(f"{code},{code}局,a,1" for code in UNITS)],
        "invited": ["group,unit,invited", "npc,,10"],
        "ballots": [
            "ballot,group,seconds,at,place,channel",
            *(f"c{n},citizens,30,2026-11-{1 + n % 9:02d},镇{n % 2},open" for n in range(60)),
        ],
        "places": ["place,people", "镇0,900", "镇1,800"],
        "comments": ["unit,comment,ballot,group", "U1,很好,c1,citizens"],
        "people": ["ballot,group,age", *(f"c{n},citizens,{'yo'[n % 2]}" for n in range(60))],
        "population": ["variable,level,population", "age,y,300", "age,o,100"],
    }
    for name, rows in tables.items():
        (tmp_path / f"{name}.csv").write_text("\n".join(rows), encoding="utf-8")
    return tmp_path


@pytest.fixture
def analyse(app, folder):
    """Run `flask analyse` over the study; return what came of it."""

    def invoke(name, *more, code=0, study=True):
        files = [f"--{one}={folder / f'{one}.csv'}" for one in ("ratings", "units")]
        arguments = ["analyse", name, *(files if study else []), *(str(one) for one in more)]
        result = app.test_cli_runner().invoke(args=arguments)
        assert result.exit_code == code, f"{result.output}\n{result.exception!r}"
        return result

    return invoke


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("interval", ["invited"]),
        ("ranks", []),
        ("severity", []),
        ("reliability", []),
        ("drivers", []),
        ("sensitivity", ["invited"]),
        ("small-samples", []),
        ("quality", ["ballots", "comments", "places"]),
    ],
)
def test_every_analysis_writes_json_to_standard_output(analyse, folder, name, options):
    result = analyse(name, *(f"--{one}={folder / f'{one}.csv'}" for one in options))
    document = json.loads(result.stdout)
    assert document["analysis"] == name
    assert document["rules"]["sha256"] == preset("default").sha256, "the shipped rules"
    assert (document["ballots"], document["ratings"]) == (66, 138)
    assert "ratings.csv: 138" in result.stderr
    assert all(claim for claim in document["claims"].values())


def test_a_document_goes_where_it_is_sent(analyse, folder, tmp_path):
    out = tmp_path / "成绩.json"
    result = analyse("interval", "--out", out)
    assert result.stdout == ""
    assert "成绩.json" in result.stderr
    assert json.loads(out.read_text(encoding="utf-8"))["units"][0]["unit"] == "U1"


def test_rules_of_one_s_own_are_used(analyse, folder):
    changed = preset("default").document() | {"name": "自己的规则", "small_samples": "none"}
    (folder / "rules.json").write_text(json.dumps(changed), encoding="utf-8")
    found = json.loads(analyse("interval", "--rules", folder / "rules.json").stdout)
    assert found["rules"]["name"] == "自己的规则"


def test_the_seed_is_the_tally_s_own_or_the_one_that_is_given(analyse):
    once, again = (json.loads(analyse("ranks").stdout) for _ in range(2))
    assert once == again
    other = json.loads(analyse("ranks", "--seed", 5, "--top", 2).stdout)
    assert (other["seed"], other["classes"][0]["places"]) == (5, 2)
    assert once["seed"] not in (None, 5)


def test_weights_are_written_as_a_table_too(analyse, folder, tmp_path):
    out = tmp_path / "weights.csv"
    people = [f"--attributes={folder / 'people.csv'}", f"--population={folder / 'population.csv'}"]
    cuts = ["--bounds", "0.2", "4", "--trim", "0.2", "5"]
    result = analyse("rake", *people, *cuts, "--weights-out", out)
    found = json.loads(result.stdout)
    with out.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == found["groups"][0]["weighted_ballots"] == 60
    assert sum(float(row["weight"]) for row in rows) == pytest.approx(400)
    assert rows[0]["ballot"] == "c0"
    assert float(rows[0]["weight"]) == pytest.approx(10)
    assert found["channels"] is None, "no file tells channels"


def test_two_rounds_are_held_against_each_other(analyse, tmp_path):
    analyse("interval", "--out", tmp_path / "now.json")
    years = ["--now", tmp_path / "now.json", "--before", tmp_path / "now.json"]
    found = json.loads(analyse("change", *years, study=False).stdout)
    assert [row["difference"] for row in found["units"]] == [0, 0, 0]
    said = analyse("change", "--now", tmp_path / "ratings.csv", *years[2:], study=False, code=1)
    assert "ratings.csv" in said.stderr


@pytest.mark.parametrize(
    ("name", "table", "text", "said"),
    [
        pytest.param(
            "interval", "invited", "group,unit,invited\nnpc,U9,3", "invited.csv", id="list"
        ),
        pytest.param("quality", "ballots", "ballot,group\nc77,citizens", "c77", id="ballot"),
        pytest.param("quality", "places", "place,people\n镇0,viele", "viele", id="place"),
        pytest.param("quality", "comments", "unit,comment\nU8,好", "U8", id="comment"),
    ],
)
def test_a_fault_names_file_row_and_column_and_ends_with_1(
    analyse, folder, name, table, text, said
):
    path = folder / f"{table}.csv"
    path.write_text(text, encoding="utf-8")
    result = analyse(name, f"--{table}={path}", code=1)
    assert f"{table}.csv" in result.stderr
    assert said in result.stderr
    assert "2" in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(["--bounds", "1", "3"], id="a lower bound of 1"),
        pytest.param(["--bounds", "nan", "3"], id="no number"),
        pytest.param(["--trim", "2", "5"], id="a cut above the median"),
        pytest.param(["--group", "aliens"], id="a group of which nobody is"),
    ],
)
def test_weights_that_make_no_sense_are_refused_in_words(analyse, folder, options):
    people = [f"--attributes={folder / 'people.csv'}", f"--population={folder / 'population.csv'}"]
    code = 1 if "--group" in options else 2
    result = analyse("rake", *people, *options, code=code)
    assert result.stdout == ""
    assert "Traceback" not in result.output


def test_a_place_that_cannot_be_written_is_said(analyse, tmp_path):
    result = analyse("interval", "--out", tmp_path / "nowhere" / "out.json", code=1)
    assert "out.json" in result.stderr
    assert "Traceback" not in result.output


def test_help_says_what_each_option_is(analyse):
    said = analyse("interval", "--help", study=False).stdout
    for option in ("--rules", "--ratings", "--units", "--invited", "--seed", "--out"):
        (line,) = [one for one in said.splitlines() if one.strip().startswith(option)]
        assert len(line.split()) > 3
