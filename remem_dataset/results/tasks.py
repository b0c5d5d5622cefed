"""The grid of task names that a result file is read by, and the metrics each kind of task gives."""

from __future__ import annotations

from ..schema import FORGET, RETAIN, SEEN, UNSEEN

SUBSETS = (FORGET, RETAIN)
HOPS = ("single", "multi")
ROLES = (SEEN, UNSEEN)
QA = "qa"
EXPOSURE = "exposure"
KINDS = (QA, EXPOSURE)

MULTI_IMAGE_TASK = "remem_multi_image_qa"
SCENE_TASK = "remem_scene_qa"

#: Bits that a rank can hold at most: 2^64 candidates are more than anybody ranks.
MOST_BITS = 64.0
#: Nats below which no model's log P lies; also what a standard error may be at most.
MOST_NATS = 1e9

#: Metric -> (lowest, highest) value that it can take.
METRIC_RANGES: dict[str, tuple[float, float]] = {
    "exact_match": (0.0, 1.0),
    "keyword_recall": (0.0, 1.0),
    "rouge_l": (0.0, 1.0),
    "refusal": (0.0, 1.0),
    "well_formed": (0.0, 1.0),
    "exposure": (0.0, MOST_BITS),
    "exposure_ceiling": (0.0, MOST_BITS),
    "exposure_null_mean": (0.0, MOST_BITS),
    "exposure_share": (0.0, 1.0),
    "exposure_mean_logprob": (0.0, MOST_BITS),
    "exposure_others": (0.0, MOST_BITS),
    "exposure_others_share": (0.0, 1.0),
    "truth_share": (0.0, 1.0),
    "logprob": (-MOST_NATS, 0.0),
    "min_k": (-MOST_NATS, 0.0),
    "min_k_plus_plus": (-MOST_NATS, MOST_NATS),
    "not_a_number": (0.0, 1.0),
    "tie_rate": (0.0, 1.0),
}

#: Metrics in bits that no rank can lift above the ceiling.
BELOW_CEILING = ("exposure", "exposure_null_mean", "exposure_mean_logprob")


def cell_task(*, subset: str, role: str, hop: str, kind: str) -> str:
    """Name of the leaf task of one cell of the grid.

    Args:
        subset: forget | retain.
        role: seen | unseen.
        hop: single | multi.
        kind: qa | exposure.

    Example:
        >>> cell_task(subset="forget", role="seen", hop="multi", kind="exposure")
        'remem_forget_seen_multi_exposure'
    """
    return f"remem_{subset}_{role}_{hop}_{kind}"


def text_task(*, subset: str, kind: str) -> str:
    """Name of the text-only leakage probe: the same facts asked without a picture."""
    return f"remem_{subset}_text_{kind}"


def grid_tasks(
    *,
    kind: str,
    subsets: tuple[str, ...] = SUBSETS,
    roles: tuple[str, ...] = ROLES,
    hops: tuple[str, ...] = HOPS,
) -> list[str]:
    """Names of the grid's tasks of one kind, in the order subset, hop, role."""
    return [
        cell_task(subset=subset, role=role, hop=hop, kind=kind)
        for subset in subsets
        for hop in hops
        for role in roles
    ]


def known_tasks() -> frozenset[str]:
    """Every leaf task that a report reads; groups and strangers' tasks are left alone."""
    names = {name for kind in KINDS for name in grid_tasks(kind=kind)}
    names |= {text_task(subset=subset, kind=kind) for subset in SUBSETS for kind in KINDS}
    return frozenset(names | {MULTI_IMAGE_TASK, SCENE_TASK})
