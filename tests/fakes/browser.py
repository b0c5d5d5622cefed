"""A headless Chromium, where the machine has one (Debian: chromium and chromium-driver)."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
#: Why there is none; "" if there is one.
MISSING = (
    ""
    if CHROMIUM and DRIVER and find_spec("selenium")
    else "no chromium, chromedriver and selenium on this machine"
)


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser that is offline but for this machine's files, as a `selenium` driver with its log kept."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.add_argument("--force-color-profile=srgb")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


def show_as(driver: Any, *, width: int, height: int = 900, dark: bool = False, phone: bool = False) -> None:
    """Make the browser a screen of this size in CSS pixels, light or dark."""
    scale = 2 if phone else 1
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": phone},
    )
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]},
    )


def save_picture(driver: Any, path: Path) -> None:
    """Save the whole page as it stands, from top to bottom."""
    shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True})
    path.write_bytes(base64.b64decode(shot["data"]))


def save_print(driver: Any, path: Path) -> None:
    """Save what the printer would get, as PDF."""
    printed = driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True, "preferCSSPageSize": False})
    path.write_bytes(base64.b64decode(printed["data"]))
