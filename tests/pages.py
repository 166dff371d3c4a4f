"""A client that reads every page as the strictest browser would, and fails on a bad one."""

import gzip
from collections import Counter
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

LABELLED = {"checkbox", "radio", "text", "password", "number", "search", "file", "email", "tel"}


class PagesClient(FlaskClient):
    """Flask's client, with every HTML answer checked."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request as browsers do; fail when what comes back is a bad or unfinished page."""
        headers = Headers(kwargs.get("headers"))
        if "Accept-Encoding" not in headers:
            kwargs["headers"] = Headers([*headers, ("Accept-Encoding", "gzip")])
        response = super().open(*args, **kwargs)
        if response.headers.get("Content-Encoding") == "gzip" and response.data:
            response.set_data(gzip.decompress(response.data))
            del response.headers["Content-Encoding"]
        if response.mimetype == "text/html" and response.status_code not in {301, 302, 303}:
            check_page(response)
        return response


def tree(response: TestResponse) -> Element:
    """Return the parsed page."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    page: Element = parser.parse(response.text)
    return page


def check_page(response: TestResponse) -> None:
    """Fail on bad HTML, a missing title, doubled ids, unlabelled fields, inline code."""
    if not response.data:
        return
    where = f"{response.request.method} {response.request.path}"
    page = tree(response)
    assert page.get("lang") in {"zh-CN", "zh-TW", "en"}, f"{where}: no language"
    title = page.findtext(".//title")
    assert title and title.strip(), f"{where}: no title"
    assert len(page.findall(".//h1")) == 1, f"{where}: one h1, please"
    ids = Counter(element.get("id") for element in page.iter() if element.get("id"))
    doubled = [name for name, count in ids.items() if count > 1]
    assert not doubled, f"{where}: doubled ids {doubled}"
    targets = {label.get("for") for label in page.iter("label")}
    inside = {id(field) for label in page.iter("label") for field in label.iter("input")}
    for field in page.iter("input"):
        if field.get("type", "text") in LABELLED:
            named = field.get("id") in targets or field.get("aria-label") or id(field) in inside
            assert named, f"{where}: field {field.get('name')} has no label"
    for field in (*page.iter("select"), *page.iter("textarea")):
        named = field.get("id") in targets or field.get("aria-label")
        assert named, f"{where}: field {field.get('name')} has no label"
    for form in page.iter("form"):
        assert form.get("action") is not None, f"{where}: a form without action"
    for script in page.iter("script"):
        assert script.get("src"), f"{where}: inline script"
    for element in page.iter():
        style = element.get("style") or next((a for a in element.attrib if a.startswith("on")), "")
        assert not style, f"{where}: inline style or handler on {element.tag}"
        if element.tag == "img":
            assert element.get("alt") is not None, f"{where}: picture without words"
    assert "<style" not in response.text, f"{where}: inline style sheet"


def form_fields(response: TestResponse, action: str | None = None) -> dict[str, str]:
    """Return what a browser would send from a form as it stands: the first, or an action's."""
    page = tree(response)
    for form in page.iter("form"):
        if action is not None and form.get("action") != action:
            continue
        found = {}
        for field in form.iter("input"):
            kind, name = field.get("type", "text"), field.get("name")
            if name is None or kind in {"submit", "button", "file"}:
                continue
            if kind in {"checkbox", "radio"} and field.get("checked") is None:
                continue
            found[name] = field.get("value", "on" if kind == "checkbox" else "")
        for area in form.iter("textarea"):
            if area.get("name"):
                found[area.get("name", "")] = area.text or ""
        return found
    raise AssertionError(f"no form {action or ''} on the page")


def visible_text(response: TestResponse) -> str:
    """Return the words of a page as one line."""
    page = tree(response)
    for element in page.iter():
        if element.tag in {"script", "style"}:
            element.text = ""
    return " ".join(" ".join(page.itertext()).split())
