"""The model type `remem-vlm` on a tiny LLaVA: what lm-eval asks of it, without lm-eval's main loop."""

from __future__ import annotations

import numpy as np
import pytest
from lm_eval.api.instance import Instance
from lm_eval.api.model import CachingLM
from lm_eval.api.registry import get_model

from harness_tasks.data import task_rows
from harness_tasks.functions import image_references, images, process_exposure, question, ranked_answers
from harness_tasks.metrics import null_mean
from harness_tasks.model import RememVLM
from harness_tasks.scoring import encode_prompts
from remem_dataset.errors import RememError
from remem_dataset.prompts import build_prompt
from remem_dataset.results.spread import clustered
from tests.fakes.models import save_tiny_llava

GREEDY = {"until": ["\n"], "do_sample": False, "max_gen_toks": 12}


def scoring_requests(doc, *, by_reference: bool = True) -> list[Instance]:
    pictures = image_references(doc) if by_reference else images(doc)
    extra = ({"visual": pictures},) if pictures else ()
    return [
        Instance("loglikelihood", doc, (question(doc), answer, *extra), i)
        for i, answer in enumerate(ranked_answers(doc))
    ]


def asking_requests(rows) -> list[Instance]:
    return [
        Instance("generate_until", doc, (question(doc), GREEDY, {"visual": image_references(doc)}), 0)
        for doc in rows
    ]


def test_the_model_type_is_registered():
    assert get_model("remem-vlm") is RememVLM


def test_a_loaded_model_scores_like_a_saved_one(lm, source):
    loaded = RememVLM(lm.model, tokenizer=lm.processor, device="cpu")
    doc = task_rows(source, "remem_retain_seen_multi_exposure")[0]
    requests = scoring_requests(doc)
    assert loaded.loglikelihood(requests, disable_tqdm=True) == lm.loglikelihood(requests, disable_tqdm=True)


def test_requests_of_several_tasks_come_back_in_their_order(lm, source):
    multi = task_rows(source, "remem_retain_seen_multi_exposure")[0]
    text = task_rows(source, "remem_retain_text_exposure")[0]
    requests = scoring_requests(multi) + scoring_requests(text)
    order = np.random.default_rng(0).permutation(len(requests))
    shuffled = lm.loglikelihood([requests[i] for i in order], disable_tqdm=True)
    for doc, part in (
        (multi, requests[: len(ranked_answers(multi))]),
        (text, requests[-len(ranked_answers(text)) :]),
    ):
        prompt = build_prompt(lm.processor, doc["question"], len(image_references(doc)))
        expected = lm.scorer.score(prompt, images(doc), ranked_answers(doc))
        got = [shuffled[list(order).index(requests.index(request))] for request in part]
        assert got == expected


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"max_gen_toks": "abc"}, "max_gen_toks is 'abc'; it must be a whole number"),
        ({"max_gen_toks": 0}, "max_gen_toks is 0; it must be a whole number"),
        ({"max_gen_toks": 2, "colour": "red"}, "The model cannot generate with .*colour"),
    ],
)
def test_generation_arguments_that_are_none_are_one_sentence(lm, source, options, sentence):
    doc = task_rows(source, "remem_forget_text_qa")[0]
    with pytest.raises(RememError, match=sentence):
        lm.generate_until([Instance("generate_until", doc, (question(doc), options), 0)], disable_tqdm=True)


def test_pictures_may_come_by_reference_or_decoded(lm, source):
    doc = task_rows(source, "remem_retain_seen_multi_exposure")[1]
    one, other = (
        lm.loglikelihood(scoring_requests(doc, by_reference=way), disable_tqdm=True) for way in (True, False)
    )
    assert one == other


def test_the_picture_matters(lm, source):
    with_picture = task_rows(source, "remem_retain_seen_single_exposure")[0]
    without = task_rows(source, "remem_retain_text_exposure")[0]
    assert with_picture["question"] == without["question"]
    scores = [lm.loglikelihood(scoring_requests(d), disable_tqdm=True)[0][0] for d in (with_picture, without)]
    assert abs(scores[0] - scores[1]) > 1e-2


def test_a_model_that_knows_nothing_has_the_null_exposure(lm, source):
    excess, facts = [], []
    for split in ("seen", "unseen"):
        for part in ("forget", "retain"):
            for hop in ("single", "multi"):
                for doc in task_rows(source, f"remem_{part}_{split}_{hop}_exposure"):
                    scores = lm.loglikelihood(scoring_requests(doc), disable_tqdm=True)
                    metrics = process_exposure(doc, scores)
                    excess.append(metrics["exposure"] - null_mean(len(scores) - 1))
                    # Two questions about one fact rank the same answer: they count once.
                    facts.append((doc["identity_id"], doc["attribute"]))
    assert len(set(facts)) > 8
    assert abs(np.mean(excess)) < 3 * clustered(excess, facts).stderr < 2.0


def test_generation_does_not_depend_on_the_batch(lm, source):
    rows = [*task_rows(source, "remem_retain_seen_multi_qa"), *task_rows(source, "remem_retain_text_qa")]
    together = lm.generate_until(asking_requests(rows), disable_tqdm=True)
    alone = [lm.generate_until(asking_requests([row]), disable_tqdm=True)[0] for row in rows]
    assert together == alone
    assert len(set(together)) > 1


@pytest.fixture
def talkative(lm) -> tuple[Instance, list[int]]:
    """A question that the tiny model answers at some length, and the tokens of its answer."""
    for number in range(50):
        request = Instance(
            "generate_until", {}, (f"What is {number}?", {**GREEDY, "until": ["never said"]}), 0
        )
        inputs = encode_prompts(lm.processor, [build_prompt(lm.processor, f"What is {number}?", 0)], [[]])
        said = lm.model.generate(**inputs, max_new_tokens=12, do_sample=False)
        tokens = said[0, inputs["input_ids"].shape[1] :].tolist()
        if len(tokens) == 12 and len(set(tokens)) > 6:
            return request, tokens
    raise AssertionError("the tiny model answers nothing at length")


def test_generated_text_is_cut_at_stop_strings(lm, talkative):
    request, tokens = talkative
    (whole,) = lm.generate_until([request], disable_tqdm=True)
    assert whole == lm.tokenizer.decode(tokens, skip_special_tokens=True)
    stop = whole[len(whole) // 2]
    shorter = Instance("generate_until", {}, (request.args[0], {**GREEDY, "until": [stop]}), 0)
    assert lm.generate_until([shorter], disable_tqdm=True) == [whole.split(stop)[0]]


def test_generation_stops_at_every_end_token_of_the_model(lm, talkative, monkeypatch):
    request, tokens = talkative
    end = tokens[6]
    expected = lm.tokenizer.decode(tokens[: tokens.index(end) + 1], skip_special_tokens=True)
    monkeypatch.setattr(lm.model.generation_config, "eos_token_id", [end])
    assert lm.generate_until([request], disable_tqdm=True) == [expected]


def test_the_chat_template_is_applied_when_lm_eval_does_not(lm, source):
    doc = task_rows(source, "remem_retain_seen_multi_exposure")[0]
    prompt = build_prompt(lm.processor, doc["question"], 1)
    assert lm._prompt(question(doc)) == prompt
    assert lm._prompt(question(doc)) == prompt  # asking twice does not mark it as applied
    lm.chat_applied = True
    try:
        assert lm._prompt(prompt) == prompt
    finally:
        lm.chat_applied = False


def test_the_response_cache_keeps_the_token_scores(lm, source, tmp_path):
    doc = task_rows(source, "remem_retain_seen_multi_exposure")[0]
    cached = CachingLM(lm, str(tmp_path / "cache.db"))
    try:
        first = cached.loglikelihood(scoring_requests(doc))
        again = cached.loglikelihood(scoring_requests(doc))
    finally:
        lm.set_cache_hook(type(lm.cache_hook)(None))
    assert [score.token_logprobs for score in again] == [score.token_logprobs for score in first]


@pytest.mark.parametrize("name", ["./nowhere", "nowhere"])
def test_a_missing_model_is_named(name):
    with pytest.raises(RememError, match=f"There is no model {name}"):
        RememVLM(name, device="cpu")


def test_a_text_only_model_is_refused(text_model_folder):
    with pytest.raises(RememError, match="takes no images"):
        RememVLM(str(text_model_folder), device="cpu")


def test_a_model_without_image_processor_is_refused(model_folder, text_model_folder):
    with pytest.raises(RememError, match=r"no processor that loads|a tokenizer only"):
        RememVLM(str(model_folder), tokenizer=str(text_model_folder), device="cpu")


def test_a_processor_without_chat_template_is_refused(tmp_path):
    folder = save_tiny_llava(tmp_path / "model", chat_template=None)
    with pytest.raises(RememError, match="no chat template"):
        RememVLM(str(folder), device="cpu")


def test_an_automatic_batch_size_begins_with_a_moderate_one(model_folder):
    assert RememVLM(str(model_folder), device="cpu", batch_size="auto").batch_size == 8
