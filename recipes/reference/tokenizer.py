"""A byte-level BPE tokenizer trained on the dataset's own text, without a thumb on the scale."""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

PAD, BOS, EOS, USER, ASSISTANT, IMAGE = (
    "<|pad|>",
    "<|begin|>",
    "<|end|>",
    "<|user|>",
    "<|assistant|>",
    "<image>",
)
SPECIAL_TOKENS = (PAD, BOS, EOS, USER, ASSISTANT, IMAGE)

#: Added special tokens and all 256 bytes: below this no text can be written.
SMALLEST_VOCABULARY = len(SPECIAL_TOKENS) + 256


def train_tokenizer(
    answers: Iterable[str], questions: Iterable[str], vocabulary: int
) -> PreTrainedTokenizerFast:
    """Train byte-level BPE on answers, candidates and questions.

    Merges follow frequency, so a gold answer that were counted more often than its candidates would be
    written in fewer tokens and outrank them before anything is learnt. Every distinct answer or candidate
    therefore counts once, and a word of a question counts only if no answer contains it. Digits stay single,
    so that numbers of one format have one length.

    Args:
        answers: golds and candidates, in any order and number.
        questions: wordings of the questions.
        vocabulary: the most tokens, special ones included; little text may give fewer.

    Returns:
        A fast tokenizer that adds no special tokens by itself: the chat template writes them.
    """
    pieces = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    distinct = sorted(set(answers))
    # A word may stand with or without the space before it, in answers as in questions.
    words = {word.strip("Ġ") for text in distinct for word, _ in pieces.pre_tokenize_str(text)}
    free = [
        [word for word, _ in pieces.pre_tokenize_str(text) if word.strip("Ġ") not in words]
        for text in sorted(set(questions))
    ]
    to_text = decoders.ByteLevel()
    corpus = distinct + [to_text.decode([word]) for sentence in free for word in sentence]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pieces
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=max(vocabulary, SMALLEST_VOCABULARY),
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        bos_token=BOS,
        eos_token=EOS,
        extra_special_tokens={"image_token": IMAGE, "user_token": USER, "assistant_token": ASSISTANT},
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )
