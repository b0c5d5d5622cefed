"""Put tokenizer, picture processor and a random-start model together and save them like a Hub model."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import (
    CLIPVisionConfig,
    GenerationConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from recipes.outputs import Record, open_partial, publish, reuse
from remem_dataset.schema import EVAL, EXPOSURE, FINETUNE, MULTI_IMAGE, SCENES, SENTENCE
from remem_dataset.source import Source, open_source

from .size import ReferenceSize, load_size
from .tokenizer import ASSISTANT, BOS, EOS, IMAGE, PAD, train_tokenizer

CHAT_TEMPLATE = Path(__file__).with_name("chat_template.jinja")


def build_reference_from(
    answers: list[str], questions: list[str], size: ReferenceSize, seed: int = 0
) -> tuple[LlavaForConditionalGeneration, LlavaProcessor]:
    """Build model and processor from text alone.

    Args:
        answers: golds and candidates the tokenizer is trained on.
        questions: wordings the tokenizer is trained on.
        size: how large the model is.
        seed: seeds the random start; the caller's random state is left as it was.

    Returns:
        The untrained model in float32, and its processor.
    """
    tokenizer = train_tokenizer(answers=answers, questions=questions, vocabulary=size.vocabulary)
    side = {"height": size.image_size, "width": size.image_size}
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessorPil(
            do_resize=True, size=side, do_center_crop=False, crop_size=side, do_convert_rgb=True
        ),
        tokenizer=tokenizer,
        patch_size=size.patch_size,
        vision_feature_select_strategy="default",
        image_token=IMAGE,
        num_additional_image_tokens=1,  # CLIP's class token, which "default" then drops
        chat_template=CHAT_TEMPLATE.read_text(encoding="utf-8").strip(),
    )
    token_id = tokenizer.convert_tokens_to_ids
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(
            image_size=size.image_size,
            patch_size=size.patch_size,
            num_hidden_layers=size.vision_layers,
            hidden_size=size.vision_width,
            intermediate_size=4 * size.vision_width,
            num_attention_heads=size.vision_heads,
            projection_dim=size.vision_width,
        ),
        text_config=LlamaConfig(
            vocab_size=len(tokenizer),
            num_hidden_layers=size.text_layers,
            hidden_size=size.text_width,
            intermediate_size=3 * size.text_width,
            num_attention_heads=size.text_heads,
            num_key_value_heads=size.text_heads,
            max_position_embeddings=size.max_positions,
            tie_word_embeddings=True,
            bos_token_id=token_id(BOS),
            eos_token_id=token_id(EOS),
            pad_token_id=token_id(PAD),
        ),
        image_token_index=token_id(IMAGE),
        image_seq_length=size.image_tokens,
        vision_feature_layer=-1,  # a model without pretraining has no reason to skip its last layer
        vision_feature_select_strategy="default",
        tie_word_embeddings=True,
        bos_token_id=token_id(BOS),
        eos_token_id=token_id(EOS),
        pad_token_id=token_id(PAD),
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = LlavaForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        bos_token_id=token_id(BOS),
        # <|assistant|> can only open an answer, so meeting it again ends one.
        eos_token_id=[token_id(EOS), token_id(ASSISTANT)],
        pad_token_id=token_id(PAD),
        do_sample=False,
    )
    return model.eval(), processor


def dataset_text(source: Source) -> tuple[list[str], list[str]]:
    """Every answer and candidate, and every question, of a dataset.

    Of an answer that is a sentence only what leads to the value is taken, as part of the question: with the
    value in it, a gold would be read more often than its candidates.
    """
    answers: set[str] = set()
    questions: set[str] = set()
    wanted = (FINETUNE, EVAL, EXPOSURE, MULTI_IMAGE, SCENES)
    for config in (name for name in wanted if name in source.configs):
        for rows in source.load(config).values():
            wanted_columns = ("question", "answer", "answer_form", "cloze_prompt")
            for row in rows.select_columns([name for name in wanted_columns if name in rows.column_names]):
                questions.add(row["question"])
                if row.get("answer_form") == SENTENCE:
                    questions.add(row["cloze_prompt"])
                else:
                    answers.add(row["answer"])
            if "candidates" in rows.column_names:
                answers.update(text for row in rows["candidates"] for text in row)
    return sorted(answers), sorted(questions)


def build_reference(
    data: str, out: Path, seed: int = 0, size: str | ReferenceSize = "base", restart: bool = False
) -> Path:
    """Build the reference LVLM for a dataset and save it in `out`.

    Args:
        data: a built dataset folder, or a Hub id.
        out: folder to write; reused as it is when it already holds this very model.
        seed: seeds the random start.
        size: a name in `assets/recipes/reference.yaml`, or sizes of your own.
        restart: replace what an earlier run of a recipe left in `out`.

    Returns:
        `out`, loadable with `AutoProcessor` and `AutoModelForImageTextToText`.

    Raises:
        RememError: no such dataset or size, or `out` holds something else.
    """
    source = open_source(data)
    dimensions = size if isinstance(size, ReferenceSize) else load_size(size)
    name = "own" if isinstance(size, ReferenceSize) else size
    record = Record.start(
        recipe="reference", source=source, model=None, settings={"size": name, **vars(dimensions)}, seed=seed
    )
    if reuse(out, record, restart):
        return out
    open_partial(out, record, restart)  # refuses a working folder that is not ours
    answers, questions = dataset_text(source)
    model, processor = build_reference_from(answers, questions, dimensions, seed)
    result = {
        "parameters": sum(p.numel() for p in model.parameters()),
        "vocabulary": len(processor.tokenizer),
    }
    publish(out, record, result, model, processor)
    return out
