"""What can be wrong with an installation's machine and settings, each with what mends it."""

import ipaddress
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from redis import Redis
from redis.cluster import RedisCluster

from surveys.circuit import FAULTS, Client, connect
from surveys.disk import MEGABYTE, data_folders, free_bytes
from surveys.lock import holder, store_file
from surveys.settings import Settings
from surveys.soundness import NETWORK_KINDS, Finding, Mark, file_system

PYTHONS = ((3, 11), (3, 13))
COMFORTABLE = 5  # times the minimum of free space
REDIS_SECONDS = 2.0


def machine(settings: Settings) -> Iterator[Finding]:
    """Look at the Python, the data's folders and the room in them."""
    yield check_python(sys.version_info[:2])
    for folder in data_folders(settings):
        yield check_room(folder, free_bytes(folder), settings.min_free_mb)
        yield check_folder(folder)
    key = settings.var / "secret.key"
    if key.exists():
        yield check_key(key)
    path = store_file(settings.database_url)
    if path is not None:
        yield check_file_system(path, Path("/proc/mounts").read_text(encoding="utf-8"))
        yield served_by(path)


def check_python(version: tuple[int, ...]) -> Finding:
    """Tell whether the product is tested with this Python."""
    name = ".".join(str(part) for part in version)
    if PYTHONS[0] <= version <= PYTHONS[1]:
        return Finding(Mark.FINE, f"Python {name}", "supported")
    return Finding(
        Mark.BROKEN,
        f"Python {name} 不在支持范围（3.11 至 3.13）",
        "this Python is not supported (3.11 to 3.13)",
        "PYTHON=python3.11 scripts/setup.sh run",
    )


def check_room(folder: Path, free: int, minimum_mb: int) -> Finding:
    """Tell whether a folder has room for what will come."""
    megabytes = free // MEGABYTE
    said = f"{folder}: {megabytes} MB"
    if megabytes < minimum_mb:
        return Finding(
            Mark.BROKEN,
            f"{said} 可用，低于 {minimum_mb} MB，评议票正被拒收",
            f"free, less than {minimum_mb} MB: ballots are refused",
            f"df -h {folder}",
        )
    if megabytes < COMFORTABLE * minimum_mb:
        return Finding(
            Mark.WORTH_A_LOOK, f"{said} 可用，不多了", "free, getting short", f"df -h {folder}"
        )
    return Finding(Mark.FINE, f"{said} 可用", "free")


def check_folder(folder: Path) -> Finding:
    """Tell whether only this account can look into a folder, and whether it can write there."""
    if not os.access(folder, os.W_OK | os.X_OK):
        return Finding(
            Mark.BROKEN,
            f"{folder} 不可写",
            "this account cannot write there",
            f"chown -R $(id -un) {folder}",
        )
    if folder.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Finding(
            Mark.WORTH_A_LOOK,
            f"{folder} 可被本机其他账户读取",
            "other accounts of this machine can look into it",
            f"chmod 700 {folder}",
        )
    return Finding(Mark.FINE, f"{folder} 仅本账户可读写", "only this account may look into it")


def check_key(path: Path) -> Finding:
    """Tell whether the signing key is this account's alone."""
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Finding(
            Mark.BROKEN,
            f"{path} 可被其他账户读取，签名密钥不再保密",
            "other accounts can read the signing key",
            f"chmod 600 {path}",
        )
    return Finding(Mark.FINE, f"{path} 权限正确", "only this account can read the signing key")


def check_file_system(path: Path, mounts: str) -> Finding:
    """Tell whether a database file lies on a disk of this machine."""
    kind = file_system(path, mounts)
    if kind in NETWORK_KINDS:
        return Finding(
            Mark.WORTH_A_LOOK,
            f"{path} 位于网络文件系统（{kind}），SQLite 的锁在其上不可靠，可能损坏数据",
            f"lies on a network file system ({kind}), where SQLite's locks do not hold",
            "PINGYI_VAR=/var/lib/pingyi",
        )
    return Finding(Mark.FINE, f"{path} 位于本机文件系统（{kind}）", "lies on a local file system")


def served_by(path: Path) -> Finding:
    """Tell which process serves a database file."""
    process = holder(path)
    if process is None:
        return Finding(Mark.FINE, "当前没有服务进程", "nobody serves this database now")
    return Finding(Mark.FINE, f"服务进程 {process}", f"process {process} serves this database")


def address(settings: Settings) -> Iterator[Finding]:
    """Look at the address people use, the proxies before it, and what is open beside it."""
    host = urlsplit(settings.base_url).hostname or ""
    is_local = _is_loopback(host)
    if settings.is_secure and settings.trusted_proxies == 0:
        yield Finding(
            Mark.WORTH_A_LOOK,
            "网址为 https，但未设置受信代理：所有人看起来都来自代理的地址，会共用登录次数限制",
            "the address is https but no proxy is trusted: everybody seems to come from the proxy",
            "PINGYI_TRUSTED_PROXIES=1",
        )
    elif settings.is_secure or is_local:
        yield Finding(Mark.FINE, settings.base_url, "the address people use")
    else:
        yield Finding(
            Mark.BROKEN,
            f"{settings.base_url} 未加密：评议内容和登录口令明文传输",
            "answers and passwords travel unencrypted",
            "PINGYI_BASE_URL=https://…",
        )
    if settings.development and not is_local:
        yield Finding(
            Mark.BROKEN, "正式网址上开着开发模式", "development is on", "PINGYI_DEVELOPMENT=no"
        )
    if settings.metrics is not None and not _is_private(settings.metrics[0]):
        yield Finding(
            Mark.WORTH_A_LOOK,
            f"指标地址 {settings.metrics[0]} 可能对外开放",
            "metrics may be open to everybody",
            "PINGYI_METRICS=127.0.0.1:9464",
        )


def redis(settings: Settings) -> Iterator[Finding]:
    """Look at Redis, where it is set: whether it answers, and whether it keeps what surge needs."""
    if settings.redis_url is None:
        return
    try:
        with connect(settings.redis_url, REDIS_SECONDS) as client:
            client.ping()
            keeps = not settings.surge or _keeps(client)
    except (*FAULTS, ValueError) as fault:
        yield Finding(
            Mark.WORTH_A_LOOK,
            f"Redis 无应答（{type(fault).__name__}）：评议照常，登录次数限制不再共享",
            "Redis does not answer: ballots go on, but budgets are no longer shared",
            "systemctl status redis-server",
        )
        return
    yield Finding(Mark.FINE, "Redis 有应答", "Redis answers")
    if not keeps:
        yield Finding(
            Mark.BROKEN,
            "已开启高峰缓冲，但 Redis 未设 appendonly yes 与 appendfsync always：不会启用",
            "surge is on, but Redis does not keep what it acknowledges: ballots go past it",
            "redis-cli CONFIG SET appendonly yes && redis-cli CONFIG SET appendfsync always",
        )


def _keeps(client: Client) -> bool:
    """Tell whether every server of a Redis has on its disk what it acknowledged."""
    if isinstance(client, Redis):
        answers: list[Any] = [client.config_get("append*")]
    else:
        by_node: Any = client.config_get("append*", target_nodes=RedisCluster.PRIMARIES)
        answers = list(by_node.values())
    return all(
        (found.get("appendonly"), found.get("appendfsync")) == ("yes", "always")
        for found in answers
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_private(host: str) -> bool:
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return found.is_private and not found.is_unspecified
