"""The tree stays readable and says nothing about the machine it was written on."""

import ast
import re
import subprocess
import sys
from pathlib import Path

from tests.house.tree import ROOT, modules, parsed, short, text_of, tracked

LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
DRAWERS = {"utils", "util", "helpers", "helper", "common", "core", "misc", "lib"}
HOME_FOLDER = re.compile(r"(?<![\w.])/(?:home|root|Users)/\w")
HOSTILE = re.compile(r"/etc/|secret")  # what tests of hostile file names reach for
WAY_UP = re.compile(r"(?<![\w/.])(?:\.\./)+[\w-][\w./-]*")


def test_no_module_is_too_long():
    lengths = {short(path): len(text_of(path).splitlines()) for path in modules()}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_no_function_is_too_long():
    lengths = {
        f"{short(path)}: {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in modules()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


def test_everything_has_a_name_of_its_own():
    drawers = [
        short(path)
        for path in modules()
        if DRAWERS & {part.split(".")[0] for part in path.relative_to(ROOT).parts}
    ]
    assert drawers == []


def test_imports_point_the_way_the_architecture_says():
    lint = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert lint.returncode == 0, lint.stdout


def test_no_file_names_the_folder_it_was_written_in():
    here = f"{ROOT}/"
    assert [short(path) for path in tracked() if here in text_of(path)] == []


def test_no_file_names_somebody_s_home_folder():
    found = {short(path): HOME_FOLDER.search(text_of(path)) for path in tracked()}
    assert {name: match.group() for name, match in found.items() if match} == {}


def test_every_way_up_ends_inside_the_project():
    lost = [
        f"{short(path)}: {way}"
        for path in tracked()
        if not short(path).startswith("static/vendor/")
        for way in WAY_UP.findall(text_of(path))
        if not HOSTILE.search(way)
        if not (path.parent / way.rstrip(".")).resolve().is_relative_to(ROOT)
        or not (path.parent / way.rstrip(".")).exists()
    ]
    assert lost == []
