"""Every column, config and split name of the dataset. Other modules import the names from here."""

from __future__ import annotations

from datasets import Features, Image, List, Value

#: Changes when a column changes its name, its type or its meaning. Readers refuse other major versions.
SCHEMA_VERSION = "1.1"

#: The file in a built folder (and in a Hub repo) that holds config, counts, forget levels and fingerprint.
MANIFEST = "remem.json"

SINGLE_HOP = "single_hop"
MULTI_HOP = "multi_hop"

FORGET = "forget"
RETAIN = "retain"
TRAIN = "train"
SEEN = "seen"
UNSEEN = "unseen"
PEOPLE = "people"

FINETUNE = "finetune"
EVAL = "eval"
EXPOSURE = "exposure"
PROFILES = "profiles"
MULTI_IMAGE = "multi_image"
SCENES = "scenes"

#: Config -> splits, without the forget configs, whose names depend on the preset's forget levels.
SPLITS = {
    FINETUNE: (TRAIN,),
    EVAL: (SEEN, UNSEEN),
    EXPOSURE: (SEEN, UNSEEN),
    PROFILES: (PEOPLE,),
    MULTI_IMAGE: (SEEN, UNSEEN),
    SCENES: (SEEN, UNSEEN),
}

_QUESTION_COLUMNS = {
    "question": Value("string"),
    "answer": Value("string"),
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
        "candidate_pool": Value("string"),  # generated | other_identities
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
    PROFILES: PROFILE_FEATURES,
    MULTI_IMAGE: MULTI_IMAGE_FEATURES,
    SCENES: ROW_FEATURES,
}


def forget_config(percent: int) -> str:
    """Name of the config whose `forget` split holds `percent` % of the identities: 5 -> "forget05"."""
    return f"forget{percent:02d}"
