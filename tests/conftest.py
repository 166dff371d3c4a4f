"""The application on each store, its database, and clients: anonymous and signed in."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

from app import create_app
from surveys import schema
from surveys.db import Database, open_database
from surveys.settings import Settings
from tests import makers
from tests.pages import PagesClient
from tests.services import reuse

ENGINES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))
SOAK = "PINGYI_TEST_SOAK"
NO_POSTGRESQL = "PINGYI_TEST_POSTGRES is not set: run the tests with `make test`"


# Properties are tried on fewer examples than usual, since there are hundreds of them; on many where
# the long forms are asked for.
hypothesis.settings.register_profile("quick", max_examples=40, deadline=None)
hypothesis.settings.register_profile("long", max_examples=1000, deadline=None)
hypothesis.settings.load_profile("long" if os.environ.get(SOAK) else "quick")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long forms out unless they are asked for."""
    if os.environ.get(SOAK):
        return
    left_out = [item for item in items if item.get_closest_marker("soak")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file that the migrations built."""
    path = tmp_path_factory.mktemp("template") / "pingyi.db"
    database = open_database(f"sqlite:///{path}")
    schema.upgrade(database)
    database.dispose()
    return path


@pytest.fixture(scope="session")
def postgresql_template() -> Iterator[URL]:
    """A PostgreSQL database that the migrations built, one per test worker."""
    server = os.environ.get("PINGYI_TEST_POSTGRES")
    if not server:
        pytest.fail(NO_POSTGRESQL)
    name = f"template_{uuid.uuid4().hex[:12]}"
    _admin(server, f"CREATE DATABASE {name}")
    url = make_url(server).set(database=name)
    database = open_database(url.render_as_string(hide_password=False))
    schema.upgrade(database)
    database.dispose()
    yield url
    _admin(server, f"DROP DATABASE {name} WITH (FORCE)")


class SpareDatabases:
    """Copies of the template that tests use one after the other."""

    def __init__(self, server: str, template: URL) -> None:
        self.server, self.template = server, template
        self.shape = reuse.shape(_plain(template))
        self.empty: list[URL] = []

    def take(self) -> URL:
        """Return an empty database that nobody uses."""
        if self.empty:
            return self.empty.pop()
        name = f"test_{uuid.uuid4().hex[:12]}"
        _admin(self.server, f"CREATE DATABASE {name} TEMPLATE {self.template.database}")
        return self.template.set(database=name)

    def give_back(self, url: URL) -> None:
        """Empty a database for the next test, or drop it."""
        if reuse.emptied(_plain(url), self.shape):
            self.empty.append(url)
        else:
            self.drop(url)

    def drop(self, url: URL) -> None:
        """Let go of a database."""
        _admin(self.server, f"DROP DATABASE IF EXISTS {url.database} WITH (FORCE)")


@pytest.fixture(scope="session")
def spare_databases(postgresql_template: URL) -> Iterator[SpareDatabases]:
    """The databases of one test worker."""
    spare = SpareDatabases(os.environ["PINGYI_TEST_POSTGRES"], postgresql_template)
    yield spare
    for url in spare.empty:
        spare.drop(url)


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, migrated, empty database on each engine."""
    with fresh_database(request, tmp_path) as url:
        yield url


@contextmanager
def fresh_database(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """Keep a fresh, migrated, empty database of the engine that a fixture is asked for."""
    if request.param == "sqlite":
        path = folder / "pingyi.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    spare: SpareDatabases = request.getfixturevalue("spare_databases")
    url = spare.take()
    yield url.render_as_string(hide_password=False)
    spare.give_back(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The store by itself, for tests without pages."""
    opened = open_database(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """The settings of a test installation."""
    return Settings(
        database_url=database_url,
        base_url="http://localhost",
        secret_key=b"a key for tests, long enough to be one",
        var=tmp_path / "var",
    )


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The whole application."""
    settings.var.mkdir(parents=True)
    made = create_app(settings)
    made.test_client_class = PagesClient
    yield made
    made.extensions["installation"].intake.close()
    made.extensions["installation"].database.dispose()


@pytest.fixture
def client(app: Flask) -> PagesClient:
    """A browser that nobody has signed in with, which fails on bad pages."""
    return app.test_client()  # type: ignore[return-value]


@pytest.fixture
def office(app: Flask) -> PagesClient:
    """A browser in which the performance office is signed in."""
    client: PagesClient = app.test_client()  # type: ignore[assignment]
    makers.sign_in(app, client)
    return client


def _admin(server: str, statement: str) -> None:
    """Run a statement that no transaction may hold."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _plain(url: URL) -> str:
    """Return an address as the driver itself reads it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
