"""`remem-eval` end to end over the small dataset, and its refusals; plain lm_eval on the QA tasks."""

from __future__ import annotations

import json
import math
import shutil
import sys

import lm_eval.api.task
import pytest

from harness_tasks import install
from harness_tasks.checks import check_tasks
from harness_tasks.cli import _named_bars, main
from harness_tasks.data import TASKS
from harness_tasks.install import TASKS_FOLDER
from harness_tasks.provenance import describe_model, weights_hash
from remem_dataset.results import read_results
from remem_dataset.results.tasks import grid_tasks
from remem_dataset.schema import MANIFEST
from tests.harness_tasks.runs import evaluate

EXPOSURE_METRICS = {
    "exposure",
    "exposure_ceiling",
    "exposure_null_mean",
    "exposure_share",
    "exposure_others",
    "exposure_others_share",
    "exposure_mean_logprob",
    "truth_share",
    "logprob",
    "min_k",
    "min_k_plus_plus",
    "tie_rate",
    "not_a_number",
}
QA_METRICS = {"exact_match", "keyword_recall", "rouge_l", "refusal", "well_formed"}


def test_the_group_runs_every_task(everything):
    results, _ = everything
    assert set(TASKS) <= set(results["results"])
    for name in TASKS:
        metrics = {key.removesuffix(",none") for key in results["results"][name] if key.endswith(",none")}
        wanted = QA_METRICS if name.endswith("_qa") else EXPOSURE_METRICS
        assert metrics == wanted | {f"{metric}_stderr" for metric in wanted}


def test_the_glob_asks_the_same_rows(everything, work, model_folder, tiny_dataset, only_our_tasks):
    named = ("--metadata", f"dataset={tiny_dataset}", "forget=forget25", "--limit", "2", "--log_samples")
    results, rows = evaluate(model_folder, "remem_*", work / "glob", *named)
    assert set(results["results"]) == set(TASKS)
    assert results["remem"]["limit"] == 2.0
    known = {(row["task"], row["id"]): row for row in everything[1]}
    assert {row["task"] for row in rows} == set(TASKS)
    assert len(rows) < len(known)
    for row in rows:
        other = known[row["task"], row["id"]]
        assert row == {k: pytest.approx(v) if isinstance(v, float) else v for k, v in other.items()}
    (samples,) = (work / "glob").glob("*/samples_remem_retain_text_exposure_*.jsonl")
    assert "remem-image:" not in samples.read_text()
    (samples,) = (work / "glob").glob("*/samples_remem_retain_seen_multi_exposure_*.jsonl")
    assert "remem-image:" in samples.read_text()


def test_the_results_say_what_they_depend_on(everything, tiny_dataset):
    entry = everything[0]["remem"]
    manifest = json.loads((tiny_dataset / MANIFEST).read_text())
    assert entry["dataset"] == "remem"
    assert entry["fingerprint"] == manifest["fingerprint"]
    assert entry["forget"] == manifest["default_forget"]
    assert entry["revision"] is None
    sizes = sorted({row["n"] for row in everything[1] if "n" in row})
    assert entry["n_candidates"] == (sizes if len(sizes) > 1 else sizes[0])
    assert max(sizes) == manifest["config"]["candidates"]
    assert (entry["seed"], entry["limit"], entry["scoring_path"]) == (0, None, "trie")
    assert {"python", "lm_eval", "transformers", "torch", "datasets"} <= set(entry["versions"])


def test_the_results_name_the_command_and_the_weights(everything, work, model_folder):
    entry = everything[0]["remem"]
    assert entry["command"] == (
        f"remem-eval --model_args pretrained={model_folder} --device cpu --tasks remem "
        f"--output_path {work / 'group'}"
    )
    assert entry["model"] == {
        "pretrained": str(model_folder),
        "dtype": "float32",
        "weights": weights_hash(model_folder),
    }


def test_the_report_reads_what_was_written(everything, work):
    run = read_results(work / "group")
    assert set(run.tasks) == set(TASKS)
    assert len(run.rows) == len(everything[1])
    assert run.gap(grid_tasks(kind="exposure"), "exposure", "exposure_share") == ""
    assert run.checkpoint == everything[0]["remem"]["model"]
    assert run.fingerprint == everything[0]["remem"]["fingerprint"]["all"]


def test_weights_hash_follows_names_and_contents(tmp_path):
    assert weights_hash(tmp_path) is None
    hashes = set()
    for name, content in [("a.safetensors", b"12"), ("a.safetensors", b"13"), ("b.safetensors", b"13")]:
        (tmp_path / name).write_bytes(content)
        (tmp_path / "README.md").write_text(name)
        hashes |= {weights_hash(tmp_path), weights_hash(tmp_path)}
        (tmp_path / name).unlink()
    assert len(hashes) == 3
    assert {len(digest) for digest in hashes} == {32}


def test_a_hub_model_is_named_by_its_commit():
    config = {"model_dtype": "torch.bfloat16", "model_revision": "main", "model_sha": "abc"}
    assert describe_model({"pretrained": "llava-hf/some-model"}, config) == {
        "pretrained": "llava-hf/some-model",
        "dtype": "bfloat16",
        "revision": "main",
        "commit": "abc",
    }


def test_rows_add_up_to_the_results(everything):
    results, rows = everything
    for name in TASKS:
        mine = [row for row in rows if row["task"] == name]
        assert len(mine) == results["n-samples"][name]["effective"]
        for metric in QA_METRICS if name.endswith("_qa") else EXPOSURE_METRICS:
            values = [row[metric] for row in mine if metric in row]
            assert results["results"][name][f"{metric},none"] == pytest.approx(sum(values) / len(values))
    exposure = next(row for row in rows if row["task"] == "remem_forget_text_exposure")
    assert exposure["exposure"] == pytest.approx(math.log2(exposure["n"] + 1) - math.log2(exposure["rank"]))
    asked = next(row for row in rows if row["task"] == "remem_multi_image_qa")
    assert isinstance(asked["generated"], str)
    assert {"id", "identity_id", "attribute", "question_type", "split_role", "answer"} <= set(asked)


def test_nothing_half_written_is_left(everything, work):
    left = [path.suffix for path in sorted((work / "group").rglob("*")) if path.is_file()]
    assert left == [".json", ".jsonl", ".parquet"]


def test_plain_lm_eval_gives_the_same_answers(
    work, model_folder, tiny_dataset, monkeypatch, everything, only_our_tasks
):
    from lm_eval.__main__ import cli_evaluate

    output = work / "plain"
    arguments = f"lm_eval --include_path {TASKS_FOLDER} --model hf-multimodal --apply_chat_template"
    arguments += f" --model_args pretrained={model_folder} --device cpu --output_path {output}"
    arguments += " --tasks remem_retain_seen_multi_qa,remem_multi_image_qa --limit 2 --log_samples"
    arguments += f" --metadata dataset={tiny_dataset}"
    monkeypatch.setattr(sys, "argv", arguments.split())
    cli_evaluate()
    ours = {(row["task"], row["id"]): row["generated"] for row in everything[1] if "generated" in row}
    compared = 0
    for file in output.glob("*/samples_*.jsonl"):
        for sample in map(json.loads, file.read_text().splitlines()):
            doc = sample["doc"]
            assert sample["filtered_resps"] == [ours[doc["task_name"], doc["id"]]]
            compared += 1
    assert compared == 4


def refusal(capsys, *arguments: str) -> str:
    """The one sentence that `remem-eval` prints when it refuses."""
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    assert stopped.value.code == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    return lines[0]


def test_refusals_about_the_data(capsys, work, model_folder, tiny_dataset, tmp_path, monkeypatch):
    model = ("--model_args", f"pretrained={model_folder}", "--tasks", "remem")
    monkeypatch.chdir(tmp_path)
    assert "There is no dataset remem" in refusal(capsys, *model)
    assert "no dataset ./x" in refusal(capsys, *model, "--metadata", "dataset=./x")
    here = f"dataset={tiny_dataset}"
    message = refusal(capsys, *model, "--metadata", here, "forget=forget30")
    assert "'forget30'; it has forget25, forget50" in message
    old = tmp_path / "old"
    shutil.copytree(tiny_dataset, old)
    manifest = json.loads((old / MANIFEST).read_text())
    (old / MANIFEST).write_text(json.dumps({**manifest, "schema_version": "0.3"}))
    assert "schema version 0.3" in refusal(capsys, *model, "--metadata", "dataset=old")


def test_refusals_about_the_model(capsys, work, text_model_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(work)
    tasks = ("--tasks", "remem", "--output_path", str(tmp_path / "out"))
    assert "No model is named" in refusal(capsys, *tasks)
    assert "There is no model ./x" in refusal(capsys, *tasks, "--model_args", "pretrained=./x")
    assert "takes no images" in refusal(capsys, *tasks, "--model_args", f"pretrained={text_model_folder}")
    assert not (tmp_path / "out").exists()


def test_refusals_about_the_tasks(capsys, work, model_folder, monkeypatch, tmp_path):
    monkeypatch.chdir(work)
    model = ("--model_args", f"pretrained={model_folder}")
    assert "No task is named" in refusal(capsys, *model)
    hf = (*model, "--model", "hf", "--tasks")
    assert "takes no images, but remem_retain_seen_multi_qa" in refusal(
        capsys, *hf, "remem_retain_seen_multi_qa"
    )
    asking = (*model, "--model", "hf-multimodal", "--tasks")
    assert "cannot score answers" in refusal(capsys, *asking, "remem")
    assert "with and without images together" in refusal(capsys, *asking, "remem_*_qa")
    assert "There is no task remem_x" in refusal(capsys, *model, "--tasks", "remem_x")
    assert "--cache_requests would" in refusal(capsys, *model, "--tasks", "remem", "--cache_requests", "true")
    told = refusal(capsys, *model, "--tasks", "remem", "--samples", '{"remem_forget_text_qa": [0]}')
    assert "--samples would pass chosen rows off" in told
    assert "--log_samples needs a folder" in refusal(capsys, *model, "--tasks", "remem", "--log_samples")
    for limit in ("0", "-1", "nan", "inf"):
        assert f"--limit is {float(limit)}" in refusal(capsys, *model, "--tasks", "remem", "--limit", limit)
    assert "Cannot read" in refusal(capsys, "--config", str(tmp_path / "no.yaml"))


@pytest.mark.parametrize(
    "asked",
    ["remem*", "remem,remem_multi_image_qa", "remem_*,remem_multi_image_qa", "remem_multi_*,remem*"],
)
def test_no_task_is_asked_twice(work, monkeypatch, asked):
    monkeypatch.chdir(work)
    tasks = check_tasks({"tasks": [asked], "metadata": {}, "model_args": {}})
    assert sorted(tasks) == sorted(TASKS)


def test_the_group_and_a_member_run_together(work, model_folder, tmp_path, monkeypatch, only_our_tasks):
    monkeypatch.chdir(work)
    results, _ = evaluate(model_folder, "remem,remem_multi_image_qa", tmp_path / "both", "--limit", "1")
    assert set(results["results"]) == set(TASKS)


def test_refusals_of_names_and_numbers(capsys, work, model_folder, monkeypatch, tmp_path, only_our_tasks):
    monkeypatch.chdir(work)
    arguments = f"pretrained={model_folder}"
    tasks = ("--tasks", "remem_multi_image_qa", "--device", "cpu")
    model = ("--model_args", arguments)
    assert "Tasks not found: nosuch" in refusal(capsys, *model, "--tasks", "nosuch")
    assert "*_qa reaches beyond the tasks of remem" in refusal(capsys, *model, "--tasks", "*_qa")
    assert "no model type nomodel" in refusal(capsys, *model, *tasks, "--model", "nomodel")
    assert "--batch_size is x" in refusal(capsys, *model, *tasks, "--batch_size", "x")
    assert "--batch_size is auto:x" in refusal(capsys, *model, *tasks, "--batch_size", "auto:x")
    assert "--device is 'abacus'" in refusal(capsys, *model, *tasks, "--device", "abacus")
    assert "torch finds" in refusal(capsys, *model, *tasks, "--device", "cuda:99")
    for option, said in [
        ("scoring=blah", "scoring is 'blah'; it must be one of auto, trie, expand, full"),
        ("scoring_memory_mb=lots", "scoring_memory_mb is 'lots'"),
        ("dtype=float33", "dtype is 'float33'"),
        ("no_such_argument=1", "does not load"),
    ]:
        assert said in refusal(capsys, "--model_args", f"{arguments},{option}", *tasks)
    (tmp_path / "file").write_text("")
    for output in (tmp_path / "file" / "out", tmp_path / ("r" * 300), "/proc/out", "/proc/out.json"):
        assert "Cannot write the results" in refusal(capsys, *model, *tasks, "--output_path", str(output))


@pytest.mark.parametrize("kind", ["remem-vlm", "hf-multimodal", "hf"])
def test_broken_weights_are_named(capsys, work, model_folder, monkeypatch, tmp_path, kind):
    monkeypatch.chdir(work)
    broken = tmp_path / "broken"
    shutil.copytree(model_folder, broken)
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    tasks = "remem_forget_text_qa" if kind == "hf" else "remem_multi_image_qa"
    message = refusal(capsys, "--model", kind, "--model_args", f"pretrained={broken}", "--tasks", tasks)
    assert f"The weights {weights} cannot be read" in message


def test_weights_that_only_loading_finds_broken_are_named(capsys, work, model_folder, monkeypatch, tmp_path):
    monkeypatch.chdir(work)
    broken = tmp_path / "broken"
    shutil.copytree(model_folder, broken)
    (broken / "model.safetensors").unlink()
    (broken / "pytorch_model.bin").write_bytes(b"no weights")
    message = refusal(capsys, "--model_args", f"pretrained={broken}", "--tasks", "remem_multi_image_qa")
    assert f"The model {broken} does not load" in message


def test_a_text_model_is_refused_for_pictures(capsys, work, text_model_folder, monkeypatch):
    monkeypatch.chdir(work)
    model = ("--model", "hf-multimodal", "--model_args", f"pretrained={text_model_folder}")
    assert "takes no images" in refusal(capsys, *model, "--tasks", "remem_multi_image_qa")


def test_stale_tasks_in_lm_eval_are_refused(capsys, work, model_folder, monkeypatch, tmp_path):
    monkeypatch.setattr(install, "lm_eval_folder", lambda: tmp_path)
    install.install_tasks()
    (tmp_path / "remem" / "remem.yaml").unlink()
    model = ("--model_args", f"pretrained={model_folder}", "--tasks", "remem")
    assert "holds other tasks than this version" in refusal(capsys, *model)


def test_tasks_without_rows_are_left_out_of_the_group(capsys, work, monkeypatch):
    from harness_tasks import checks

    monkeypatch.chdir(work)
    count = checks.count_rows
    monkeypatch.setattr(
        checks, "count_rows", lambda s, name, f=None: 0 if "multi_image" in name else count(s, name, f)
    )
    settings = {"tasks": ["remem", "hellaswag"], "metadata": {}, "model_args": {}}
    assert checks.check_tasks(settings) == [*(t for t in TASKS if t != "remem_multi_image_qa"), "hellaswag"]
    assert "Left out" in capsys.readouterr().err
    with pytest.raises(ValueError, match="choose other tasks"):
        checks.check_tasks({**settings, "tasks": ["remem_multi_image_qa"]})


def test_a_config_file_may_hold_the_settings(work, model_folder, tiny_dataset, only_our_tasks, tmp_path):
    settings = {
        "model_args": {"pretrained": str(model_folder)},
        "tasks": ["remem_forget_text_exposure"],
        "metadata": {"dataset": str(tiny_dataset), "forget": "forget50"},
        "output_path": str(tmp_path / "out"),
        "device": "cpu",
        "batch_size": 2,
    }
    (tmp_path / "run.yaml").write_text(json.dumps(settings))
    main(["--config", str(tmp_path / "run.yaml")])
    (file,) = (tmp_path / "out").glob("*/results_*.json")
    results = json.loads(file.read_text())
    assert results["remem"]["forget"] == "forget50"
    assert (results["config"]["model"], results["config"]["batch_size"]) == ("remem-vlm", 2)
    assert results["chat_template"]


@pytest.mark.parametrize("command", [["--help"], ["run", "--help"]])
def test_the_help_is_about_this_program(capsys, command):
    with pytest.raises(SystemExit) as ended:
        main(command)
    assert not ended.value.code
    said = capsys.readouterr().out
    assert said.startswith("usage: remem-eval ")
    assert "--metadata dataset=remem" in said
    assert "hellaswag" not in said.split("What is ours")[1]


def test_the_bar_of_lm_eval_has_a_name(capsys):
    before = lm_eval.api.task.tqdm
    with _named_bars():
        assert list(lm_eval.api.task.tqdm(range(2), total=2)) == [0, 1]
    assert "Preparing questions" in capsys.readouterr().err
    assert lm_eval.api.task.tqdm is before
