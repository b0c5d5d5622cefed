"""What can be asked about a person: each attribute, and attributes of the people they are linked to."""

from __future__ import annotations

from dataclasses import dataclass

from generation.profiles import ATTRIBUTES, Profile, forget_rank, sample_links
from generation.profiles.profile import RELATIONS
from remem_dataset.config import BenchmarkConfig
from remem_dataset.errors import RememError


@dataclass(frozen=True)
class Topic:
    """One thing that is asked; its name is the `attribute` column and the template's file name.

    Attributes:
        name: the attribute's name, or "<relation>_<attribute>" for a linked person's.
        attribute: whose generator gives the answer and the candidates.
        relation: None for the person's own attribute.
        image_hops: steps from the picture to the answer.
    """

    name: str
    attribute: str
    relation: str | None
    image_hops: int

    @property
    def qa_category(self) -> str:
        """Category of the attribute."""
        return ATTRIBUTES[self.attribute].qa_category


#: Asked through the picture only, and never tested in another form than taught: (relation, attribute).
LINKED = (
    ("colleague", "pet"),
    ("colleague", "occupation"),
    ("sibling", "birthplace"),
    ("sibling", "hobby"),
)

OWN_TOPICS = {name: Topic(name, name, None, a.image_hops) for name, a in ATTRIBUTES.items()}
LINKED_TOPICS = {f"{r}_{a}": Topic(f"{r}_{a}", a, r, 3) for r, a in LINKED}
TOPICS = {**OWN_TOPICS, **LINKED_TOPICS}

assert all(topic.relation in RELATIONS for topic in LINKED_TOPICS.values())


def get_topic(name: str) -> Topic:
    """The topic of that name.

    Raises:
        RememError: there is none.
    """
    if name not in TOPICS:
        raise RememError(f"There is no attribute {name!r} to ask about; there are {', '.join(TOPICS)}.")
    return TOPICS[name]


def owner_of(config: BenchmarkConfig, index: int, topic: Topic) -> int:
    """Index of the person whose attribute a topic asks for.

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


def linked_topics(config: BenchmarkConfig, profile: Profile) -> list[Topic]:
    """The linked topics that may be asked in this person's rows.

    At level k the forget set holds the ranks 1 … k, so a row of X is a retain row exactly at the levels
    k < rank(X). Asking only about people whose rank is at least X's keeps every forget person's value out of
    every retain row, whatever the level.
    """
    return [
        topic
        for topic in LINKED_TOPICS.values()
        if topic.relation in profile.links
        and forget_rank(config, profile.links[topic.relation]) >= profile.forget_rank
    ]
