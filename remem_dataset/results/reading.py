"""From lm-eval's output folder to `RunResults`. The files may come from a stranger: nothing is trusted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ..errors import RememError
from .runs import Figure, RunResults, ScoredRow, TaskResult
from .tasks import BELOW_CEILING, METRIC_RANGES, MOST_NATS, known_tasks
from .untrusted import Fields, parse_json, read_text

RESULTS_LIMIT = 64 * 2**20
ROWS_LIMIT = 512 * 2**20
LINE_LIMIT = 4 * 2**20
#: Bits by which rounding may lift a mean above its ceiling.
CEILING_SLACK = 1e-6


def find_results(source: str | Path) -> Path:
    """The results file that `source` means.

    Args:
        source: a results file, or the folder given to `remem-eval --output_path`; lm-eval puts
            `results_<date>.json` in a sub-folder named after the model.

    Returns:
        The file itself, or the newest one by the date in its name (file times do not survive copying).

    Raises:
        RememError: no such file or folder, or a folder without results.
    """
    source = Path(source)
    patterns = ("results_*.json", "*/results_*.json", "*/*/results_*.json")
    try:
        if source.is_file():
            return source
        if not source.is_dir():
            raise RememError(f"There is no results file or folder {source}.")
        found = [path for pattern in patterns for path in source.glob(pattern) if path.is_file()]
    except OSError as error:
        raise RememError(f"Cannot look for results in {source}: {error.strerror or error}.") from None
    if not found:
        raise RememError(
            f"The folder {source} holds no results_*.json; name the folder given to remem-eval --output_path."
        )
    return max(found, key=lambda path: (path.name, str(path)))


def read_results(source: str | Path) -> RunResults:
    """Read what one run of `remem-eval` measured.

    Args:
        source: a results file or an output folder, as in `find_results`.

    Raises:
        RememError: nothing there, not JSON, too large, NaN or infinity, a field missing or ill-typed.
    """
    path = find_results(source)
    where = str(path)
    top = Fields(parse_json(read_text(path, limit=RESULTS_LIMIT), where=where), where=where)
    if "remem" not in top.values:
        raise RememError(f"{where}: the field 'remem' is missing; the run was not made with remem-eval.")
    remem = top.child("remem")
    tasks = _tasks(top)
    if not tasks:
        raise RememError(f"{where}: 'results' holds no figures of any remem task.")
    rows, rows_note = _rows(path, remem.text("rows_file", required=False, longest=1024))
    config = top.child("config", required=False)
    return RunResults(
        path=path,
        model=top.text("model_name", required=False) or "(model not named)",
        model_args=_model_args(config),
        date=top.number("date", low=0) if top.values.get("date") is not None else None,
        dataset=remem.text("dataset"),
        fingerprint=remem.child("fingerprint").text("all", longest=256),
        revision=remem.text("revision", required=False),
        forget=remem.text("forget", longest=64),
        n_candidates=_candidates(remem),
        seed=remem.whole("seed", required=False),
        scoring_path=remem.text("scoring_path", required=False),
        command=remem.text("command", required=False, longest=16384),
        checkpoint=_texts(remem.child("model", required=False)),
        versions=_texts(remem.child("versions", required=False)),
        tasks=tasks,
        rows=rows,
        rows_note=rows_note,
    )


def _texts(fields: Fields) -> dict[str, str]:
    """An object of texts, in its order; what is null is left out."""
    found = {name[:80]: fields.text(name, required=False) for name in list(fields.values)[:100]}
    return {name: text[:256] for name, text in found.items() if text}


def _candidates(remem: Fields) -> tuple[int, ...]:
    """One number, or a list of them where attributes differ; empty when nothing was ranked."""
    value = remem.values.get("n_candidates")
    numbers = value if isinstance(value, list) else [] if value is None else [value]
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number < 2**63:
            raise RememError(
                f"{remem.where}: the field 'remem.n_candidates' must be a whole number of at least 1, or a "
                "list of such numbers."
            )
    return tuple(sorted(set(numbers)))


def _model_args(config: Fields) -> str:
    """The harness writes the arguments as a text or as a mapping, depending on how it was called."""
    kind = config.text("model", required=False) or ""
    arguments = config.values.get("model_args")
    if isinstance(arguments, dict):
        arguments = ",".join(f"{key}={value}" for key, value in arguments.items())
    return f"{kind} {arguments if isinstance(arguments, str) else ''}".strip()[:4096]


def _tasks(top: Fields) -> dict[str, TaskResult]:
    results = top.child("results")
    counts = top.child("n-samples")
    tasks = {}
    for name in sorted(known_tasks() & results.values.keys()):
        entry = results.child(name)
        count = counts.child(name)
        n, n_total = count.whole("effective"), count.whole("original")
        if n > n_total:
            raise RememError(
                f"{top.where}: the field 'n-samples.{name}.effective' must be at most {n_total}."
            )
        figures = {}
        for metric, (low, high) in METRIC_RANGES.items():
            key = _metric_key(entry, metric)
            if key is None:
                continue
            value = entry.number(key, low=low, high=high)
            figures[metric] = Figure(value=value, n=n, stderr=_stderr(entry, metric, key))
        check_ceiling({metric: figure.value for metric, figure in figures.items()}, f"{top.where}: {name}")
        if figures and n:
            tasks[name] = TaskResult(n=n, n_total=n_total, metrics=figures)
    return tasks


def check_ceiling(metrics: Mapping[str, float], where: str) -> None:
    """Refuse bits above log2(n + 1): the chart's axis and the gate rely on the ceiling."""
    highest = metrics.get("exposure_ceiling")
    for metric in BELOW_CEILING if highest is not None else ():
        if metrics.get(metric, 0.0) > highest + CEILING_SLACK:
            raise RememError(
                f"{where}: {metric} is {metrics[metric]:g}, but must be at most "
                f"exposure_ceiling ({highest:g})."
            )


def _metric_key(entry: Fields, metric: str) -> str | None:
    """lm-eval's "metric,filter" key: the unfiltered form first, else the first filter's."""
    keys = [key for key in entry.values if key.split(",")[0] == metric and "," in key]
    return min(keys, key=lambda key: (not key.endswith(",none"), key), default=None)


def _stderr(entry: Fields, metric: str, key: str) -> float | None:
    key = f"{metric}_stderr,{key.split(',', 1)[1]}"
    # lm-eval writes the text "N/A" where an aggregation has no standard error.
    if isinstance(entry.values.get(key), str) or entry.values.get(key) is None:
        return None
    return entry.number(key, low=0, high=MOST_NATS)


def _rows(results: Path, name: str | None) -> tuple[tuple[ScoredRow, ...], str]:
    """The scored rows, and a remark when there are none to read."""
    if not name:
        return (), "The run wrote no row file."
    # A results file from a stranger must not make us read outside its own folder.
    path = results.parent / name
    fault = f"{results}: 'remem.rows_file' is {name[:120]!r}; it must lie beside the results file."
    try:
        if not path.resolve().is_relative_to(results.parent.resolve()):
            raise RememError(fault)
        if not path.is_file():
            return (), f"The row file {Path(name).name[:120]} is not beside the results."
        return tuple(_read_rows(path)), ""
    except RememError:
        raise
    except ValueError:  # a NUL in the name
        raise RememError(fault) from None
    except OSError as error:
        raise RememError(f"{fault[:-1]} and be readable ({error.strerror or error}).") from None


def _read_rows(path: Path) -> Iterator[ScoredRow]:
    tasks = known_tasks()
    read = 0
    with path.open("rb") as stream:
        number = 0
        while line := stream.readline(LINE_LIMIT + 1):
            number += 1
            read += len(line)
            where = f"{path}, line {number}"
            if len(line) > LINE_LIMIT or read > ROWS_LIMIT:
                raise RememError(f"{where}: the row file is larger than a row file should be.")
            if not line.strip():
                continue
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError:
                raise RememError(f"{where} is not UTF-8 text.") from None
            row = Fields(parse_json(text, where=where), where=where)
            if row.text("task", longest=256) in tasks:
                yield _scored_row(row)


def _scored_row(row: Fields) -> ScoredRow:
    metrics = {
        metric: row.number(metric, low=low, high=high)
        for metric, (low, high) in METRIC_RANGES.items()
        if row.values.get(metric) is not None
    }
    check_ceiling(metrics, row.where)
    return ScoredRow(
        task=row.text("task", longest=256),
        identity_id=row.text("identity_id", longest=256),
        attribute=row.text("attribute", longest=256),
        question_type=row.text("question_type", required=False, longest=64) or "",
        split_role=row.text("split_role", required=False, longest=64) or "",
        metrics=metrics,
        hops=row.whole("hops", required=False) or 0,
        qa_category=row.text("qa_category", required=False, longest=64) or "",
        forget_rank=row.whole("forget_rank", required=False) or 0,
    )
