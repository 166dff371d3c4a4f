"""gunicorn in granian's place: after `flask --app app db upgrade`, `gunicorn -c` this file."""

import os
from typing import Any

wsgi_app = "app:create_server()"
bind = os.environ.get("GUNICORN_BIND", "127.0.0.1:8000")
# A ballot's thread sleeps until its commit, so there are many; WEB_CONCURRENCY says how many
# processes (more than one needs PostgreSQL).
worker_class = "gthread"
threads = 64
backlog = 2048
# Phones on slow networks keep their connection for the second request; the proxy keeps its own.
keepalive = 5
# A ballot is answered within 60 seconds. A worker that is asked to end answers all it has taken.
timeout = 90
graceful_timeout = 90
# No access log: a list of times and addresses could be laid beside the count of a small group.
accesslog = None
errorlog = "-"
loglevel = "warning"


def on_starting(server: Any) -> None:
    """Do once, before any worker starts, what `flask serve` does for granian."""
    from surveys.settings import read_settings

    settings = read_settings()
    if settings.metrics is not None and server.cfg.workers > 1:
        # Before anything that counts is imported: it looks for this variable then.
        folder = settings.var / "metrics"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    from surveys import lock, metrics, serving

    if server.cfg.workers > 1 and lock.store_file(settings.database_url):
        raise SystemExit("SQLite 只能用一个进程 / SQLite serves from one process")
    serving.open_store(settings)
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        metrics.share(settings.var / "metrics")
