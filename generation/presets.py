"""Where the data that generation reads lives, and the presets by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError

ASSETS = Path(__file__).resolve().parent.parent / "assets"


def preset_names() -> list[str]:
    """Names of the presets in `assets/presets`."""
    return sorted(path.stem for path in (ASSETS / "presets").glob("*.yaml"))


def load_preset(preset: str, /, **overrides: Any) -> BenchmarkConfig:
    """A preset by name, with single fields replaced (None = keep the preset's value).

    Raises:
        RememError: no preset of that name, or a field that does not fit.
    """
    if preset not in preset_names():
        raise RememError(f"There is no preset {preset!r}; the presets are {', '.join(preset_names())}.")
    return BenchmarkConfig.from_yaml(ASSETS / "presets" / f"{preset}.yaml", **overrides)
