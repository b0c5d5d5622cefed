"""Pictures of the leaderboard's page, for its documentation.

python -m tests.fakes.screenshots SITE OUT
"""

from __future__ import annotations

import base64
import io
import sys
from pathlib import Path

from PIL import Image

from .browser import chromium, show_as

#: Name -> (width, height, dark?, phone?, which page).
PICTURES = {
    "leaderboard": (1240, 1760, False, False, ""),
    "leaderboard-dark": (1240, 1330, True, False, ""),
    "leaderboard-model": (1240, 1240, False, False, "#/sample-org/llava-7b-npo"),
    "leaderboard-phone": (390, 844, False, True, "#results"),
}


def take(site: Path, out: Path) -> list[Path]:
    """Save every picture as a PNG.

    Args:
        site: the leaderboard's folder.
        out: where to; must exist.
    """
    saved = []
    with chromium() as driver:
        for name, (width, height, dark, phone, page) in PICTURES.items():
            show_as(driver, width=width, height=height, dark=dark, phone=phone)
            driver.get("about:blank")
            driver.get((site / "index.html").resolve().as_uri() + page)
            # A page that scrolls to a part of itself does so in a moment of its own.
            driver.execute_async_script("setTimeout(arguments[0], 600)")
            shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
            picture = Image.open(io.BytesIO(base64.b64decode(shot["data"]))).convert("RGB")
            if not phone:
                picture = picture.crop((0, 0, width - 15, height))  # without the scroll bar
            path = out / f"{name}.png"
            picture.save(path, optimize=True)
            saved.append(path)
    return saved


if __name__ == "__main__":
    for path in take(Path(sys.argv[1]), Path(sys.argv[2])):
        print(path)
