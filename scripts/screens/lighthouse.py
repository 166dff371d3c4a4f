"""Lighthouse's scores of the phone's pages on a fresh demonstration, by the program in a folder."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from scripts.screens.demonstration import CHROMIUM, demonstration

CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
NAMES = "性能 performance", "无障碍 accessibility", "规范 best practices", "搜索 SEO"
PAGES = {"群众 citizen": "citizens", "窗口 window": "window", "代表 deputy": "npc"}
TIMES = ("first-contentful-paint", "largest-contentful-paint", "total-blocking-time")
MINUTES = 5


def main(folder: Path) -> None:
    """Print the scores of each page and what kept it from more; keep the whole reports."""
    with demonstration() as shown:
        addresses = {"首页 start": f"{shown.url}/", "回执 receipt": f"{shown.url}/receipt"}
        for name, link in PAGES.items():
            addresses[name] = shown.address(link, 3 if link == "npc" else None)
        for name, address in addresses.items():
            report = judged(folder, name.partition(" ")[2], address)
            show(name, report)
    sys.stdout.write(
        "\n机器繁忙时性能分偏低，请在空闲时再看。 / On a busy machine performance is too low.\n"
        f"{folder}/*.html\n"
    )


def judged(folder: Path, name: str, address: str) -> dict[str, Any]:
    """Return Lighthouse's report on a page."""
    command = [
        str(folder / "node_modules" / ".bin" / "lighthouse"),
        address,
        "--quiet",
        "--output=json",
        "--output=html",
        f"--output-path={folder / name}",
        f"--only-categories={','.join(CATEGORIES)}",
        f"--chrome-flags={' '.join(CHROMIUM)}",
    ]
    environ = {"CHROME_PATH": shutil.which("chromium") or "chromium", **os.environ}
    done = subprocess.run(  # noqa: S603 - our own command
        command,
        env=environ,
        check=False,
        capture_output=True,
        text=True,
        timeout=MINUTES * 60,
    )
    if done.returncode:
        raise SystemExit(f"Lighthouse 未能完成 / Lighthouse did not finish: {done.stderr[-500:]}")
    found: dict[str, Any] = json.loads((folder / f"{name}.report.json").read_text("utf-8"))
    return found


def show(name: str, report: dict[str, Any]) -> None:
    """Print one page's scores, its times and the audits that it did not pass wholly."""
    scores = [round(100 * (report["categories"][one]["score"] or 0)) for one in CATEGORIES]
    words = "  ".join(f"{said} {score}" for said, score in zip(NAMES, scores, strict=True))
    audits = report["audits"]
    times = "  ".join(f"{one} {audits[one].get('displayValue', '-')}" for one in TIMES)
    sys.stdout.write(f"\n{name}\n  {words}\n  {times}\n")
    for audit in audits.values():
        if audit["score"] is not None and audit["score"] < 0.9 and audit["id"] not in TIMES:
            sys.stdout.write(f"  - {audit['title']} {audit.get('displayValue', '')}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
