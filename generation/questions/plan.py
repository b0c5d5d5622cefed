"""Which questions a person gets: topic, hop and wording, before a word of them is written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from generation.profiles import Profile
from generation.profiles.profile import BLOCK
from generation.questions.library import QuestionLibrary
from generation.questions.topics import OWN_TOPICS, REVERSE_TOPICS, Topic, linked_topics
from generation.streams import stream
from remem_dataset.config import BenchmarkConfig
from remem_dataset.schema import SENTENCE, VALUE

SINGLE = "single"
MULTI = "multi"

#: The first block starts among so many wordings, the plainest, whatever else is added behind them.
PLAIN = {"seen": 6, "unseen": 3}

#: How many wordings further the next block starts: coprime with 6 and 12, so that all have their turn.
WORDING_STEP = 5

#: Of the times that a person is asked the same by the same hop, every third or second asks for a sentence.
#: The first never does: whatever is taught is taught as a bare value too, the form that is evaluated.
SENTENCE_EVERY = {SINGLE: 3, MULTI: 2}


@dataclass(frozen=True)
class Ask:
    """One question to be written.

    Attributes:
        topic: what is asked.
        hop: "single" (the name is given) or "multi" (only the picture is).
        role: "seen" or "unseen" wordings.
        wording: 0-based place in the wordings of (topic, hop, role).
        form: "value" or "sentence", in which the answer is wanted.
    """

    topic: Topic
    hop: str
    role: str
    wording: int
    form: str = VALUE


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
    at most one question and a wording comes back only when all have been used. People of one block use the
    same wordings, so that a wording says nothing about who is meant; the next block starts some wordings
    further.

    Some single-hop places are kept for questions from the value to the name, some multi-hop places for topics
    with a second person; both take turns from block to block. Everybody's other questions are the same; who
    has nobody to be asked about goes on round those instead.
    """
    own = list(topic_order(config.seed))
    block = profile.index // BLOCK
    linked = _by_turns(linked_topics(config, profile), block)
    reverse = reverse_places(config)
    asks = _round(config, profile, library, own, SINGLE, "seen", config.single_hop_count - reverse)
    asks += _round(
        config, profile, library, _by_turns(list(REVERSE_TOPICS.values()), block), SINGLE, "seen", reverse
    )
    multis = config.qa_per_identity - len(asks)
    shared = multis - linked_places(config)
    own = own[:shared]
    # No linked topic is asked more often than an own one: with few of them, some places go back.
    links = min(linked_places(config), len(linked) * -(-shared // max(len(own), 1)))
    asks += _round(config, profile, library, own, MULTI, "seen", multis - links)
    asks += _round(config, profile, library, linked, MULTI, "seen", links)
    order = stream(config.seed, "row order", profile.index).permutation(len(asks))
    return [asks[place] for place in order.tolist()]


def plan_eval(
    config: BenchmarkConfig, profile: Profile, library: QuestionLibrary, taught: list[Ask]
) -> tuple[list[Ask], list[Ask]]:
    """The evaluation questions of one person: in taught wordings, and in held-out ones.

    Both lists ask the same topics with the same hops, all of them taught. Which topics moves on from person
    to person, so that a whole dataset covers all of them evenly. Wordings are taken in the order in which
    they were first used, as the first ones are shared by the whole block and the last ones are not.

    Args:
        config: the benchmark's config.
        profile: the person.
        library: the wordings.
        taught: the person's fine-tuning questions.

    Returns:
        (seen, unseen), each `config.eval_per_identity` long.
    """
    seen = []
    taught = sorted(taught, key=lambda ask: _use(config.seed, profile.index, ask, library))
    for hop, count in eval_counts(config).items():
        seen += _taught_again(config, profile, taught, hop, count)
    uses: dict[tuple[str, str], int] = {}
    unseen = []
    for ask in seen:
        use = uses.get((ask.topic.name, ask.hop), 0)
        uses[ask.topic.name, ask.hop] = use + 1
        count = library.count(ask.topic.name, ask.hop, "unseen")
        wording = (_first_wording(config.seed, profile.index, ask.topic, "unseen") + use) % count
        unseen.append(Ask(ask.topic, ask.hop, "unseen", wording))
    return seen, unseen


def plan_scenes(
    config: BenchmarkConfig, profile: Profile, library: QuestionLibrary, taught: list[Ask]
) -> dict[str, list[Ask]]:
    """The questions about one person among several: what was taught, in wordings that can name a place.

    Args:
        config: the benchmark's config.
        profile: the person.
        library: the wordings.
        taught: the person's fine-tuning questions.

    Returns:
        "seen" and "unseen" -> `config.groups_per_identity` asks each, of the same topics.
    """
    taught = [ask for ask in taught if MULTI in ask.topic.hops_asked and not ask.topic.is_choice]
    taught.sort(key=lambda ask: _use(config.seed, profile.index, ask, library))
    hop = MULTI if any(ask.hop == MULTI for ask in taught) else SINGLE
    asks: dict[str, list[Ask]] = {"seen": [], "unseen": []}
    uses: dict[str, int] = {}
    for ask in _taught_again(config, profile, taught, hop, config.groups_per_identity):
        use = uses.get(ask.topic.name, 0)
        uses[ask.topic.name] = use + 1
        for role, first in (
            ("seen", ask.wording),
            ("unseen", _first_wording(config.seed, profile.index, ask.topic, "unseen") + use),
        ):
            placeable = library.placeable(ask.topic.name, role)
            first %= library.count(ask.topic.name, MULTI, role)
            # The wording itself if it can be used, else the next one that can.
            wording = next((n for n in placeable if n >= first), placeable[0])
            asks[role].append(Ask(ask.topic, MULTI, role, wording))
    return asks


def reverse_places(config: BenchmarkConfig) -> int:
    """Single-hop fine-tuning questions of each person that go from the value to the name.

    One in ten, as far as every attribute has its first single-hop question.
    """
    singles = config.single_hop_count
    return max(min(singles // 10, singles - len(OWN_TOPICS)), 0)


def linked_places(config: BenchmarkConfig) -> int:
    """Multi-hop fine-tuning questions of each person that are kept for linked topics.

    One in seven, but one already of five; below that, a person's own attributes need the room.
    """
    multis = config.qa_per_identity - config.single_hop_count
    return max(multis // 7, int(multis >= 5))


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
    asks: list[Ask] = []
    for place in range(count):
        use, which = divmod(place, len(topics))
        topic = topics[which]
        wordings = library.count(topic.name, hop, role)
        wording = (_first_wording(config.seed, profile.index, topic, role) + use) % wordings
        every = SENTENCE_EVERY[hop]
        asks.append(Ask(topic, hop, role, wording, SENTENCE if use % every == every - 1 else VALUE))
    return asks


def _by_turns(topics: list[Topic], turn: int) -> list[Topic]:
    start = turn % max(len(topics), 1)
    return topics[start:] + topics[:start]


def _taught_again(
    config: BenchmarkConfig, profile: Profile, taught: list[Ask], hop: str, count: int
) -> list[Ask]:
    by_topic: dict[str, list[Ask]] = {}
    for ask in taught:
        if ask.hop == hop and ask.form == VALUE:
            by_topic.setdefault(ask.topic.name, []).append(ask)
    names = [topic.name for topic in topic_order(config.seed) if topic.name in by_topic]
    names += sorted(by_topic.keys() - set(names))
    chosen = []
    for place in range(count):
        asks = by_topic[names[(profile.index * count + place) % len(names)]]
        chosen.append(asks[place // len(names) % len(asks)])
    return chosen


def _first_wording(seed: int, index: int, topic: Topic, role: str) -> int:
    return index // BLOCK * WORDING_STEP + _offset(seed, topic.name) % PLAIN[role]


def _use(seed: int, index: int, ask: Ask, library: QuestionLibrary) -> int:
    """In which round the person is first asked this, counted from 0."""
    wordings = library.count(ask.topic.name, ask.hop, ask.role)
    return (ask.wording - _first_wording(seed, index, ask.topic, ask.role)) % wordings


@lru_cache(maxsize=4096)
def _offset(seed: int, topic: str) -> int:
    return int(stream(seed, "first wording", topic).integers(1_000))


def _draw(seed: int, topic: str) -> float:
    return float(stream(seed, "topic order", topic).random())
