"""Every column of every config, with its type.

Apart from the names in `remem_dataset.schema`, since `datasets` takes a second and 110 MB to import, which
the workers of a build need not spend.
"""

from __future__ import annotations

from datasets import Features, Image, List, Value

from .schema import ALTERNATIVES, EVAL, EXPOSURE, FINETUNE, MULTI_IMAGE, PROFILES, SCENES

_QUESTION_COLUMNS = {
    "question": Value("string"),
    "answer": Value("string"),
    "answer_form": Value("string"),  # value | sentence (which the question then asks for)
    "keywords": List(Value("string")),
    "question_type": Value("string"),  # single_hop | multi_hop
    "hops": Value("int32"),  # 1: name -> value; 2: image -> person -> value; 3: one more link
    "qa_category": Value("string"),
    "attribute": Value("string"),
    "cloze_prompt": Value("string"),
    "reasoning": Value("string"),
    "template_id": Value("string"),
    "view_id": Value("string"),
    "split_role": Value("string"),  # train | seen | unseen
    "forget_rank": Value("int32"),  # 1-based order in which identities enter the forget set
}

#: The faces in one picture, from left to right.
FACES = List(
    {
        "identity_id": Value("string"),
        "kind": Value("string"),  # present | portrait (framed, in the scene) | badge (an ID card's)
        "place": Value("string"),  # how a question names the person: "on the left"; "" in a portrait of one
        "box": List(Value("int32")),  # [left, top, right, bottom] in pixels, right and bottom exclusive
        "visible": Value("float32"),  # share of the face turned to the camera that nothing hides
    }
)

ROW_FEATURES = Features(
    {
        "id": Value("string"),
        "identity_id": Value("string"),
        "image": Image(),
        **_QUESTION_COLUMNS,
        "faces": FACES,
    }
)

EXPOSURE_FEATURES = Features(
    {
        **ROW_FEATURES,
        "candidates": List(Value("string")),  # never the gold
        "candidate_pool": Value("string"),  # where they come from: generated | other_identities
        "other_values": List(Value("string")),  # what the same question gets for other people
        "candidate_space": Value("int64"),  # |R|: how many values the attribute's generator can give
    }
)

MULTI_IMAGE_FEATURES = Features(
    {
        "id": Value("string"),
        "identity_id": Value("string"),
        "images": List(Image()),
        **_QUESTION_COLUMNS,
        "faces": List(FACES),  # one list for each picture
    }
)

#: For the methods that learn other answers: row by row those of `finetune`, named by the same `id`.
ALTERNATIVES_FEATURES = Features(
    {
        "id": Value("string"),
        "identity_id": Value("string"),
        "question": Value("string"),
        "answer_form": Value("string"),
        "question_type": Value("string"),
        "attribute": Value("string"),
        "refusals": List(Value("string")),
        "wrong_answers": List(Value("string")),  # of the answer's form and generator, true of nobody
        "forget_rank": Value("int32"),
    }
)

PROFILE_FEATURES = Features(
    {
        "identity_id": Value("string"),
        "name": Value("string"),
        "image": Image(),  # the anchor portrait
        "attributes": List({"attribute": Value("string"), "value": Value("string")}),
        "links": List({"relation": Value("string"), "identity_id": Value("string")}),
        "appearance": Value("string"),  # JSON of what the person looks like
        "forget_rank": Value("int32"),
    }
)

FEATURES = {
    FINETUNE: ROW_FEATURES,
    EVAL: ROW_FEATURES,
    EXPOSURE: EXPOSURE_FEATURES,
    ALTERNATIVES: ALTERNATIVES_FEATURES,
    PROFILES: PROFILE_FEATURES,
    MULTI_IMAGE: MULTI_IMAGE_FEATURES,
    SCENES: ROW_FEATURES,
}
