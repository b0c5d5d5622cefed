"""Reading results, the stage-1 gate and the headline checks, on documents in lm-eval's real form."""

from __future__ import annotations

import json
import math

import pytest

from remem_dataset.errors import RememError
from remem_dataset.report.tables import cell_figure
from remem_dataset.results import (
    find_results,
    headline_checks,
    read_results,
    same_measurement,
    stage_one_gate,
)
from remem_dataset.results.checks import null_distance
from remem_dataset.results.reading import RESULTS_LIMIT
from remem_dataset.results.spread import clustered
from remem_dataset.results.tasks import cell_task, grid_tasks

from .results_files import null_mean, row_lines, run_document, write_run


def read(tmp_path, document, **options):
    return read_results(write_run(tmp_path, document, **options))


def test_newest_results_by_the_date_in_the_name(tmp_path):
    new = write_run(tmp_path, run_document(), date="2026-11-24T02-00-00.000000")
    write_run(tmp_path, run_document(), date="2026-11-23T23-59-59.999999")  # written later, measured earlier
    assert find_results(tmp_path) == new
    assert find_results(new) == new


def test_cell_has_value_n_and_stderr(tmp_path):
    run = read(tmp_path, run_document(exact_match={"forget": 0.25, "retain": 1.0}))
    task = cell_task(subset="forget", role="unseen", hop="multi", kind="qa")
    figure = run.figure(task, "exact_match")
    assert (figure.value, figure.n, figure.stderr) == (0.25, 9, 0.05)
    assert run.figure(task, "rouge_l").stderr is None
    assert run.figure(task, "exposure") is None
    assert run.fingerprint == "f" * 64
    assert run.n_candidates == (7, 15)
    assert run.candidates_in_words == "7 to 15 candidates"
    assert "pretrained=runs/model" in run.model_args


def test_the_checkpoint_is_read_when_it_was_recorded(tmp_path):
    document = run_document()
    assert read(tmp_path / "a", document).checkpoint == {
        "pretrained": "runs/model",
        "dtype": "float32",
        "weights": "0123456789abcdef0123456789abcdef",
    }
    assert read(tmp_path / "a", document).command.startswith("remem-eval --model_args")
    del document["remem"]["model"], document["remem"]["command"]
    older = read(tmp_path / "b", document)
    assert (older.checkpoint, older.command) == ({}, None)
    document["remem"]["model"] = {"weights": 7}
    with pytest.raises(RememError, match=r"'remem\.model\.weights' must be a text"):
        read(tmp_path / "c", document)


def test_pooling_is_weighted_by_rows(tmp_path):
    document = run_document(exact_match={"forget": 0.0, "retain": 1.0})
    task = cell_task(subset="forget", role="seen", hop="single", kind="qa")
    document["n-samples"][task] = {"original": 3, "effective": 3}
    run = read(tmp_path, document)
    pooled = run.pooled(grid_tasks(kind="qa", roles=("seen",), hops=("single",)), "exact_match")
    assert pooled.n == 12
    assert pooled.value == pytest.approx(9 / 12)
    assert pooled.stderr == pytest.approx(0.05 * math.sqrt((3 / 12) ** 2 + (9 / 12) ** 2))


def test_filtered_metric_is_read_when_there_is_no_plain_one(tmp_path):
    document = run_document()
    entry = document["results"][cell_task(subset="forget", role="seen", hop="single", kind="qa")]
    entry["exact_match,strip"] = 0.5
    del entry["exact_match,none"]
    run = read(tmp_path, document)
    assert run.figure(TASK, "exact_match").value == 0.5


def test_a_limited_run_is_known_to_be_partial(tmp_path):
    document = run_document()
    document["n-samples"]["remem_multi_image_qa"] = {"original": 40, "effective": 9}
    assert read(tmp_path, document).partial_tasks == ["remem_multi_image_qa"]


def test_rows_are_read_and_strange_tasks_skipped(tmp_path):
    rows = [*row_lines([1.0]), {"task": "hellaswag", "what": "ever"}]
    run = read(tmp_path, run_document(), rows=rows)
    assert len(run.rows) == len(rows) - 1
    assert run.rows[0].metrics["exposure"] == 1.0


def test_missing_row_file_is_a_remark(tmp_path):
    run = read(tmp_path, run_document(rows_file="rows_gone.jsonl"))
    assert run.rows == ()
    assert "rows_gone.jsonl" in run.rows_note


TASK = "remem_forget_seen_single_qa"
RANKED = "remem_forget_seen_single_exposure"


def broken(path: str, value) -> dict:
    """A document whose field at the dotted path is replaced (or deleted for ...)."""
    document = run_document()
    *parents, last = path.split("/")
    holder = document
    for key in parents:
        holder = holder[key]
    if value is ...:
        del holder[last]
    else:
        holder[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("remem", ..., "'remem' is missing"),
        ("remem", [], "remem must be an object"),
        ("remem/fingerprint", ..., "'remem.fingerprint' is missing"),
        ("remem/fingerprint", "f" * 64, "remem.fingerprint must be an object"),
        ("remem/fingerprint/all", 7, "'remem.fingerprint.all' must be a text"),
        ("remem/forget", "x" * 65, "'remem.forget' must be"),
        ("remem/n_candidates", [15, True], "'remem.n_candidates' must be"),
        ("remem/n_candidates", 10**4000, "'remem.n_candidates' must be"),
        ("remem/seed", -1, "'remem.seed' must be a whole number"),
        ("remem/rows_file", "../../secret.jsonl", "must lie beside the results"),
        ("remem/rows_file", "/etc/passwd", "must lie beside the results"),
        ("remem/rows_file", "rows\0.jsonl", "must lie beside the results"),
        (
            "remem/rows_file",
            "r" * 600,
            "must lie beside the results file and be readable (File name too long)",
        ),
        ("results", ..., "'results' is missing"),
        ("results", {}, "no figures of any remem task"),
        (f"results/{TASK}", "fast", "must be an object"),
        (f"results/{TASK}/exact_match,none", "0.9", "'results.remem_forget_seen_single_qa.exact_match,none'"),
        (f"results/{TASK}/exact_match,none", 1.5, "must be between 0.0 and 1.0"),
        (f"results/{TASK}/exact_match,none", True, "must be a number"),
        (f"results/{TASK}/exact_match_stderr,none", -1.0, "must be between 0 and"),
        (f"results/{TASK}/exact_match,none", float("nan"), "NaN at results.remem_forget_seen_single_qa"),
        ("date", float("inf"), "Infinity at date"),
        (f"n-samples/{TASK}/effective", 1.5, "must be a whole number"),
        (f"n-samples/{TASK}/effective", 10, "effective' must be at most 9"),
        (f"n-samples/{TASK}", ..., "'n-samples.remem_forget_seen_single_qa' is missing"),
        (f"results/{RANKED}/exposure_ceiling,none", 1e9, "must be between 0.0 and 64.0"),
        (f"results/{RANKED}/exposure_ceiling,none", 1e300, "must be between 0.0 and 64.0"),
        (
            f"results/{RANKED}/exposure,none",
            4.01,
            "exposure is 4.01, but must be at most exposure_ceiling (4).",
        ),
        (
            f"results/{RANKED}/exposure_mean_logprob,none",
            5.0,
            "exposure_mean_logprob is 5, but must be at most",
        ),
        (f"results/{RANKED}/exposure_stderr,none", 1e300, "must be between 0 and"),
        (f"results/{RANKED}/logprob,none", -1e308, "must be between -1000000000.0"),
    ],
)
def test_each_fault_is_one_sentence_that_names_the_field(tmp_path, path, value, said):
    with pytest.raises(RememError) as caught:
        read(tmp_path, broken(path, value))
    message = str(caught.value)
    assert said in message
    assert "\n" not in message
    assert message.endswith(".")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a": 1e999}', "1e999 at a"),
        ('{"a": "\\ud800"}', "not valid JSON"),
        ('{"a": ' + "9" * 5000 + "}", "not valid JSON"),
        ("[1]", "the top level must be an object"),
    ],
)
def test_documents_that_are_not_results(tmp_path, text, said):
    path = tmp_path / "results_x.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RememError, match=said):
        read_results(path)


def test_oversized_and_undecodable_files_are_refused(tmp_path):
    path = tmp_path / "results_x.json"
    with path.open("wb") as file:
        file.truncate(RESULTS_LIMIT + 1)
    with pytest.raises(RememError, match="larger than 64 MiB"):
        read_results(path)
    path.write_bytes(b'{"a": "\xff"}')
    with pytest.raises(RememError, match="not UTF-8"):
        read_results(path)


def test_a_broken_row_names_its_line(tmp_path):
    rows = row_lines([1.0])
    del rows[3]["identity_id"]
    with pytest.raises(RememError, match=r"line 4: the field 'identity_id' is missing"):
        read(tmp_path, run_document(), rows=rows)


def test_a_row_above_its_ceiling_names_its_line(tmp_path):
    rows = row_lines([1.0])
    rows[2]["exposure"] = 4.5
    with pytest.raises(
        RememError, match=r"line 3: exposure is 4\.5, but must be at most exposure_ceiling \(4\)"
    ):
        read(tmp_path, run_document(), rows=rows)


def test_a_name_too_long_for_a_file_is_one_sentence():
    with pytest.raises(RememError, match="File name too long"):
        read_results("r" * 600)


def test_missing_folder_and_empty_folder(tmp_path):
    with pytest.raises(RememError, match="no results file or folder"):
        read_results(tmp_path / "nowhere")
    with pytest.raises(RememError, match=r"holds no results_\*\.json"):
        read_results(tmp_path)


def test_runs_that_measure_different_things_are_refused(tmp_path):
    base = read(tmp_path / "a", run_document())
    for i, (options, said) in enumerate(
        [
            ({"fingerprint": "e" * 64}, "one and the same dataset"),
            ({"forget": "forget50"}, "one forget set"),
            ({"n": 31}, "same number"),
        ]
    ):
        other = read(tmp_path / f"b{i}", run_document(**options))
        with pytest.raises(RememError, match=said):
            same_measurement({"vanilla": base, "unlearned": other})
    document = run_document()
    document["n-samples"][TASK]["effective"] = 1
    other = read(tmp_path / "limited", document)
    with pytest.raises(RememError, match="unlearned run scored 1 of 9 rows of remem_forget_seen_single_qa"):
        same_measurement({"vanilla": base, "unlearned": other})
    same_measurement({"vanilla": base, "unlearned": base})


@pytest.mark.parametrize(
    ("exact_match", "exposure", "memorised", "said"),
    [
        (0.9, 3.6, True, "reaches 0.90"),
        (0.899, 4.0, False, "single-hop questions is 0.899 (n = 18) and falls short of 0.90"),
        (1.0, 3.59, False, "share of its ceiling, is 0.898 (n = 18) and falls short of 0.90"),
    ],
)
def test_gate(tmp_path, exact_match, exposure, memorised, said):
    gate = stage_one_gate(read(tmp_path, run_document(exact_match=exact_match, exposure=exposure)))
    assert gate.memorised is memorised
    assert said in " ".join(gate.reasons)


def test_gate_is_closed_when_exposure_was_not_measured(tmp_path):
    document = run_document()
    for name in grid_tasks(kind="exposure"):
        del document["results"][name]
    gate = stage_one_gate(read(tmp_path, document))
    assert not gate.memorised
    assert "was not measured: remem_forget_seen_single_exposure is missing" in gate.reasons[2]


def without(*parts: str) -> dict:
    """A document that lacks the tasks whose names hold one of the parts."""
    document = run_document()
    for name in [name for name in document["results"] if any(part in name for part in parts)]:
        del document["results"][name], document["n-samples"][name]
    return document


@pytest.mark.parametrize("part", ["_retain_", "_multi_", "remem_forget_seen_multi_exposure"])
def test_gate_is_closed_when_tasks_are_missing(tmp_path, part):
    gate = stage_one_gate(read(tmp_path, without(part)))
    assert not gate.memorised
    assert f"was not measured: remem_{'retain' if part == '_retain_' else 'forget'}_" in " ".join(
        gate.reasons
    )


def test_gate_is_closed_when_rows_are_missing(tmp_path):
    document = run_document()
    for count in document["n-samples"].values():
        count["effective"] = 1
    gate = stage_one_gate(read(tmp_path, document))
    assert not gate.memorised
    assert all("has 1 of its" in reason for reason in gate.reasons)


def test_gate_is_closed_when_a_task_lacks_the_metric(tmp_path):
    document = run_document()
    del document["results"]["remem_retain_seen_single_qa"]["exact_match,none"]
    gate = stage_one_gate(read(tmp_path, document))
    assert not gate.memorised
    assert "remem_retain_seen_single_qa has no exact_match" in gate.reasons[0]


def test_checks_measure_nothing_on_a_part_of_the_rows(tmp_path):
    document = run_document(exposure={"forget": 1.0, "retain": 1.0})
    for count in document["n-samples"].values():
        count["effective"] = 1
    run = read(tmp_path / "cut", document)
    assert statuses(vanilla=run, unlearned=run, untrained=run) == ["not measured"] * 6
    whole, part = read(tmp_path / "whole", run_document()), read(tmp_path / "part", without("_multi_"))
    checks = headline_checks(vanilla=whole, unlearned=part, untrained=part)
    assert [check.status for check in checks] == ["met", "met", "met", *["not measured"] * 3]
    assert checks[4].measured == "remem_forget_seen_multi_exposure is missing"


def test_row_file_that_holds_a_part_of_the_rows_gives_no_clusters(tmp_path):
    run = read(tmp_path, run_document(), rows=row_lines([1.0, 2.0])[:20])
    mean, _, by_fact = null_distance(run)
    assert (mean.value, by_fact) == (4.0, False)


def test_gate_ignores_unseen_rows(tmp_path):
    document = run_document()
    for name in grid_tasks(kind="qa", roles=("unseen",)):
        document["results"][name]["exact_match,none"] = 0.0
    assert stage_one_gate(read(tmp_path, document)).memorised


def statuses(**runs) -> list[str]:
    return [check.status for check in headline_checks(**runs)]


def test_headline_checks_all_met(tmp_path):
    # Two values placed evenly round the null mean: their mean is the null mean itself.
    null = null_mean(15)
    untrained = read(tmp_path / "u", run_document(exposure=null), rows=row_lines([null - 0.5, null + 0.5]))
    vanilla = read(tmp_path / "v", run_document())
    unlearned = read(tmp_path / "w", run_document(exposure={"forget": 2.0, "retain": 4.0}))
    assert statuses(vanilla=vanilla, unlearned=unlearned, untrained=untrained) == ["met"] * 6


def test_headline_checks_say_every_miss(tmp_path):
    untrained = read(tmp_path / "u", run_document(exposure=2.5), rows=row_lines([2.4, 2.6]))
    vanilla = read(tmp_path / "v", run_document(exact_match=0.5, exposure=3.0))
    unlearned = read(tmp_path / "w", run_document(exact_match=0.79, exposure=1.01))
    checks = headline_checks(vanilla=vanilla, unlearned=unlearned, untrained=untrained)
    assert [check.status for check in checks] == ["NOT met"] * 6
    assert "lower by 1.99" in checks[4].measured
    assert "≥ 2.00 bits" in checks[4].required
    assert "0.790" in checks[5].measured


def test_without_an_untrained_run_its_check_is_not_measured(tmp_path):
    run = read(tmp_path, run_document())
    assert statuses(vanilla=run, unlearned=run)[3] == "not measured"


def test_half_the_ceiling_is_enough_when_the_ceiling_is_low(tmp_path):
    vanilla = read(tmp_path / "v", run_document(exposure=2.0, n=3))  # ceiling 2 bits
    unlearned = read(tmp_path / "w", run_document(exposure={"forget": 1.0, "retain": 2.0}, n=3))
    check = headline_checks(vanilla=vanilla, unlearned=unlearned)[4]
    assert check.status == "met"
    assert "half the ceiling" in check.required


def test_clustered_error_counts_facts_not_rows():
    values = [0.0, 0.0, 0.0, 4.0, 4.0, 4.0]
    by_fact = clustered(values, ["a", "a", "a", "b", "b", "b"])
    # Two facts, each asked three times, are two observations 0 and 4: sd/sqrt(2) = 2.
    assert by_fact.value == 2.0
    assert by_fact.stderr == pytest.approx(2.0)
    assert clustered(values, range(6)).stderr == pytest.approx(4 / math.sqrt(6) / 2 * math.sqrt(6 / 5))
    assert clustered(values, ["a"] * 6).stderr is None
    assert clustered([], []) is None


def test_the_report_clusters_by_person_as_the_evaluation_does(tmp_path):
    rows = row_lines([0.0, 1.0, 3.0, 2.0])
    run = read(tmp_path, run_document(), rows=rows)
    task = grid_tasks(kind="exposure", subsets=("retain",))[0]
    mine = [row for row in rows if row["task"] == task]
    people = [row["identity_id"] for row in mine]
    assert 1 < len(set(people)) < len(people)
    expected = clustered([row["exposure"] for row in mine], people).stderr
    assert cell_figure(run, [task], "exposure").stderr == pytest.approx(expected)


def test_clustered_error_does_not_shrink_when_rows_are_repeated():
    values = [math.sin(i) for i in range(20)]
    once, often = clustered(values, range(20)), clustered(values * 5, [*range(20)] * 5)
    assert often.stderr == pytest.approx(once.stderr)


def test_null_mean_of_the_fixture_is_the_papers_number():
    assert null_mean(100_000) == pytest.approx(1.4427, abs=1e-3)


def test_documents_survive_a_round_trip_as_strict_json(tmp_path):
    path = write_run(tmp_path, run_document())
    json.loads(path.read_text(), parse_constant=lambda name: pytest.fail(name))
