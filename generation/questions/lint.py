"""Checks on the wordings that need no profile; they run whenever a library is loaded."""

from __future__ import annotations

from generation.questions.library import SUFFIX, QuestionLibrary, sample_variables
from generation.questions.places import REFERENTS, count_referents
from generation.questions.topics import TOPICS
from remem_dataset.errors import RememError

#: Fewest wordings in a block: (seen, unseen).
FEWEST = {"seen": 12, "unseen": 6}

#: Fewest wordings of a topic that can ask about one person among several.
FEWEST_PLACEABLE = {"seen": 6, "unseen": 3}

#: The templates of the questions over several pictures, which belong to no topic.
MULTI_IMAGE = "multi_image"
BOTH_IMAGES = "both_images"


def lint(library: QuestionLibrary) -> None:
    """Check every template.

    Raises:
        RememError: a missing or superfluous file, a missing block, too few wordings, a wording given twice
            or one that is not clean text; the file and the wording are named.
    """
    expected = {*TOPICS, MULTI_IMAGE, BOTH_IMAGES}
    for name in sorted(expected ^ set(library.topics())):
        problem = "is missing" if name in expected else "belongs to no attribute"
        raise RememError(f"The question template {library.folder / name}{SUFFIX} {problem}.")
    for name in sorted(expected):
        where = f"{library.folder / name}{SUFFIX}"
        for block in ("cloze", "reasoning"):
            if not library.has_block(name, block):
                raise RememError(f"{where} has no block {block!r}.")
        asked = TOPICS[name].hops_asked if name in TOPICS else ("multi",)
        for hop in ("single", "multi"):
            if hop in asked:
                _check_wordings(library, name, hop, where)
            elif library.has_block(name, f"{hop}_seen"):
                raise RememError(f"{where}: this is asked by {asked[0]} blocks only; drop its {hop} blocks.")
        if name in TOPICS and "multi" in asked:
            _check_referents(library, name, where)
    _check_requests(library)


def _check_wordings(library: QuestionLibrary, name: str, hop: str, where: str) -> None:
    seen_before: set[str] = set()
    for role, fewest in FEWEST.items():
        wordings = library.wordings(name, hop, role, sample_variables(name))
        if len(wordings) < fewest:
            raise RememError(
                f"{where}: block {hop}_{role} has {len(wordings)} wordings; at least {fewest} are needed."
            )
        for wording in wordings:
            if wording in seen_before:
                raise RememError(f"{where}: the wording {wording!r} is given twice.")
            if "  " in wording or not wording.endswith(("?", ".")) or not wording[0].isupper():
                raise RememError(
                    f"{where}: the wording {wording!r} must begin with a capital, end with '?' or '.' "
                    "and have no double spaces."
                )
            seen_before.add(wording)


def _check_referents(library: QuestionLibrary, name: str, where: str) -> None:
    for role, fewest in FEWEST_PLACEABLE.items():
        for wording in library.wordings(name, "multi", role, sample_variables(name)):
            if count_referents(wording) != 1:
                raise RememError(
                    f"{where}: the wording {wording!r} must refer to the person once, as one of "
                    f"{', '.join(REFERENTS)}."
                )
        found = len(library.placeable(name, role))
        if found < fewest:
            raise RememError(
                f"{where}: block multi_{role} has {found} wordings without a genitive such as "
                f'"this person\'s"; at least {fewest} are needed.'
            )


def _check_requests(library: QuestionLibrary) -> None:
    where = f"{library.folder / '_shared'}{SUFFIX}"
    requests = library.shared("sentence_requests")
    if not requests:
        raise RememError(f"{where}: block sentence_requests is empty; at least one line is needed.")
    for request in requests:
        if not (request and request[0].isupper() and request.endswith(".") and "  " not in request):
            raise RememError(
                f"{where}: the request {request!r} must begin with a capital, end with '.' and have no "
                "double spaces."
            )
