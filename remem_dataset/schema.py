"""Every config and split name of the dataset; the columns and their types are in `remem_dataset.features`."""

from __future__ import annotations

#: Changes when a column changes its name, its type or its meaning. Readers refuse other major versions.
SCHEMA_VERSION = "1.2"

#: The file in a built folder (and in a Hub repo) that holds config, counts, forget levels and fingerprint.
MANIFEST = "remem.json"

SINGLE_HOP = "single_hop"
MULTI_HOP = "multi_hop"

#: `answer_form`: the bare value, or a sentence around it, which the question then asks for.
VALUE = "value"
SENTENCE = "sentence"

#: `qa_category` of questions that are told by their kind instead of what they are about.
REVERSE = "reverse"
COMPARISON = "comparison"
RECOGNITION = "recognition"

#: `candidate_pool`: where candidates come from.
GENERATED = "generated"
OTHER_IDENTITIES = "other_identities"

FORGET = "forget"
RETAIN = "retain"
TRAIN = "train"
SEEN = "seen"
UNSEEN = "unseen"
PEOPLE = "people"

FINETUNE = "finetune"
EVAL = "eval"
EXPOSURE = "exposure"
ALTERNATIVES = "alternatives"
PROFILES = "profiles"
MULTI_IMAGE = "multi_image"
SCENES = "scenes"

#: Config -> splits, without the forget configs, whose names depend on the preset's forget levels.
SPLITS = {
    FINETUNE: (TRAIN,),
    EVAL: (SEEN, UNSEEN),
    EXPOSURE: (SEEN, UNSEEN),
    ALTERNATIVES: (TRAIN,),
    PROFILES: (PEOPLE,),
    MULTI_IMAGE: (SEEN, UNSEEN),
    SCENES: (SEEN, UNSEEN),
}


def forget_config(percent: int) -> str:
    """Name of the config whose `forget` split holds `percent` % of the identities: 5 -> "forget05"."""
    return f"forget{percent:02d}"
