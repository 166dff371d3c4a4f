"""create_app(): settings in, Flask app out; the entry for servers, commands and tests."""

from flask import Flask
from flask_babel import Babel
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from surveys import assets, commands, health, logs, serving, web
from surveys.accounts.routes import blueprint as accounts
from surveys.address_budget import AddressBudget
from surveys.answering.routes import blueprint as answering
from surveys.answering.short_way import ShortWay
from surveys.assessing.routes import blueprint as assessing
from surveys.cache import SharedPages
from surveys.db import Database, open_database
from surveys.disk import FreeSpace, data_folders
from surveys.fielding.routes import blueprint as fielding
from surveys.intake import Intake
from surveys.manner import DEFAULT_LOCALE
from surveys.planning.routes import blueprint as planning
from surveys.reviewing.routes import blueprint as reviewing
from surveys.scoring.evidence_routes import blueprint as scoring
from surveys.settings import Settings, read_settings
from surveys.surge import Streams, SurgeIntake
from surveys.throttle import Throttle
from surveys.working.routes import blueprint as working

PHONE_BODY_BYTES = 512 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application of one installation."""
    settings = settings or read_settings()
    app = Flask(__name__, static_folder="static", template_folder="templates")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=PHONE_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=PHONE_BODY_BYTES,
        SESSION_COOKIE_SECURE=settings.is_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_NAME="__Host-session" if settings.is_secure else "session",
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        BABEL_TRANSLATION_DIRECTORIES="surveys/translations",
        BABEL_DEFAULT_LOCALE=DEFAULT_LOCALE,
    )
    database = open_database(settings.database_url)
    app.extensions["installation"] = web.Installation(
        settings,
        database,
        _intake(settings, database),
        Throttle(settings.redis_url),
        AddressBudget(settings.redis_url, settings.secret_key),
        SharedPages(settings.redis_url, settings.secret_key),
    )
    Babel(app, locale_selector=web.chosen_locale)
    csrf = CSRFProtect(app)
    # The phone's signed nonce is its proof against forgery; see docs/architecture.md.
    csrf.exempt(answering)
    for blueprint in (
        assets.blueprint,
        *(accounts, planning, fielding, answering),
        *(reviewing, assessing, scoring, working),
    ):
        app.register_blueprint(blueprint)
    web.prepare(app)
    health.prepare(app)
    app.wsgi_app = ShortWay(  # type: ignore[method-assign]
        app.wsgi_app, app.extensions, PHONE_BODY_BYTES, web.now
    )
    if settings.trusted_proxies:  # before both ways, so that both know where a request comes from
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    commands.register(app)
    return app


def _intake(settings: Settings, database: Database) -> Intake:
    room = FreeSpace(data_folders(settings), settings.min_free_mb)
    if settings.surge and settings.redis_url:
        return SurgeIntake(
            Streams(settings.redis_url, settings.secret_key), database, web.now, room=room
        )
    return Intake(database, web.now, room=room)


def create_server() -> Flask:
    """Return the application as a serving process runs it; the entry for granian and gunicorn."""
    settings = read_settings()
    logs.configure(settings.json_logs, with_messages=settings.development)
    serving.open_store(settings)
    app = create_app(settings)
    serving.attend(app)
    return app
