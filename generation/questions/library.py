"""The wordings: one Jinja2 file for each topic in `assets/questions`, compiled and checked once.

A file holds the blocks `single_seen`, `single_unseen`, `multi_seen`, `multi_unseen` (one wording a line; only
those in which the topic is asked, see `Topic.hops_asked`), `cloze` and `reasoning`. Blocks may use the
variables of `VARIABLES` and the filters `possessive` and `sentence`. The number of a wording is its place in
its block: add new ones at the end. A multi-hop wording refers to the person once, in a way that
`questions.places` knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import (
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateSyntaxError,
    meta,
    nodes,
)
from jinja2.sandbox import SandboxedEnvironment

from generation.presets import ASSETS
from generation.questions.places import capitalise, is_placeable
from generation.questions.topics import TOPICS
from remem_dataset.errors import RememError
from remem_dataset.schema import COMPARISON, REVERSE

QUESTIONS = ASSETS / "questions"
SUFFIX = ".j2"

#: name: the person's; person: the name, "the person in the image" or, say, "the person on the left"; value:
#: the answer; attributes: all the person's own; other: the linked person's name; fact: what the question
#: starts from or what the other person is compared by; count and choices: "three" and "the first, the second
#: or the third" (several pictures only).
VARIABLES = ("name", "person", "value", "attributes", "other", "fact", "count", "choices")

#: Values for the variables that a wording may use, to count and to check wordings without a person; for the
#: kinds of topics that are missing here, those of `SAMPLE`.
SAMPLE = {"name": "N", "count": "two", "choices": "the first or the second"}
_SAMPLES = {REVERSE: {"fact": "F"}, COMPARISON: {"other": "O"}}


def sample_variables(topic: str) -> dict[str, str]:
    """Values for the variables that the wordings of a topic, or of a file of no topic, may use."""
    return _SAMPLES.get(TOPICS[topic].kind, SAMPLE) if topic in TOPICS else SAMPLE


def possessive(name: str) -> str:
    """ "Mira" -> "Mira's", "Iris" -> "Iris's": names take 's whatever they end in (Oxford style)."""
    return f"{name}'s"


class QuestionLibrary:
    """The compiled templates of one folder.

    Args:
        folder: where the `.j2` files are.

    Raises:
        RememError: a file that is not UTF-8, does not parse or uses an unknown variable; file and line named.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self._environment = SandboxedEnvironment(
            loader=FileSystemLoader(self.folder, encoding="utf-8"),
            undefined=StrictUndefined,
            autoescape=False,
        )
        self._environment.filters["possessive"] = possessive
        self._environment.filters["sentence"] = capitalise
        self._templates = {
            path.name.removesuffix(SUFFIX): self._compile(path)
            for path in sorted(self.folder.glob(f"*{SUFFIX}"))
        }
        # One context for each template, whose variables are replaced: making one costs more than most blocks.
        self._variables = {name: {} for name in self._templates}
        self._contexts = {
            name: template.new_context(self._variables[name], shared=True)
            for name, template in self._templates.items()
        }
        self._counts: dict[tuple[str, str], int] = {}
        self._shared: dict[str, list[str]] = {}
        self._placeable: dict[tuple[str, str], tuple[int, ...]] = {}

    def topics(self) -> list[str]:
        """Names of the files, without the shared one."""
        return [name for name in self._templates if not name.startswith("_")]

    def has_block(self, topic: str, block: str) -> bool:
        """Whether the topic's file has that block."""
        return block in self._template(topic).blocks

    def count(self, topic: str, hop: str, role: str) -> int:
        """How many wordings there are for (topic, "single" or "multi", "seen" or "unseen")."""
        key = (topic, f"{hop}_{role}")
        if key not in self._counts:
            self._counts[key] = len(self.wordings(topic, hop, role, sample_variables(topic)))
        return self._counts[key]

    def placeable(self, topic: str, role: str) -> tuple[int, ...]:
        """Which multi-hop wordings can ask about one person among several (see `questions.places`)."""
        key = (topic, role)
        if key not in self._placeable:
            wordings = self.wordings(topic, "multi", role, sample_variables(topic))
            self._placeable[key] = tuple(n for n, wording in enumerate(wordings) if is_placeable(wording))
        return self._placeable[key]

    def wordings(self, topic: str, hop: str, role: str, variables: Mapping[str, Any]) -> list[str]:
        """All wordings of a block, in order.

        Args:
            topic: file name without suffix.
            hop: "single" or "multi".
            role: "seen" or "unseen".
            variables: values for the template's variables.

        Raises:
            RememError: no such file or block, or a variable that has no value here.
        """
        lines = (line.strip() for line in self.text(topic, f"{hop}_{role}", variables).splitlines())
        return [line for line in lines if line]

    def shared(self, block: str) -> list[str]:
        """The lines of a block of the shared file that needs no variable, such as sentence_requests."""
        if block not in self._shared:
            self._shared[block] = self.text("_shared", block, {}).splitlines()
        return self._shared[block]

    def text(self, topic: str, block: str, variables: Mapping[str, Any]) -> str:
        """One block as text."""
        template = self._template(topic)
        if block not in template.blocks:
            raise RememError(f"{self.folder / topic}{SUFFIX} has no block {block!r}.")
        self._variables[topic].clear()
        self._variables[topic].update(variables)
        try:
            return "".join(template.blocks[block](self._contexts[topic])).strip()
        except TemplateError as error:
            place = f"{template.filename}, line {_line_of(error, template)}"
            raise RememError(f"{place}: {error.message}; the variables are {', '.join(VARIABLES)}.") from None

    def _template(self, topic: str) -> Template:
        if topic not in self._templates:
            raise RememError(f"{self.folder} has no question template {topic}{SUFFIX}.")
        return self._templates[topic]

    def _compile(self, path: Path) -> Template:
        try:
            tree = self._environment.parse(path.read_text(encoding="utf-8"), path.name, str(path))
            for name in sorted(meta.find_undeclared_variables(tree) - set(VARIABLES)):
                line = next(node.lineno for node in tree.find_all(nodes.Name) if node.name == name)
                raise RememError(
                    f"{path}, line {line}: unknown variable {name!r}; "
                    f"the variables are {', '.join(VARIABLES)}."
                )
            return self._environment.get_template(path.name)
        except UnicodeDecodeError as error:
            raise RememError(f"{path} is not UTF-8 text (byte {error.start}).") from None
        except TemplateSyntaxError as error:
            raise RememError(f"{path}, line {error.lineno}: {error.message}.") from None


def _line_of(error: Exception, template: Template) -> int | str:
    """Line of the template at which rendering failed (the deepest frame of its compiled code)."""
    line: int | str = "?"
    frame = error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == template.filename:
            line = template.get_corresponding_lineno(frame.tb_lineno)
        frame = frame.tb_next
    return line
