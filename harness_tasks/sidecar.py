"""`token_logprobs_….parquet` beside the results: log P of every token of every answer that was ranked.

One line for each answer: `task`, `row` (id), `answer` (0: the gold, 1 … n: the candidates, then other
people's values), `n` (how many are candidates), `logprobs` (float32 nats, one for each token), `greedy`, and
for golds `mean` and `deviation` of log P at each token. Every metric of exposure can be computed from it
without the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from remem_dataset.errors import RememError

from .record import ScoredAnswers

SCHEMA = pa.schema(
    {
        "task": pa.dictionary(pa.int32(), pa.string()),
        "row": pa.dictionary(pa.int32(), pa.string()),
        "answer": pa.int32(),
        "n": pa.int32(),
        "logprobs": pa.list_(pa.float32()),
        "greedy": pa.bool_(),
        "mean": pa.list_(pa.float64()),
        "deviation": pa.list_(pa.float64()),
    }
)

#: Rows of the dataset whose answers make a row group.
_GROUP = 50


def write_sidecar(path: Path, answers: Iterable[ScoredAnswers]) -> None:
    """Write the scores of a run.

    Args:
        path: the file; it is there whole or not at all.
        answers: in the order of the run.

    Raises:
        OSError: it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        with pq.ParquetWriter(temporary, SCHEMA, compression="zstd") as writer:
            group: list[ScoredAnswers] = []
            for scored in answers:
                group.append(scored)
                if len(group) == _GROUP:
                    writer.write_table(_table(group))
                    group = []
            if group:
                writer.write_table(_table(group))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _table(group: list[ScoredAnswers]) -> pa.Table:
    columns: dict[str, list] = {name: [] for name in SCHEMA.names}
    for scored in group:
        for number, (logprobs, greedy) in enumerate(zip(scored.tokens, scored.greedy, strict=True)):
            moments = scored.moments if number == 0 else None
            columns["task"].append(scored.task)
            columns["row"].append(scored.row)
            columns["answer"].append(number)
            columns["n"].append(scored.n)
            columns["logprobs"].append(logprobs)
            columns["greedy"].append(greedy)
            columns["mean"].append(None if moments is None else [mean for mean, _ in moments])
            columns["deviation"].append(None if moments is None else [spread for _, spread in moments])
    return pa.table(columns, schema=SCHEMA)


def read_sidecar(path: Path) -> Iterator[ScoredAnswers]:
    """The scores of a run, a row group in memory at a time.

    Raises:
        RememError: not such a file, or lines that do not follow one another.
    """
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            if file.schema_arrow.names != SCHEMA.names:
                raise RememError(
                    f"{path} has the columns {', '.join(file.schema_arrow.names)[:200]}; they must be "
                    f"{', '.join(SCHEMA.names)}."
                )
            for number in range(file.num_row_groups):
                yield from _scored(file.read_row_group(number).cast(SCHEMA).to_pylist(), path)
    except (pa.ArrowException, OSError) as error:
        raise RememError(f"Cannot read {path}: {str(error).splitlines()[0]}.") from None


def _numbers(values: list | None) -> bool:
    """Whether there is one at all, and none is missing."""
    return bool(values) and None not in values


def _scored(lines: list[dict], path: Path) -> Iterator[ScoredAnswers]:
    starts = [place for place, line in enumerate(lines) if line["answer"] == 0]
    if not lines or starts[:1] != [0]:
        raise RememError(f"{path} has a row group that does not begin with a gold answer.")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        part = lines[start:end]
        gold = part[0]
        together = all(
            line["answer"] == place and line["row"] == gold["row"] and _numbers(line["logprobs"])
            for place, line in enumerate(part)
        )
        if not together or gold["n"] is None or not 1 <= gold["n"] < len(part):
            raise RememError(f"{path}: the answers of the row {gold['row']!r} are not complete.")
        moments = None
        if gold["mean"] is not None and gold["deviation"] is not None:
            lengths = {len(gold[name]) for name in ("logprobs", "mean", "deviation")}
            if len(lengths) > 1 or not (_numbers(gold["mean"]) and _numbers(gold["deviation"])):
                raise RememError(f"{path}: the moments of the row {gold['row']!r} are not complete.")
            moments = list(zip(gold["mean"], gold["deviation"], strict=True))
        yield ScoredAnswers(
            gold["task"],
            gold["row"],
            gold["n"],
            [line["logprobs"] for line in part],
            [line["greedy"] for line in part],
            moments,
        )
