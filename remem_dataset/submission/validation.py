"""Holding a submission against its JSON Schema; what does not fit is one sentence that names the field."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs

from ..errors import RememError

#: The version that is written. Older ones stay readable: one schema file each.
SCHEMA = 1
READABLE = (1,)

_Kind = jsonschema_rs.ValidationErrorKind

#: Characters of a stranger's text that an error repeats.
_SHOWN = 120


def schema(version: int = SCHEMA) -> dict[str, Any]:
    """The JSON Schema of a version.

    Args:
        version: one of `READABLE`.
    """
    return json.loads(files(__package__).joinpath(f"schema-{version}.json").read_text(encoding="utf-8"))


@cache
def _validator(version: int) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema(version), mask="the value")


def validate(document: Any, where: str) -> None:
    """Refuse a document that is no submission.

    Args:
        document: parsed JSON.
        where: what to call it in an error.

    Raises:
        RememError: no object, of a version that this code does not know, or a field that does not fit.
    """
    version = document.get("schema") if isinstance(document, dict) else None
    if isinstance(version, bool) or version not in READABLE:
        raise RememError(
            f"{where}: the field 'schema' must be {' or '.join(map(str, READABLE))}; "
            "it is no submission, or one of a newer remem-bench."
        )
    try:
        checked = _validator(version)
        fault = None if checked.is_valid(document) else next(checked.iter_errors(document), None)
    except ValueError as error:  # a number that no schema can hold
        raise RememError(f"{where} holds a value that cannot be checked: {printable(str(error))}.") from None
    if fault is not None:
        field = ".".join(map(str, fault.instance_path))
        named = f"the field {printable(field)!r}" if field else "the top level"
        raise RememError(f"{where}: {named} {_sentence(fault, version)}.")


def _sentence(fault: jsonschema_rs.ValidationError, version: int) -> str:
    """What is wrong, in words; "must be a Hub id <org>/<name>" where the schema describes what it wants."""
    part: Any = schema(version)
    *parents, keyword = fault.schema_path
    for step in parents:
        part = part[step]
    if keyword in ("pattern", "enum", "const", "maxLength") and "description" in part:
        return f"must be {part['description']}"
    if isinstance(fault.kind, _Kind.Required):
        return f"lacks {printable(fault.kind.property)!r}"
    if isinstance(fault.kind, _Kind.AdditionalProperties):
        return f"has the unknown field {printable(fault.kind.unexpected[0])!r}"
    said = printable(fault.message, _SHOWN)
    return said.removeprefix("the value ") if said.startswith("the value ") else f"is not allowed: {said}"


def printable(text: str, limit: int = _SHOWN) -> str:
    """A stranger's text with control characters, direction marks and the like as escapes, cut to `limit`."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:limit])
    return shown + ("…" if len(text) > limit else "")
