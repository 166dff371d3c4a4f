"""The README's pictures, and every page of the phone to look through; or only the scenes named."""

import sys

from playwright.sync_api import sync_playwright

from scripts.screens.demonstration import chromium, demonstration
from scripts.screens.phone_screens import take_screens
from scripts.screens.pictures import take_pictures


def main(names: tuple[str, ...]) -> None:
    """Take every picture and every screen from one fresh demonstration."""
    with demonstration() as shown, sync_playwright() as playwright:
        if not names:
            take_pictures(playwright, shown)
        with chromium(playwright) as browser:
            take_screens(browser, shown, names)


if __name__ == "__main__":
    main(tuple(sys.argv[1:]))
