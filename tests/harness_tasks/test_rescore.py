"""The sidecar of a run, and every figure computed again from it."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness_tasks.record import ScoredAnswers
from harness_tasks.rescore import neighbours_of, rescore
from harness_tasks.sidecar import read_sidecar, write_sidecar
from remem_dataset.cli import app
from remem_dataset.errors import RememError, run_app
from remem_dataset.results.spread import clustered


@pytest.fixture
def run(everything, work, tmp_path):
    """A copy of a whole run, to damage."""
    return shutil.copytree(work / "group", tmp_path / "run")


def one(run, pattern):
    (path,) = run.glob(f"*/{pattern}")
    return path


def test_every_figure_of_a_run_is_reproduced(everything, run):
    rescored = rescore(run)
    results, _ = everything
    assert rescored.differences == []
    stated = {
        (task, key.split(",")[0]): value
        for task, figures in results["results"].items()
        for key, value in figures.items()
        if key.endswith(",none") and "_stderr" not in key
    }
    found = {(task, name): f.value for task, by in rescored.figures.items() for name, f in by.items()}
    assert set(found) == set(stated)
    assert all(found[key] == pytest.approx(value, rel=1e-12, abs=1e-12) for key, value in stated.items())


def test_standard_errors_are_clustered_in_the_results_too(everything, run):
    results, rows = everything
    for task, by_metric in rescore(run).figures.items():
        for name, figure in by_metric.items():
            stated = results["results"][task][f"{name}_stderr,none"]
            assert stated == ("N/A" if figure.stderr is None else pytest.approx(figure.stderr)), (task, name)
            assert f"{name}_stderr_stderr,none" not in results["results"][task]
    mine = [row for row in rows if row["task"] == "remem_retain_seen_multi_exposure"]
    people = [row["identity_id"] for row in mine]
    assert len(set(people)) > 1
    expected = clustered([row["exposure"] for row in mine], people).stderr
    stated = results["results"]["remem_retain_seen_multi_exposure"]["exposure_stderr,none"]
    assert stated == pytest.approx(expected)


def test_the_command_prints_the_table(run, capsys):
    with pytest.raises(SystemExit) as ended:
        run_app(app, "remem", ["rescore", str(run)])
    assert not ended.value.code
    out = capsys.readouterr().out
    assert "remem_forget_seen_single_exposure" in out
    assert "figures of" in out
    assert "are reproduced" in out


def test_groups_and_differences_are_printed(run, tiny_dataset, capsys):
    with pytest.raises(SystemExit) as ended:
        run_app(app, "remem", ["rescore", str(run), "--by", "attribute", "--data", str(tiny_dataset)])
    assert not ended.value.code
    out = capsys.readouterr().out
    grid = [row for row in rescore(run).rows if "_text_" not in row.task]
    for part in ("forget", "retain"):
        asked = {row.attribute for row in grid if row.task.startswith(f"remem_{part}_")}
        assert asked
        assert {f"{part}: {name}" for name in asked} <= set(re.findall(r"(?:forget|retain): \w+", out))
    for text in ("forget: single-hop − multi-hop", "retain: neighbours − others"):
        assert text in out
    with pytest.raises(SystemExit) as ended:
        run_app(app, "remem", ["rescore", str(run), "--by", "mood"])
    assert ended.value.code == 2
    assert capsys.readouterr().out == "", "refused before anything is printed"


def test_neighbours_are_siblings_and_colleagues_of_the_forgotten(tiny_dataset):
    """Of four people each has a sibling and a former colleague among the others."""
    assert len(neighbours_of(str(tiny_dataset), "forget25")) == 2
    assert len(neighbours_of(str(tiny_dataset), "forget50")) == 2
    assert "id_0001" not in neighbours_of(str(tiny_dataset), "forget25")


def test_a_figure_that_was_touched_up_is_seen(run, capsys):
    path = one(run, "results_*.json")
    content = json.loads(path.read_text())
    content["results"]["remem_forget_text_exposure"]["min_k,none"] -= 0.01
    path.write_text(json.dumps(content))
    with pytest.raises(SystemExit) as ended:
        run_app(app, "remem", ["rescore", str(run)])
    assert ended.value.code == 2
    assert "remem_forget_text_exposure min_k is" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda content: content["results"]["remem_retain_text_qa"].update({"rouge_l_stderr,none": 9.0}),
            "remem_retain_text_qa rouge_l has the standard error .* states 9.0",
        ),
        (
            lambda content: content["n-samples"]["remem_retain_text_qa"].update(effective=1),
            r"remem_retain_text_qa has \d+ rows, but .* states 1",
        ),
    ],
)
def test_standard_errors_and_numbers_of_rows_are_compared_too(run, change, sentence):
    path = one(run, "results_*.json")
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    (told,) = rescore(run).differences
    assert re.search(sentence, told)


def test_figures_without_rows_are_not_taken_on_trust(run):
    path = one(run, "rows_*.jsonl")
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line for line in lines if "remem_scene_qa" not in line))
    (told,) = rescore(run).differences
    assert re.search("states exact_match of remem_scene_qa, but no row beside it has that", told)


def test_generated_text_may_hold_what_ends_a_line_elsewhere(run):
    path = one(run, "rows_*.jsonl")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    row = next(row for row in rows if "generated" in row)
    row["generated"] = "one\u2028two\x85three"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    assert len(rescore(run).rows) == len(rows)


def drop_row(run):
    path = one(run, "rows_*.jsonl")
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line for line in lines if "exposure-seen-0000" not in line))


def drop_scores(run):
    path = one(run, "token_logprobs_*.parquet")
    table = pq.read_table(path)
    pq.write_table(table.slice(0, int(np.flatnonzero(np.array(table["answer"]) == 0)[5])), path)


def drop_candidate(run):
    path = one(run, "token_logprobs_*.parquet")
    table = pq.read_table(path)
    pq.write_table(pa.concat_tables([table.slice(0, 3), table.slice(4)]), path)


def cut(run):
    path = one(run, "token_logprobs_*.parquet")
    path.write_bytes(path.read_bytes()[:100])


def other_columns(run):
    path = one(run, "token_logprobs_*.parquet")
    pq.write_table(pa.table({"a": [1]}), path)


def lose(run):
    one(run, "token_logprobs_*.parquet").unlink()


def climb(run):
    path = one(run, "results_*.json")
    content = json.loads(path.read_text())
    content["remem"]["sidecar"] = "../../../secret.parquet"
    path.write_text(json.dumps(content))


def row_with(field, value):
    """A damage: in the first row of its kind, a field has another value, or is missing (...)."""

    def change(run):
        path = one(run, "rows_*.jsonl")
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        row = next(row for row in rows if field in row)
        row[field] = value
        if value is ...:
            del row[field]
        path.write_text("\n".join(map(json.dumps, rows)))

    return change


def scores_with(**values):
    """A damage: the first gold's scores have other values."""

    def change(run):
        path = one(run, "token_logprobs_*.parquet")
        table = pq.read_table(path)
        lines = table.to_pylist()
        lines[0].update(values)
        pq.write_table(pa.Table.from_pylist(lines, schema=table.schema), path)

    return change


def other_types(run):
    path = one(run, "token_logprobs_*.parquet")
    pq.write_table(pa.table({name: ["a"] for name in pq.read_schema(path).names}), path)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (row_with("answer", ...), r"rows_.*, line 1: the field 'answer' is missing"),
        (row_with("id", [1]), r"line 1: the field 'id' must be a text"),
        (row_with("hops", "2"), r"line 1: the field 'hops' must be a whole number"),
        (row_with("keywords", []), "'keywords' must be a list of at least one text"),
        (row_with("generated", 3), "'generated' must be a text"),
        (scores_with(logprobs=[None]), "the answers of the row '.*' are not complete"),
        (scores_with(n=None), "the answers of the row '.*' are not complete"),
        (scores_with(mean=[1.0] * 90), "the moments of the row '.*' are not complete"),
        (scores_with(mean=[None], deviation=[None]), "the moments of the row '.*' are not complete"),
        (other_types, "Cannot read .*token_logprobs"),
        (drop_row, "which is not in the row file"),
        (drop_scores, r"The sidecar of .* lacks \d+ rows"),
        (drop_candidate, r"the answers of the row '.*' are not complete"),
        (cut, "Cannot read .*token_logprobs"),
        (other_columns, "has the columns a; they must be task, row"),
        (lose, "The sidecar token_logprobs_.* is not beside"),
        (climb, "names no sidecar"),
    ],
)
def test_a_damaged_run_is_named(run, damage, sentence):
    damage(run)
    with pytest.raises(RememError, match=sentence):
        rescore(run)


def test_a_sidecar_gives_back_what_was_written(tmp_path):
    rng = np.random.default_rng(0)
    written = [
        ScoredAnswers(
            "task",
            f"row {k}",
            2,
            [np.float32(-rng.random(3)).tolist() for _ in range(4)],
            [True, False, False, True],
            [(-1.0, 0.5)] * 3 if k % 2 else None,
        )
        for k in range(120)
    ]
    write_sidecar(tmp_path / "s.parquet", written)
    assert list(read_sidecar(tmp_path / "s.parquet")) == written
    assert [path.name for path in tmp_path.iterdir()] == ["s.parquet"]
