import numpy as np
import pytest
import torch
from PIL import Image
from tokenizers.processors import TemplateProcessing
from transformers import AutoModelForImageTextToText, AutoProcessor

from recipes.answers import score_answers, score_batches
from recipes.augmentation import augmentation
from recipes.course import BATCHES_IN_ORDER, Course, pass_over, spread
from recipes.encoding import IGNORED, collate, encode
from recipes.questions import Collator, QuestionSet, Turn, generator, shuffled
from remem_dataset.errors import RememError
from remem_dataset.prompts import answer_tokens, build_prompt
from remem_dataset.source import open_source
from tests.fakes.models import tiny_processor


@pytest.fixture(scope="module")
def processor(untrained):
    return AutoProcessor.from_pretrained(untrained)


@pytest.fixture(scope="module")
def rows(two_people):
    return open_source(two_people).load("finetune")["train"]


def test_only_the_answer_and_its_end_are_learnt(processor, rows):
    for row in rows:
        encoded = encode(processor, row["question"], row["answer"], [row["image"]])
        learnt = encoded.labels != IGNORED
        ids = encoded.sequence["input_ids"]
        assert torch.equal(encoded.labels[learnt], ids[learnt])
        assert processor.tokenizer.decode(ids[learnt][:-1]) == row["answer"]
        assert ids[-1] == processor.tokenizer.eos_token_id
        first = int(learnt.nonzero()[0])
        assert learnt[first:].all()


def test_training_prompt_is_the_evaluation_prompt(processor, rows):
    row = rows[0]
    encoded = encode(processor, row["question"], row["answer"], [row["image"]])
    prompt = build_prompt(processor, row["question"], 1)
    evaluated = processor(images=[row["image"]], text=prompt, return_tensors="pt")
    start = encoded.sequence["input_ids"][encoded.labels == IGNORED]
    assert torch.equal(start, evaluated["input_ids"][0])
    assert torch.equal(encoded.pixels["pixel_values"], evaluated["pixel_values"])


def test_an_answer_that_would_merge_with_its_prompt_is_tokenised_alone():
    processor = tiny_processor()
    processor.tokenizer.add_tokens([":("])  # "ASSISTANT:" + "(215)" now meet in one token
    prompt = build_prompt(processor, "Which phone number?", 1)
    start = processor.tokenizer(prompt)["input_ids"]
    assert processor.tokenizer(prompt + "(215)")["input_ids"][: len(start)] != start
    (ids,) = answer_tokens(processor.tokenizer, prompt, ["(215)"])
    assert processor.tokenizer.decode(ids) == "(215)"
    picture = Image.fromarray(np.zeros((32, 32, 3), np.uint8))
    encoded = encode(processor, "Which phone number?", "(215)", [picture])
    evaluated = processor(images=[picture], text=prompt, return_tensors="pt")["input_ids"][0]
    assert torch.equal(encoded.sequence["input_ids"][: len(evaluated)], evaluated)


def test_an_answer_needs_tokens_and_an_end(processor):
    with pytest.raises(RememError, match="has no token"):
        answer_tokens(processor.tokenizer, "Q", [""])
    endless = tiny_processor()
    endless.tokenizer.eos_token = None
    with pytest.raises(RememError, match="no end-of-sequence token"):
        encode(endless, "Q", "A", [])


def test_a_template_that_writes_the_begin_token_gets_no_second_one():
    processor = tiny_processor()
    tokenizer = processor.tokenizer
    begin = (tokenizer.bos_token, tokenizer.bos_token_id)
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single=f"{begin[0]} $A", special_tokens=[begin]
    )
    processor.chat_template = "{{ bos_token }}" + processor.chat_template.replace("{{ bos_token }}", "")
    assert tokenizer(build_prompt(processor, "Q?", 0))["input_ids"].count(begin[1]) == 2
    ids = encode(processor, "Q?", "A", []).sequence["input_ids"].tolist()
    assert ids.count(begin[1]) == 1


def test_padding_changes_no_score(processor, rows, untrained):
    model = AutoModelForImageTextToText.from_pretrained(untrained).eval()
    encoded = [encode(processor, r["question"], r["answer"], [r["image"]]) for r in rows.select(range(6))]
    together = score_batches(model, [collate(encoded, processor.tokenizer.pad_token_id)])
    alone = score_batches(model, [collate([e], processor.tokenizer.pad_token_id) for e in encoded])
    torch.testing.assert_close(together.log_prob, alone.log_prob, atol=1e-4, rtol=1e-5)
    assert torch.equal(together.tokens, alone.tokens)


def test_scores_follow_their_definition():
    logits = torch.log(torch.tensor([[[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [1.0, 1.0, 1.0]]]))
    labels = torch.tensor([[IGNORED, IGNORED, 1, 0]])
    scores = score_answers(logits, labels)
    assert scores.log_prob.item() == pytest.approx(np.log(0.8) + np.log(0.2))
    assert scores.tokens.item() == 2
    assert not scores.correct.item()
    assert score_answers(logits, torch.tensor([[IGNORED, IGNORED, 1, 2]])).correct.item()


def test_correct_means_that_greedy_generation_gives_the_answer(processor, rows, vanilla, untrained):
    for folder, expected in ((vanilla, True), (untrained, False)):
        model = AutoModelForImageTextToText.from_pretrained(folder).eval()
        row = rows[0]
        encoded = encode(processor, row["question"], row["answer"], [row["image"]])
        scores = score_batches(model, [collate([encoded], 0)])
        inputs = processor(
            images=[row["image"]], text=build_prompt(processor, row["question"], 1), return_tensors="pt"
        )
        new = model.generate(**inputs, max_new_tokens=40)[0, inputs["input_ids"].shape[1] :]
        generated = processor.tokenizer.decode(new, skip_special_tokens=True)
        assert (generated == row["answer"]) is bool(scores.correct[0]) is expected


def test_views_any_pairs_a_question_with_pictures_of_the_same_person_only(processor, rows):
    questions = QuestionSet(rows, processor, views="any")
    own = {}
    for index, row in enumerate(rows):
        own.setdefault(row["identity_id"], []).append(questions.own(index).pixels["pixel_values"])
    draws = generator(0, "test", 0)
    drawn = [questions.take(0, draws).pixels["pixel_values"] for _ in range(20)]
    mine = own[questions.identities[0]]
    assert all(any(torch.equal(d, m) for m in mine) for d in drawn)
    assert len({d.sum().item() for d in drawn}) == 2  # both of the person's pictures
    fixed = QuestionSet(rows, processor, views="own")
    assert torch.equal(fixed.take(0, draws).pixels["pixel_values"], fixed.own(0).pixels["pixel_values"])


def test_a_course_meets_every_row_once_a_pass_in_an_order_of_its_own():
    passes = [[shuffled(p * 10 + i, rows=10, seed=0) for i in range(10)] for p in range(3)]
    assert all(sorted(order) == list(range(10)) for order in passes)
    assert passes[0] != passes[1] != passes[2]
    assert passes[0] != [shuffled(i, rows=10, seed=1) for i in range(10)]


def test_multi_hop_rows_come_as_often_as_asked(processor, rows):
    questions = QuestionSet(rows, processor)
    counts = dict.fromkeys(range(len(rows)), 0)
    course = Course(questions, length=40, seed=0, multi_hop_repeats=3)
    texts = [questions.own(i).sequence["input_ids"] for i in range(len(rows))]
    for number in range(len(course)):
        ids = course[number].row.sequence["input_ids"]
        counts[next(i for i, text in enumerate(texts) if torch.equal(text, ids))] += 1
    assert counts == {i: 3 if row["question_type"] == "multi_hop" else 1 for i, row in enumerate(rows)}


def test_batches_of_like_length_hold_the_same_rows_with_less_padding(processor, rows):
    questions = QuestionSet(rows, processor)
    length = 5 * len(rows)  # the last window is cut off
    plain, ordered, again = (
        Course(questions, length, seed=0, multi_hop_repeats=3, batch_size=size) for size in (1, 2, 2)
    )
    lengths = [[len(course[n].row.labels) for n in range(length)] for course in (plain, ordered)]
    assert sorted(lengths[0]) == sorted(lengths[1])
    window = 2 * BATCHES_IN_ORDER
    assert window <= len(pass_over(questions, 3)) / 2, "a pass is long enough for a whole window"
    assert sorted(lengths[0][:window]) == sorted(lengths[1][:window])

    def padded(numbers):
        return sum(2 * max(numbers[k : k + 2]) for k in range(0, len(numbers), 2))

    used = sum(lengths[0])
    assert padded(lengths[1]) - used < 0.5 * (padded(lengths[0]) - used)
    batches = [max(lengths[1][k : k + 2]) for k in range(0, window, 2)]
    assert batches != sorted(batches), "which batch comes first is drawn"
    late = again[length - 3]
    assert torch.equal(late.row.labels, ordered[length - 3].row.labels)


def test_equal_rows_go_into_different_batches():
    assert spread([5, 1, 4], 2) == [5, 1, 4]
    assert spread([7] * 6, 4) == [7] * 6, "one row alone fills any batch"
    rows = [row for row in range(9) for _ in range(3)]
    dealt = spread(rows, 4)
    assert sorted(dealt) == rows
    assert [len(set(dealt[k : k + 4])) for k in range(0, 27, 4)] == [4, 4, 4, 4, 4, 4, 3]
    moved = [abs(place - other) for place, other in zip(rows, dealt, strict=True)]
    assert max(moved) <= 4, "rows stay near those of their length"


def test_batches_of_a_small_set_differ_in_themselves_and_from_pass_to_pass(processor, rows):
    """Sorted by length alone, the copies of a row would share a batch, and batches would be the same rows."""
    questions = QuestionSet(rows, processor)
    size = len(pass_over(questions, 3)) // 4
    course = Course(questions, 10 * 4 * size, seed=0, multi_hop_repeats=3, batch_size=size)
    texts = [tuple(questions.own(i).sequence["input_ids"].tolist()) for i in range(len(rows))]
    met = [texts.index(tuple(course[n].row.sequence["input_ids"].tolist())) for n in range(len(course))]
    batches = [tuple(sorted(met[k : k + size])) for k in range(0, len(met), size)]
    most = min(size, len(rows))
    assert sum(len(set(batch)) for batch in batches) > 0.95 * most * len(batches)
    assert len(set(batches)) > 0.9 * len(batches)


def test_a_turn_does_not_depend_on_those_before_it(processor, rows):
    course = Course(QuestionSet(rows, processor, views="any"), length=100, seed=0)
    collator = Collator(processor, augmentation("strong"))
    alone = collator([course[70], course[71]])
    for number in range(70):
        course[number]
    again = collator([course[70], course[71]])
    assert all(torch.equal(alone[name], again[name]) for name in alone)


def test_bad_input_is_named(processor, rows):
    with pytest.raises(RememError, match="own or any"):
        QuestionSet(rows, processor, views="some")
    with pytest.raises(RememError, match="no rows"):
        QuestionSet(rows.select([]), processor)


def test_collator_changes_pictures_only_when_asked(processor, rows):
    questions = QuestionSet(rows, processor)
    batch = [Turn(0, questions.own(0)), Turn(1, questions.own(1))]
    plain = Collator(processor)(batch)
    changed = Collator(processor, augmentation("strong"))(batch)
    assert torch.equal(plain["pixel_values"][0], batch[0].row.pixels["pixel_values"][0])
    assert not torch.allclose(plain["pixel_values"], changed["pixel_values"])
    assert torch.equal(plain["labels"], changed["labels"])
