"""Reading JSON that a stranger may have written: bounded, finite, typed, one sentence per fault."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

from ..errors import RememError

#: Half of a character outside the basic plane: alone, it can be neither printed nor written.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class _NotFinite:
    """Stands for NaN and ±Infinity while the document is walked for the field that holds it."""

    def __init__(self, literal: str) -> None:
        self.literal = literal


def parse_json(text: str, *, where: str) -> Any:
    """Parse a JSON document that holds finite numbers only.

    Args:
        text: the document.
        where: what to call it in an error.

    Raises:
        RememError: not JSON, nested too deeply, or a number that is NaN or infinite.
    """
    met: list[_NotFinite] = []

    def constant(literal: str) -> _NotFinite:
        met.append(_NotFinite(literal))
        return met[-1]

    def number(literal: str) -> float | _NotFinite:
        # "1e999" is grammatical JSON that Python reads as infinity.
        value = float(literal)
        return value if math.isfinite(value) else constant(literal)

    try:
        value = json.loads(text, parse_constant=constant, parse_float=number)
        fault = _first_not_finite(value) if met else None
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False, default=str).encode("utf-8")
    except RecursionError:
        raise RememError(f"{where} is nested too deeply to be a results file.") from None
    except ValueError as error:
        raise RememError(f"{where} is not valid JSON: {str(error).splitlines()[0][:120]}.") from None
    if fault:
        path, literal = fault
        raise RememError(f"{where} has {literal[:20]} at {path}; only finite numbers are allowed.")
    return value


def _first_not_finite(value: Any, path: str = "") -> tuple[str, str] | None:
    if isinstance(value, _NotFinite):
        return path or "the top level", value.literal
    if isinstance(value, dict):
        pairs = ((f"{path}.{key[:80]}" if path else key[:80], v) for key, v in value.items())
    elif isinstance(value, list):
        pairs = ((f"{path}[{i}]", v) for i, v in enumerate(value))
    else:
        return None
    return next((fault for key, v in pairs if (fault := _first_not_finite(v, key))), None)


def read_text(path: Path, *, limit: int) -> str:
    """Read a UTF-8 file of at most `limit` bytes.

    Raises:
        RememError: unreadable, too large, or not UTF-8.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise RememError(f"Cannot read {path}: {error.strerror or error}.") from None
    if len(data) > limit:
        raise RememError(f"{path} is larger than {limit // 2**20} MiB, which no results file should be.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise RememError(f"{path} is not UTF-8 text.") from None


class Fields:
    """A JSON object whose fields are fetched by name and type, with the path in every complaint."""

    def __init__(self, value: Any, *, where: str, path: str = "") -> None:
        if not isinstance(value, dict):
            raise RememError(f"{where}: {path or 'the top level'} must be an object.")
        self.values = value
        self.where = where
        self.path = path

    def _name(self, key: str) -> str:
        return f"{self.path}.{key[:80]}" if self.path else key[:80]

    def _fault(self, key: str, allowed: str) -> RememError:
        return RememError(f"{self.where}: the field {self._name(key)!r} must be {allowed}.")

    def child(self, key: str, *, required: bool = True) -> Fields:
        """The object under `key`; an empty one when it may be and is missing."""
        if key not in self.values:
            if required:
                raise RememError(f"{self.where}: the field {self._name(key)!r} is missing.")
            return Fields({}, where=self.where, path=self._name(key))
        return Fields(self.values[key], where=self.where, path=self._name(key))

    def text(self, key: str, *, required: bool = True, longest: int = 4096) -> str | None:
        """The text under `key`, or None when it may be missing or null."""
        value = self.values.get(key)
        if value is None and not required:
            return None
        if key not in self.values:
            raise RememError(f"{self.where}: the field {self._name(key)!r} is missing.")
        if not isinstance(value, str) or (required and not value) or len(value) > longest:
            raise self._fault(key, f"a text of 1 to {longest} characters")
        return value

    def number(self, key: str, *, low: float | None = None, high: float | None = None) -> float:
        """The finite number under `key`, within the bounds (each None = open)."""
        if key not in self.values:
            raise RememError(f"{self.where}: the field {self._name(key)!r} is missing.")
        value = self.values[key]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._fault(key, "a number")
        # Means of many floats may overshoot a bound by rounding alone.
        slack = 1e-6
        if (low is not None and value < low - slack) or (high is not None and value > high + slack):
            bounds = {(True, True): f"between {low} and {high}", (True, False): f"at least {low}"}
            raise self._fault(key, bounds.get((low is not None, high is not None), f"at most {high}"))
        try:
            return float(value)
        except OverflowError:
            raise self._fault(key, "a number that fits a float") from None

    def whole(self, key: str, *, required: bool = True, low: int = 0) -> int | None:
        """The whole number under `key`, or None when it may be missing or null."""
        value = self.values.get(key)
        if value is None and not required:
            return None
        if key not in self.values:
            raise RememError(f"{self.where}: the field {self._name(key)!r} is missing.")
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value < 2**63:
            raise self._fault(key, f"a whole number of at least {low}")
        return value
