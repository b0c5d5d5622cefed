"""What a `remem-eval` run measured: reading it, judging stage 1, checking the headline requirements."""

from .checks import Check, headline_checks
from .gate import Gate, stage_one_gate
from .reading import find_results, read_results
from .runs import Figure, RunResults, ScoredRow, TaskResult, same_measurement
from .tasks import MULTI_IMAGE_TASK, SCENE_TASK, cell_task, text_task

__all__ = [
    "MULTI_IMAGE_TASK",
    "SCENE_TASK",
    "Check",
    "Figure",
    "Gate",
    "RunResults",
    "ScoredRow",
    "TaskResult",
    "cell_task",
    "find_results",
    "headline_checks",
    "read_results",
    "same_measurement",
    "stage_one_gate",
    "text_task",
]
