"""Brings the tables of a database to the version of this code, and tells whether they are."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from surveys.db import Database
from surveys.models import Base

MIGRATIONS = Path(__file__).parent.parent / "migrations"


def upgrade(database: Database, revision: str = "head") -> None:
    """Run the migrations up to a revision; nothing happens when they have run."""
    with database.writer.begin() as connection:
        command.upgrade(_config(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    """Run the migrations back to a revision (`base` empties the database)."""
    with database.writer.begin() as connection:
        command.downgrade(_config(connection), revision)


def check(database: Database) -> None:
    """Raise alembic's CommandError when tables and models differ."""
    with database.writer.begin() as connection:
        command.check(_config(connection))


def draft(database: Database, message: str, number: str) -> None:
    """Write a new migration from the difference between tables and models."""
    with database.writer.begin() as connection:
        command.revision(_config(connection), message, autogenerate=True, rev_id=number)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    config.attributes["metadata"] = Base.metadata
    return config
