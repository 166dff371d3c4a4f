"""Takes every scene in every way into var/screens, with a sheet on which to look them through."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

from playwright.sync_api import Browser, Page

from scripts.screens.demonstration import ROOT, Demonstration
from scripts.screens.filling import answer_questions, prefixes_of, press, rate
from scripts.screens.scenes import SCENES, SPENT, WAYS, Scene, Visit, Way

FOLDER = ROOT / "var" / "screens"
HEIGHTS = {320: 568, 360: 740, 390: 844, 768: 1024, 1280: 860}
LOCALES = {"zh": "zh-CN", "zh-TW": "zh-TW", "en": "en"}
SETTLE_MILLISECONDS = 250
# What stands outside the window, or cuts its own words: said on the sheet under its picture.
FAULTS = """() => {
  const room = document.documentElement.clientWidth;
  const said = new Set();
  const name = (it) => it.className || it.tagName.toLowerCase();
  document.querySelectorAll("body *").forEach((it) => {
    if (!it.offsetParent || it.closest(".visually-hidden, .skip, .walking > h1")) return;
    const place = it.getBoundingClientRect();
    const isOutside = place.width && (place.right > room + 1 || place.left < -1);
    const isWords = it.matches("button, summary, label, .levels span");
    if (isOutside) said.add("outside: " + name(it));
    if (isWords && it.clientWidth && it.scrollWidth > it.clientWidth + 1)
      said.add("cut: " + name(it));
  });
  return [...said].slice(0, 6);
}"""
STYLE = """body { font: 14px/1.5 system-ui, sans-serif; margin: 16px; }
.row { display: flex; gap: 12px; overflow-x: auto; align-items: flex-start; }
figure { margin: 0 0 16px; flex: none; }
img { width: 240px; border: 1px solid #999; display: block; }
.wide img { width: 420px; } .fault { color: #b3261e; }"""


def take_screens(browser: Browser, shown: Demonstration, names: tuple[str, ...] = ()) -> None:
    """Take every scene, or those that are named, in every way."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in [] if names else FOLDER.glob("*.png"):
        old.unlink()
    spend(browser, shown, SPENT)
    rows = []
    for scene in [one for one in SCENES if not names or one.name in names]:
        found = [(way, take(browser, shown, scene, way)) for way in WAYS]
        rows.append(row(scene, found))
        faults = sum(bool(said) for _way, said in found)
        sys.stdout.write(f"{scene.name}: {len(found)} screens, {faults} with a remark\n")
    sheet = FOLDER / "index.html"
    head = f"<!doctype html><meta charset=utf-8><title>Screens</title><style>{STYLE}</style>"
    sheet.write_text(head + "".join(rows), encoding="utf-8")
    sys.stdout.write(f"{sheet.relative_to(ROOT)}\n")


def take(browser: Browser, shown: Demonstration, scene: Scene, way: Way) -> list[str]:
    """Take one scene in one way; return what is wrong with its measures."""
    with opened(browser, scene, way) as page:
        scene.visit(Visit(page, shown, way))
        page.wait_for_timeout(SETTLE_MILLISECONDS)
        if scene.is_whole:  # in a window as tall as the page: what sticks to its foot is there
            whole: int = page.evaluate("() => document.documentElement.scrollHeight")
            page.set_viewport_size({"width": way.width, "height": whole})
        page.screenshot(path=path_of(scene, way))
        said: list[str] = page.evaluate(FAULTS) if scene.has_scripts else []
        return said


@contextmanager
def opened(browser: Browser, scene: Scene, way: Way) -> Iterator[Page]:
    """Open a page in a context of its own, which puts nothing aside on the server."""
    is_phone = way.width < min(width for width in HEIGHTS if width > 600)
    context = browser.new_context(
        viewport={"width": way.width, "height": HEIGHTS[way.width]},
        device_scale_factor=1,
        is_mobile=is_phone,
        has_touch=is_phone,
        locale=LOCALES[way.language],
        color_scheme="dark" if way.is_dark else "light",
        reduced_motion="reduce",
        java_script_enabled=scene.has_scripts,
    )
    context.route("**/draft", lambda route: route.fulfill(status=204))
    # What is sent while a page goes away passes by the route.
    context.add_init_script(
        "addEventListener('visibilitychange', (e) => e.stopPropagation(), true)"
    )
    yield context.new_page()
    context.close()


def spend(browser: Browser, shown: Demonstration, token: int) -> None:
    """Hand a deputy's ballot in, so that its one-time code is used."""
    page = browser.new_page()
    page.goto(shown.address("npc", token))
    rate(page, prefixes_of(page))
    answer_questions(page)
    press(page, ".to-review")
    press(page, ".hand-in")
    page.wait_for_selector(".thanks")
    page.context.close()


def path_of(scene: Scene, way: Way) -> Path:
    """Return where a picture lies."""
    return FOLDER / f"{scene.name}-{way.name}.png"


def row(scene: Scene, found: list[tuple[Way, list[str]]]) -> str:
    """Return a scene's pictures side by side."""
    figures = "".join(
        f"<figure{' class=wide' if way.width > 600 else ''}><figcaption>{way.name}"
        f"{''.join(f'<br><span class=fault>{escape(one)}</span>' for one in said)}</figcaption>"
        f'<a href="{path_of(scene, way).name}"><img loading=lazy alt=""'
        f' src="{path_of(scene, way).name}"></a></figure>'
        for way, said in found
    )
    return (
        f"<h2>{scene.name}: {escape(scene.visit.__doc__ or '')}</h2><div class=row>{figures}</div>"
    )
