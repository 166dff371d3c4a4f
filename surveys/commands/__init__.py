"""The `flask …` commands: everything that the office does by hand can be done by command too."""

import sys
from importlib import import_module
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup, ScriptInfo
from flask_babel import gettext
from sqlalchemy.exc import OperationalError, ProgrammingError

from analytics.faults import Fault, Faults
from surveys import web
from surveys.refusals import FileProblems, Refusal

MOST_LINES = 50
# Imported when an app is made: they take their groups from here.
MODULES = (
    *("accounts", "analyse", "ballots", "bench", "demo", "doctor", "evidence", "jobs", "move"),
    *("rounds", "rules", "scores", "server", "surge", "tally", "validity"),
)


class _Saying:
    """A command whose refusals come out as sentences, never as tracebacks."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; turn an expected no into its lines and exit code 1."""
        try:
            return super().invoke(ctx)  # type: ignore[misc]
        except (OperationalError, ProgrammingError) as fault:
            if "no such table" not in str(fault) and "UndefinedTable" not in str(fault):
                raise
            click.echo(
                "数据库还没有建表，请先运行 flask --app app db upgrade"
                " / The database has no tables yet: run flask --app app db upgrade first",
                err=True,
            )
            sys.exit(1)
        except (Refusal, Fault) as expected:
            # The command's own context is closed by now, and words need one.
            with ctx.ensure_object(ScriptInfo).load_app().app_context():
                for line in lines_of(expected):
                    click.echo(line, err=True)
            sys.exit(1)


class SayingGroup(_Saying, AppGroup):
    """A group of commands that say their refusals."""


class SayingCommand(_Saying, click.Command):
    """A single command that says its refusals."""


def lines_of(expected: Refusal | Fault) -> list[str]:
    """Return an expected no as lines in the reader's language, with file, row and column."""
    if isinstance(expected, Refusal):
        said = web.say(expected)
        lines = [" ".join(filter(None, said.values()))]
        if isinstance(expected, FileProblems):
            lines += [web.say_problem(problem) for problem in expected.problems[:MOST_LINES]]
        return lines
    several = expected.faults if isinstance(expected, Faults) else (expected,)
    return [
        f"{fault.place}: {gettext(fault.message, **fault.values)}" for fault in several[:MOST_LINES]
    ]


def register(app: Flask) -> None:
    """Give an app its commands."""
    for name in MODULES:
        module = import_module(f"surveys.commands.{name}")
        for command in module.COMMANDS:
            app.cli.add_command(command)
