"""Shared-prefix scoring against one full forward for each answer, on a real (tiny) LLaVA."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from PIL import Image

from harness_tasks.metrics import exposure
from harness_tasks.scoring import AnswerScore, PrefixScorer, encode_prompts
from harness_tasks.scoring.cache import copied
from remem_dataset.errors import RememError
from remem_dataset.prompts import answer_tokens, build_prompt
from tests.fakes.models import tiny_llava, tiny_processor

ANSWERS = ["12 Elm Lane, Norwick", "7", "(555) 0100", "a rather longer answer, of many words", "12 Elm Lane"]


@pytest.fixture(scope="module")
def processor():
    return tiny_processor()


@pytest.fixture(scope="module")
def model(processor):
    return tiny_llava(processor)


def picture(seed: int) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (40, 32, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def largest_difference(one: list[AnswerScore], other: list[AnswerScore]) -> float:
    return max(
        abs(a - b)
        for x, y in zip(one, other, strict=True)
        for a, b in zip(x.token_logprobs, y.token_logprobs, strict=True)
    )


def by_hand(model, processor, prompt: str, images: list, answer: str) -> list[float]:
    """Log P of each answer token from one plain forward over the whole text."""
    inputs = encode_prompts(processor, [prompt], [images])
    (ids,) = answer_tokens(processor.tokenizer, prompt, [answer])
    inputs["input_ids"] = torch.cat([inputs["input_ids"], torch.tensor([ids])], dim=1)
    inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
    with torch.no_grad():
        logprobs = model(**inputs).logits[0].log_softmax(-1)
    start = inputs["input_ids"].shape[1] - len(ids)
    return [float(logprobs[start + k - 1, token]) for k, token in enumerate(ids)]


@pytest.mark.parametrize("images", [0, 1, 2])
@pytest.mark.parametrize("memory", [1, 1 << 28])
def test_both_paths_equal_a_plain_forward(model, processor, images, memory):
    # In double precision: rows of other shapes are summed in another order, and how much of that shows in
    # float32 differs by CPU.
    model = copy.deepcopy(model).double()
    prompt = build_prompt(processor, "What is the home address?", images)
    pictures = [picture(k) for k in range(images)]
    for path in ("trie", "expand", "full"):
        scores = PrefixScorer(model, processor, path=path, memory=memory).score(prompt, pictures, ANSWERS)
        for answer, score in zip(ANSWERS, scores, strict=True):
            expected = by_hand(model, processor, prompt, pictures, answer)
            assert score.token_logprobs == pytest.approx(expected, abs=1e-5)
            assert score[0] == pytest.approx(sum(expected), abs=1e-4)


def test_ranks_do_not_depend_on_the_path(model, processor):
    prompt = build_prompt(processor, "Which blood type?", 1)
    answers = [f"{number} Elm Lane" for number in range(40)]
    exposures = [
        exposure(scores[0][0], [score[0] for score in scores[1:]]).rank
        for path in ("trie", "expand", "full")
        for scores in [PrefixScorer(model, processor, path=path).score(prompt, [picture(0)], answers)]
    ]
    assert len(set(exposures)) == 1


def test_the_greedy_flag_marks_what_the_model_would_say(model, processor):
    prompt = build_prompt(processor, "Who?", 1)
    inputs = encode_prompts(processor, [prompt], [[picture(0)]])
    said = model.generate(**inputs, max_new_tokens=6, do_sample=False)[0, inputs["input_ids"].shape[1] :]
    tokens = [said.tolist(), [*said[:-1].tolist(), 5 if said[-1] != 5 else 6]]
    scores = PrefixScorer(model, processor).score_tokens(inputs, tokens)
    assert [score[1] for score in scores] == [True, False]


def test_swapping_the_picture_changes_the_scores(model, processor):
    prompt = build_prompt(processor, "What is the home address?", 1)
    scorer = PrefixScorer(model, processor)
    one, other = (scorer.score(prompt, [picture(k)], ANSWERS) for k in (0, 1))
    assert largest_difference(one, other) > 1e-2


def test_equal_answers_get_equal_scores(model, processor):
    prompt = build_prompt(processor, "Which?", 0)
    first, _, again = PrefixScorer(model, processor).score(prompt, [], ["7", "12 Elm Lane", "7"])
    assert first == again


@pytest.mark.parametrize(
    ("broken", "left"), [(("packed",), "expand"), (("packed", "prefix"), "full")], ids=["expand", "full"]
)
def test_the_self_check_falls_back_where_a_path_goes_wrong(model, processor, monkeypatch, broken, left):
    prompt = build_prompt(processor, "What is the home address?", 1)
    right = PrefixScorer(model, processor, path="full").score(prompt, [picture(0)], ANSWERS)

    def forget_half(prefix, count):
        return copied([(k[:, :, ::2], v[:, :, ::2]) for k, v in prefix], count)

    for name in broken:
        monkeypatch.setattr(f"harness_tasks.scoring.{name}.copied", forget_half)
    scorer = PrefixScorer(model, processor)
    assert largest_difference(scorer.score(prompt, [picture(0)], ANSWERS), right) < 1e-5
    assert scorer.path == left


def test_the_self_check_takes_the_fast_path_on_llava(model, processor):
    scorer = PrefixScorer(model, processor)
    assert scorer.path is None
    scorer.score(build_prompt(processor, "What?", 1), [picture(0)], ANSWERS)
    assert scorer.path == "trie"


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_the_self_check_takes_the_fast_path_in_half_precision(processor, dtype):
    scorer = PrefixScorer(tiny_llava(processor).to(dtype), processor)
    scores = scorer.score(build_prompt(processor, "What?", 1), [picture(0)], ANSWERS)
    assert scorer.path == "trie"
    assert all(np.isfinite(score[0]) for score in scores)


def test_answers_are_split_where_the_prompt_ends(processor):
    tokenizer = processor.tokenizer
    prompt = build_prompt(processor, "What is Mira Solane's home address?", 0)
    (ids,) = answer_tokens(tokenizer, prompt, ["12 Elm Lane"])
    assert tokenizer(prompt)["input_ids"] + ids == tokenizer(prompt + "12 Elm Lane")["input_ids"]
    assert tokenizer.decode(ids) == "12 Elm Lane"


def test_a_token_across_the_boundary_is_not_scored(processor):
    tokenizer = processor.tokenizer
    # "address" is one token of this vocabulary: a prompt that ends in "addr" shares it with the answer.
    assert len(tokenizer(" address")["input_ids"]) < len(tokenizer(" addr")["input_ids"]) + 1
    (ids,) = answer_tokens(tokenizer, "home addr", ["ess"])
    assert tokenizer("home addr")["input_ids"] + ids != tokenizer("home address")["input_ids"]
    assert tokenizer.decode(ids) == "ess"


def test_an_answer_without_token_is_an_error(processor):
    with pytest.raises(RememError, match="no token"):
        answer_tokens(processor.tokenizer, "Who?", ["Mira", ""])


def test_a_begin_token_that_the_template_wrote_is_not_doubled(processor):
    ids = encode_prompts(processor, ["<s>Who?"], [[]])["input_ids"][0].tolist()
    assert ids.count(processor.tokenizer.bos_token_id) == 1


def test_the_score_is_a_pair_that_survives_pickling():
    score = pickle.loads(pickle.dumps(AnswerScore([-1.0, -2.5], True)))
    total, greedy = score
    assert (total, greedy, score.token_logprobs) == (-3.5, True, (-1.0, -2.5))


def test_an_unknown_path_is_an_error(model, processor):
    with pytest.raises(ValueError, match="auto, trie, expand, full"):
        PrefixScorer(model, processor, path="fast")


def test_a_collapsed_model_is_scored_fast_and_decides_nothing(processor):
    """Weights that are not numbers: every score is none, no path is chosen for good, nothing is raised."""
    broken = tiny_llava(processor)
    with torch.no_grad():
        broken.lm_head.weight.fill_(float("nan"))
    scorer = PrefixScorer(broken, processor)
    scores = scorer.score(build_prompt(processor, "What?", 1), [picture(0)], ANSWERS, detailed=1)
    assert all(np.isnan(score[0]) for score in scores)
    assert scorer.path is None


@pytest.mark.parametrize("path", ["trie", "expand"])
def test_batches_get_smaller_where_memory_runs_out(model, processor, monkeypatch, path):
    """A device that takes rows of so much: the figures are those of one that takes all at once."""
    prompt, answers = build_prompt(processor, "Where?", 1), [f"{number} Elm Lane" for number in range(60)]
    right = PrefixScorer(model, processor, path="full").score(prompt, [picture(0)], answers)
    forward, sizes = type(model.model.language_model).forward, []

    def little(self, *args, past_key_values=None, **kwargs):
        embeds = kwargs.get("inputs_embeds")
        tokens = (kwargs["input_ids"] if embeds is None else embeds).shape[:2].numel()
        if past_key_values.get_seq_length():  # answers, not the prompt
            sizes.append(tokens)
            if tokens > 40:
                raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, *args, past_key_values=past_key_values, **kwargs)

    monkeypatch.setattr(type(model.model.language_model), "forward", little)
    monkeypatch.setattr("harness_tasks.scoring.prefix.LEAST_MEMORY", 1 << 10)  # the model is tiny, too
    scorer = PrefixScorer(model, processor, path=path, memory=1 << 26)
    assert largest_difference(scorer.score(prompt, [picture(0)], answers), right) < 1e-5
    assert sizes[0] > 40 >= max(sizes[-3:])
    assert scorer.memory < 1 << 26
    sizes.clear()
    scorer.score(prompt, [picture(0)], answers)
    assert max(sizes) <= 40  # it is remembered


def test_a_device_too_small_for_any_batch_is_refused(model, processor, monkeypatch):
    def nothing(self, *args, **kwargs):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(type(model), "forward", nothing)
    with pytest.raises(RememError, match="does not suffice for one question and its answers"):
        PrefixScorer(model, processor).score(build_prompt(processor, "What?", 1), [picture(0)], ANSWERS)


def test_placeholders_and_pictures_must_be_equally_many(processor):
    prompt = build_prompt(processor, "What?", 2)
    with pytest.raises(RememError, match="LlavaProcessor cannot encode a prompt with 1 pictures"):
        encode_prompts(processor, [prompt], [[picture(0)]])


def test_a_prompt_longer_than_the_context_is_refused(model, processor):
    prompt = build_prompt(processor, "What? " * 300, 1)
    with pytest.raises(RememError, match=r"has \d+ tokens, but the context of the model llava has 512"):
        PrefixScorer(model, processor).score(prompt, [picture(0)], ANSWERS)
