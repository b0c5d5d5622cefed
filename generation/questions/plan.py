"""Which questions a person gets: topic, hop and wording, before a word of them is written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from generation.profiles import Profile
from generation.profiles.profile import BLOCK
from generation.questions.library import QuestionLibrary
from generation.questions.topics import OWN_TOPICS, Topic, linked_topics
from generation.streams import stream
from remem_dataset.config import BenchmarkConfig

SINGLE = "single"
MULTI = "multi"


@dataclass(frozen=True)
class Ask:
    """One question to be written.

    Attributes:
        topic: what is asked.
        hop: "single" (the name is given) or "multi" (only the picture is).
        role: "seen" or "unseen" wordings.
        wording: 0-based place in the wordings of (topic, hop, role).
    """

    topic: Topic
    hop: str
    role: str
    wording: int


@lru_cache(maxsize=64)
def topic_order(seed: int) -> tuple[Topic, ...]:
    """The person's own topics in a seed-determined order, which a new attribute does not change for the rest.

    The order is the same for everybody: people who are asked about the same things can only be told apart by
    name or face, which is what Exposure must measure. Three-step topics come first, to be sure of a place.
    """
    return tuple(sorted(OWN_TOPICS.values(), key=lambda topic: (-topic.image_hops, _draw(seed, topic.name))))


def plan_finetune(config: BenchmarkConfig, profile: Profile, library: QuestionLibrary) -> list[Ask]:
    """The fine-tuning questions of one person, in their final order.

    Single- and multi-hop questions each go round the topics, a new wording every round, so topics differ by
    at most one question and a wording comes back only when all have been used. Linked topics come after the
    own ones in the multi-hop round. People of one block use the same wordings, so that a wording says nothing
    about who is meant; the next block starts one wording further.
    """
    own = list(topic_order(config.seed))
    linked = linked_topics(config, profile)
    singles = _round(config, profile, library, own, SINGLE, "seen", config.single_hop_count)
    multis = _round(
        config, profile, library, own + linked, MULTI, "seen", config.qa_per_identity - len(singles)
    )
    asks = singles + multis
    order = stream(config.seed, "row order", profile.index).permutation(len(asks))
    return [asks[place] for place in order.tolist()]


def plan_eval(
    config: BenchmarkConfig, profile: Profile, library: QuestionLibrary, taught: list[Ask]
) -> tuple[list[Ask], list[Ask]]:
    """The evaluation questions of one person: in taught wordings, and in held-out ones.

    Both lists ask the same topics with the same hops, all of them taught. Which topics moves on from person
    to person, so that a whole dataset covers all of them evenly.

    Args:
        config: the benchmark's config.
        profile: the person.
        library: the wordings.
        taught: the person's fine-tuning questions.

    Returns:
        (seen, unseen), each `config.eval_per_identity` long.
    """
    seen = []
    for hop, count in eval_counts(config).items():
        seen += _taught_again(config, profile, taught, hop, count)
    uses: dict[tuple[str, str], int] = {}
    unseen = []
    for ask in seen:
        use = uses.get((ask.topic.name, ask.hop), 0)
        uses[ask.topic.name, ask.hop] = use + 1
        count = library.count(ask.topic.name, ask.hop, "unseen")
        wording = (_first_wording(config.seed, profile.index, ask.topic) + use) % count
        unseen.append(Ask(ask.topic, ask.hop, "unseen", wording))
    return seen, unseen


def eval_counts(config: BenchmarkConfig) -> dict[str, int]:
    """Evaluation questions by hop: the fine-tuning ratio, and at least one of each hop that is taught."""
    total = config.eval_per_identity
    singles = int(total * config.single_hop_ratio + 0.5)
    if config.single_hop_count > 0:
        singles = max(singles, 1)
    if config.single_hop_count < config.qa_per_identity:
        singles = min(singles, total - 1)
    if config.single_hop_count == 0:
        singles = 0
    if config.single_hop_count == config.qa_per_identity:
        singles = total
    return {SINGLE: singles, MULTI: total - singles}


def _round(
    config: BenchmarkConfig,
    profile: Profile,
    library: QuestionLibrary,
    topics: list[Topic],
    hop: str,
    role: str,
    count: int,
) -> list[Ask]:
    asks = []
    for place in range(count):
        use, which = divmod(place, len(topics))
        topic = topics[which]
        wordings = library.count(topic.name, hop, role)
        wording = (_first_wording(config.seed, profile.index, topic) + use) % wordings
        asks.append(Ask(topic, hop, role, wording))
    return asks


def _taught_again(
    config: BenchmarkConfig, profile: Profile, taught: list[Ask], hop: str, count: int
) -> list[Ask]:
    by_topic: dict[str, list[Ask]] = {}
    for ask in taught:
        if ask.hop == hop:
            by_topic.setdefault(ask.topic.name, []).append(ask)
    names = [topic.name for topic in topic_order(config.seed) if topic.name in by_topic]
    names += sorted(by_topic.keys() - set(names))
    chosen = []
    for place in range(count):
        asks = by_topic[names[(profile.index * count + place) % len(names)]]
        chosen.append(asks[place // len(names) % len(asks)])
    return chosen


def _first_wording(seed: int, index: int, topic: Topic) -> int:
    return index // BLOCK + _offset(seed, topic.name)


@lru_cache(maxsize=4096)
def _offset(seed: int, topic: str) -> int:
    return int(stream(seed, "first wording", topic).integers(1_000))


def _draw(seed: int, topic: str) -> float:
    return float(stream(seed, "topic order", topic).random())
