"""The project's own files, for tests that read them."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("app.py", "surveys", "analytics")


@cache
def tracked() -> tuple[Path, ...]:
    """Return every file that belongs to the project; git itself may be absent where tests run."""
    return tuple(
        path
        for entry in sorted(ROOT.iterdir())
        if not is_left_behind(entry)
        for path in [entry, *sorted(entry.rglob("*"))]
        if path.is_file() and "__pycache__" not in path.parts
    )


def is_left_behind(entry: Path) -> bool:
    """Tell whether a top-level entry is an environment, a cache or an installation's data."""
    hidden = entry.name.startswith(".") and entry.name not in {".ci", ".gitignore"}
    return hidden or entry.name == "var"


@cache
def text_of(path: Path) -> str:
    """Return a file's text, or nothing for a picture or a workbook."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def modules() -> tuple[Path, ...]:
    """Return the product's Python files."""
    return tuple(
        path
        for path in tracked()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in ROOMS
    )


@cache
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a Python file."""
    return ast.parse(text_of(path), str(path))


def nodes(paths: tuple[Path, ...]) -> Iterator[ast.AST]:
    """Walk the syntax trees of several files."""
    for path in paths:
        yield from ast.walk(parsed(path))


def short(path: Path) -> str:
    """Return a file's name as a reader of the project knows it."""
    return path.relative_to(ROOT).as_posix()
