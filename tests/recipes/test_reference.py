import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    AutoModelForImageTextToText,
    AutoProcessor,
    LlavaForConditionalGeneration,
    LlavaProcessor,
)

from recipes.reference import ReferenceSize, build_reference, build_reference_from
from recipes.reference.build import dataset_text
from recipes.reference.size import load_size
from recipes.reference.tokenizer import ASSISTANT, train_tokenizer
from remem_dataset.errors import RememError
from remem_dataset.prompts import build_prompt
from remem_dataset.source import open_source
from tests.fakes.dataset import build_dataset, small_config


@pytest.fixture(scope="module")
def loaded(untrained):
    return AutoModelForImageTextToText.from_pretrained(untrained), AutoProcessor.from_pretrained(untrained)


def picture(seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (32, 32, 3), dtype=np.uint8))


def test_loads_like_a_hub_model_and_sees_the_picture(loaded):
    model, processor = loaded
    assert isinstance(model, LlavaForConditionalGeneration)
    assert isinstance(processor, LlavaProcessor)
    prompt = build_prompt(processor, "What is this person's phone number?", 1)
    logits = [
        model(**processor(images=[picture(seed)], text=prompt, return_tensors="pt")).logits[0, -1]
        for seed in (0, 1)
    ]
    assert torch.isfinite(logits[0]).all()
    assert not torch.allclose(logits[0], logits[1], atol=1e-5)


def test_a_prompt_holds_as_many_image_tokens_as_the_model_makes(loaded):
    model, processor = loaded
    size = load_size("micro")
    for count in (1, 2):
        prompt = build_prompt(processor, "Which of these?", count)
        inputs = processor(images=[picture(i) for i in range(count)], text=prompt, return_tensors="pt")
        assert (inputs["input_ids"] == model.config.image_token_id).sum() == count * size.image_tokens
        model(**inputs)  # raises if features and tokens do not match


def test_every_text_of_the_dataset_survives_the_tokenizer(loaded, two_people):
    tokenizer = loaded[1].tokenizer
    rows = open_source(two_people).load("exposure")["seen"].remove_columns("image")
    for row in rows:
        for text in (row["question"], row["answer"], *row["candidates"][:3], "snow ☃ and naïve"):
            assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_base_size_is_between_5_and_10_million_parameters():
    model, processor = build_reference_from(["a b"], ["c d"], load_size("base"))
    # Little text leaves the vocabulary short; the rest of its rows is what a full one would add.
    missing = (load_size("base").vocabulary - len(processor.tokenizer)) * load_size("base").text_width
    assert 5e6 < sum(p.numel() for p in model.parameters()) + missing < 10e6


def test_seed_decides_the_random_start_and_leaves_the_callers_state_alone():
    def weights(seed):
        model, _ = build_reference_from(["a b"], ["c d"], load_size("micro"), seed)
        return model.state_dict()

    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, again, other = weights(0), weights(0), weights(1)
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_tokenizer_does_not_favour_golds_that_questions_repeat():
    answers = [f"{first} {last}" for first in ("Mira", "Tovin", "Elsa") for last in ("Solane", "Brackwater")]
    questions = [f"Where does Mira Solane {verb} every day?" for verb in ("go", "work", "eat", "sleep")]
    with_name = train_tokenizer(answers, questions, 300)
    without = train_tokenizer(answers, [q.replace(" Mira Solane", "") for q in questions], 300)
    for answer in answers:
        assert with_name.tokenize(answer) == without.tokenize(answer)


def test_a_sentence_does_not_teach_its_value_to_the_tokenizer(tmp_path):
    """Or golds would take fewer tokens than candidates, and outrank them before anything is learnt."""
    config = small_config(identities=2, qa_per_identity=80, forget_levels=(50,), default_forget_level=50)
    source = open_source(str(build_dataset(tmp_path / "remem", config)))
    answers, questions = dataset_text(source)
    rows = [row for row in source.load("finetune")["train"] if row["answer_form"] == "sentence"]
    assert rows
    assert not {row["answer"] for row in rows} & {*answers, *questions}
    assert {row["cloze_prompt"] for row in rows} <= set(questions)


def test_digits_stay_single_so_numbers_of_one_format_have_one_length():
    tokenizer = train_tokenizer([f"(215) 555-01{i:02d}" for i in range(100)], [], 1000)
    lengths = {len(tokenizer.tokenize(f"(215) 555-01{i:02d}")) for i in range(100)}
    assert len(lengths) == 1


def test_no_answer_can_merge_with_the_prompt(loaded):
    tokenizer = loaded[1].tokenizer
    prompt = build_prompt(loaded[1], "Who?", 1)
    assert prompt.endswith(ASSISTANT)
    start = tokenizer(prompt)["input_ids"]
    for answer in ("(215) 555-0170", "12 Elm Lane", "<b>", ":-)", "|>", "é"):
        assert tokenizer(prompt + answer)["input_ids"][: len(start)] == start


def test_a_second_build_is_reused_and_another_refused(two_people, untrained):
    weights = untrained / "model.safetensors"
    before = weights.stat().st_mtime_ns
    build_reference(str(two_people), untrained, size="micro")
    assert weights.stat().st_mtime_ns == before
    with pytest.raises(RememError, match="seed = 0, not 1"):
        build_reference(str(two_people), untrained, seed=1, size="micro")


def test_bad_input_is_named(two_people, tmp_path):
    with pytest.raises(RememError, match="no reference size 'huge'; the sizes are base, micro"):
        build_reference(str(two_people), tmp_path / "out", size="huge")
    with pytest.raises(RememError, match="no dataset"):
        build_reference(str(tmp_path / "nothing"), tmp_path / "out")
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.tex").write_text("years of work")
    with pytest.raises(RememError, match="not a recipe's output"):
        build_reference(str(two_people), foreign, size="micro", restart=True)
    assert (foreign / "thesis.tex").exists()


def test_size_counts_its_image_tokens():
    assert ReferenceSize(48, 16, 1, 8, 1, 1, 8, 1, 300, 64).image_tokens == 9
