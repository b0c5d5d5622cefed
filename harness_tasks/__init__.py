"""lm-eval tasks, metrics and the scoring model type `remem-vlm` of the ReMem benchmark."""
