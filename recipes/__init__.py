"""Stage-1 learning, stage-2 unlearning and the reference tiny LVLM; run from a checkout."""
