"""What can be asked about a person: each attribute, the way back from a value to its owner, attributes of the
people they are linked to, and comparisons with those.
"""

from __future__ import annotations

from dataclasses import dataclass

from generation.profiles import (
    ATTRIBUTES,
    Attribute,
    Context,
    Profile,
    forget_rank,
    sample_age,
    sample_gender,
    sample_links,
)
from generation.profiles.names import NAMES
from generation.profiles.profile import RELATIONS
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError
from remem_dataset.schema import COMPARISON, REVERSE

OWN = "own"
LINK = "link"


@dataclass(frozen=True)
class Topic:
    """One thing that is asked; its name is the `attribute` column and the template's file name.

    Attributes:
        name: the attribute's name, "<relation>_<attribute>" for a linked person's, "<attribute>_owner" for
            whose value it is, or "age_comparison".
        attribute: the profile attribute that is asked about.
        relation: None if nobody but the person is involved.
        image_hops: steps from the picture to the answer.
        kind: "own", "link", "reverse" (from the value to the name) or "comparison" (of two people).
    """

    name: str
    attribute: str
    relation: str | None
    image_hops: int
    kind: str = OWN

    @property
    def qa_category(self) -> str:
        """Category of the attribute, or the kind of question where that says more."""
        return self.kind if self.kind in (REVERSE, COMPARISON) else ATTRIBUTES[self.attribute].qa_category

    @property
    def hops_asked(self) -> tuple[str, ...]:
        """In which ways it is asked: "single" by name (or by value), "multi" through the picture."""
        return {OWN: ("single", "multi"), REVERSE: ("single",)}.get(self.kind, ("multi",))

    @property
    def is_choice(self) -> bool:
        """Whether the question names all possible answers, so that there is nothing to rank."""
        return self.kind == COMPARISON


#: Asked through the picture only, and never tested in another form than taught: (relation, attribute).
LINKED = (
    ("colleague", "pet"),
    ("colleague", "occupation"),
    ("sibling", "birthplace"),
    ("sibling", "hobby"),
)

#: Asked the other way round, by the value alone; values of these attributes point to one person.
REVERSED = ("email", "phone", "licence_plate")

OWN_TOPICS = {name: Topic(name, name, None, a.image_hops) for name, a in ATTRIBUTES.items()}
REVERSE_TOPICS = {f"{a}_owner": Topic(f"{a}_owner", a, None, 1, REVERSE) for a in REVERSED}
LINKED_TOPICS = {f"{r}_{a}": Topic(f"{r}_{a}", a, r, 3, LINK) for r, a in LINKED}
#: "Who is older, X or the person in the image?": X is the former colleague, who is never of the same age.
COMPARISON_TOPICS = {"age_comparison": Topic("age_comparison", "birth_date", "colleague", 3, COMPARISON)}
TOPICS = {**OWN_TOPICS, **REVERSE_TOPICS, **LINKED_TOPICS, **COMPARISON_TOPICS}

assert all(topic.relation in (None, *RELATIONS) for topic in TOPICS.values())
assert all(ATTRIBUTES[name].identifying for name in REVERSED)


def get_topic(name: str) -> Topic:
    """The topic of that name.

    Raises:
        RememError: there is none.
    """
    if name not in TOPICS:
        raise RememError(f"There is no attribute {name!r} to ask about; there are {', '.join(TOPICS)}.")
    return TOPICS[name]


def owner_of(config: BenchmarkConfig, index: int, topic: Topic) -> int:
    """Index of the other person of a topic, or `index` itself if only that person is involved.

    Raises:
        RememError: identity `index` has nobody in that relation.
    """
    if topic.relation is None:
        return index
    links = sample_links(config, index)
    if topic.relation not in links:
        raise RememError(
            f"Identity {index} has no {topic.relation}, so {topic.name!r} cannot be asked of it."
        )
    return links[topic.relation]


def answers_of(config: BenchmarkConfig, index: int, topic: Topic) -> tuple[Attribute, Context]:
    """The generator of a topic's answers, and the context in which it gave the gold one.

    Raises:
        RememError: a choice, which has no generator, or nobody in the topic's relation.
    """
    if topic.is_choice:
        raise RememError(f"{topic.name!r} is a choice between two people; it has no other answers.")
    owner = owner_of(config, index, topic)
    context = Context.of_age(sample_age(config.seed, owner))
    if topic.kind == REVERSE:
        return NAMES[sample_gender(config.seed, owner)], context
    return ATTRIBUTES[topic.attribute], context


def linked_topics(config: BenchmarkConfig, profile: Profile) -> list[Topic]:
    """The topics with a second person that may be asked in this person's rows.

    At level k the forget set holds the ranks 1 … k, so a row of X is a retain row exactly at the levels
    k < rank(X). Asking only about people whose rank is at least X's keeps every forget person's value out of
    every retain row, whatever the level.
    """
    return [
        topic
        for topic in (*LINKED_TOPICS.values(), *COMPARISON_TOPICS.values())
        if topic.relation in profile.links
        and forget_rank(config, profile.links[topic.relation]) >= profile.forget_rank
    ]
