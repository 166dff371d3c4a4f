"""What an installation may set, read once from the environment."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

PREFIX = "PINGYI_"
# Days and printed times are the city's, whatever the machine's zone.
CITY_CLOCK = ZoneInfo("Asia/Shanghai")


class SettingFault(SystemExit):
    """A setting that is missing or makes no sense; stops the start with one sentence."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{PREFIX}{name}: {problem}")


@dataclass(frozen=True)
class Settings:
    """One installation's settings; each is described in docs/operator.md."""

    database_url: str
    base_url: str
    secret_key: bytes
    var: Path
    redis_url: str | None = None
    trusted_proxies: int = 0
    development: bool = False
    metrics: tuple[str, int] | None = None
    json_logs: bool = False
    surge: bool = False
    scheduler: str | None = None
    min_free_mb: int = 200

    @property
    def is_secure(self) -> bool:
        """Tell whether people reach this installation over TLS."""
        return self.base_url.startswith("https://")


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of the environment, or stop with a sentence."""
    given = {
        key.removeprefix(PREFIX): value.strip()
        for key, value in environ.items()
        if key.startswith(PREFIX) and not key.startswith(f"{PREFIX}TEST_")
    }
    unknown = given.keys() - KNOWN
    if unknown:
        raise SettingFault(min(unknown), "no such setting / 没有这个设置项")
    var = Path(given.get("VAR", "var")).resolve()
    database_url = given.get("DATABASE_URL") or f"sqlite:///{var / 'pingyi.db'}"
    return Settings(
        database_url=database_url,
        base_url=_base_url(given.get("BASE_URL") or "http://127.0.0.1:8000"),
        secret_key=_secret_key(given.get("SECRET_KEY"), var),
        var=var,
        redis_url=given.get("REDIS_URL") or None,
        trusted_proxies=_whole_number("TRUSTED_PROXIES", given.get("TRUSTED_PROXIES") or "0"),
        development=_yes_or_no("DEVELOPMENT", given.get("DEVELOPMENT") or "no"),
        metrics=_address("METRICS", given.get("METRICS")),
        json_logs=_one_of("LOG", given.get("LOG") or "text", ("text", "json")) == "json",
        surge=_surge(given, database_url),
        scheduler=given.get("SCHEDULER") or None,
        min_free_mb=_whole_number("MIN_FREE_MB", given.get("MIN_FREE_MB") or "200"),
    )


KNOWN = {
    "BASE_URL",
    "DATABASE_URL",
    "DEVELOPMENT",
    "LOG",
    "METRICS",
    "MIN_FREE_MB",
    "REDIS_URL",
    "SCHEDULER",
    "SECRET_KEY",
    "SURGE",
    "TRUSTED_PROXIES",
    "VAR",
}
SHORTEST_KEY = 32


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise SettingFault(
            "BASE_URL", f"not an address people can open / 不是可以打开的网址: {text}"
        )
    return text.rstrip("/")


def _secret_key(text: str | None, var: Path) -> bytes:
    """Return the given key, or one made once and kept beside the data."""
    if text:
        if len(text) < SHORTEST_KEY:
            raise SettingFault("SECRET_KEY", "at least 32 signs / 至少 32 个字符")
        return text.encode()
    path = var / "secret.key"
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes().strip()
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_hex(32).encode())
    return path.read_bytes()


def _address(name: str, text: str | None) -> tuple[str, int] | None:
    """Return host and port of `host:port`."""
    if not text:
        return None
    host, colon, port = text.rpartition(":")
    if not (host and colon and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise SettingFault(name, f"host:port, for example 127.0.0.1:9464 / 应为 地址:端口: {text}")
    return host.strip("[]"), int(port)


def _surge(given: Mapping[str, str], database_url: str) -> bool:
    """Return whether open ballots may wait in Redis; that needs Redis before PostgreSQL."""
    wanted = _yes_or_no("SURGE", given.get("SURGE") or "no")
    if wanted and (database_url.startswith("sqlite") or not given.get("REDIS_URL")):
        raise SettingFault(
            "SURGE", "needs PostgreSQL and PINGYI_REDIS_URL / 需要 PostgreSQL 和 Redis"
        )
    return wanted


def _one_of(name: str, text: str, words: tuple[str, ...]) -> str:
    if text.lower() not in words:
        raise SettingFault(name, f"one of / 应为其中之一 {', '.join(words)}: {text}")
    return text.lower()


def _whole_number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise SettingFault(name, f"a whole number is needed / 应为整数: {text}")
    return int(text)


def _yes_or_no(name: str, text: str) -> bool:
    answers = {"yes": True, "1": True, "true": True, "no": False, "0": False, "false": False}
    if text.lower() not in answers:
        raise SettingFault(name, f"yes or no / 应为 yes 或 no: {text}")
    return answers[text.lower()]
