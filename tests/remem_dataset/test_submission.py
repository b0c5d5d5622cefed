"""Submissions: what is written is read again, and what is wrong is refused with the field's name."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema_rs
import pytest

from remem_dataset.errors import RememError
from remem_dataset.results.headline import headline
from remem_dataset.results.tasks import METRIC_RANGES, known_tasks
from remem_dataset.submission.document import METRICS, render_document
from remem_dataset.submission.reading import LIMIT, check_submission, parse_submission, read_submission
from remem_dataset.submission.submit import path_of, same_result
from remem_dataset.submission.validation import printable, schema
from remem_dataset.submission.versions import read_versions, versions_json

from .submissions import UNTAUGHT, VERSIONS, changed, document, text_of

TASK = "remem_forget_seen_single"


@pytest.fixture(scope="module")
def valid(tmp_path_factory):
    return document(tmp_path_factory.mktemp("results"))


def refusal(found, name="x.json"):
    with pytest.raises(RememError) as caught:
        parse_submission(found if isinstance(found, str) else text_of(found), VERSIONS, name)
    sentence = str(caught.value)
    assert len(sentence.splitlines()) == 1
    assert sentence.endswith(".")
    assert len(sentence) < 600
    return sentence


def test_what_is_written_is_read_again(valid):
    found = parse_submission(render_document(valid), VERSIONS, "x.json")
    assert found.document == valid
    assert (found.model, found.method, found.forget) == ("org/model", "npo", "forget50")
    assert found.gate_status == "passed"
    assert found.headline == headline(vanilla=found.vanilla, unlearned=found.unlearned)
    assert found.headline.retention == 1
    assert found.headline.erasure > 0.5


def test_without_a_run_of_the_base_model_the_gate_is_missing(tmp_path):
    found = check_submission(document(tmp_path, vanilla=None), VERSIONS, "x")
    assert (found.gate_status, found.headline.percent) == ("missing", None)


def test_a_base_model_that_had_not_memorised_fails_the_gate(tmp_path):
    found = check_submission(document(tmp_path, vanilla=UNTAUGHT), VERSIONS, "x")
    assert found.gate_status == "failed"
    assert found.headline.percent is None


def test_the_schema_is_a_schema_and_fits_the_metrics():
    jsonschema_rs.meta.validate(schema())
    parts = schema()["$defs"]
    assert set(parts["answered"]["properties"]["metrics"]["properties"]) == set(METRICS["qa"])
    assert set(parts["ranked"]["properties"]["metrics"]["properties"]) == set(METRICS["exposure"])
    assert set(METRICS["qa"]) | set(METRICS["exposure"]) == set(METRIC_RANGES)
    assert set(parts["run"]["properties"]["tasks"]["properties"]) == known_tasks()
    for name, reference in parts["ranked"]["properties"]["metrics"]["properties"].items():
        bounds = parts[reference["$ref"].rsplit("/", 1)[1]]["prefixItems"][0]
        assert bounds["minimum"] == METRIC_RANGES[name][0]
        assert bounds["maximum"] == pytest.approx(METRIC_RANGES[name][1], abs=1e-5)
    assert files("remem_dataset.submission").joinpath("schema-1.json").is_file()


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("schema", 2, "'schema' must be 1"),
        ("schema", True, "'schema' must be 1"),
        ("model", ..., "the top level lacks 'model'"),
        ("model", "org/<img src=x onerror=alert(1)>", "'model' must be a Hub id"),
        ("model", "../../etc/passwd", "'model' must be a Hub id"),
        ("model", "org/mo\u202edel", "'model' must be a Hub id"),
        ("model", "org/" + "m" * 200, "'model' must be a Hub id"),
        ("base_model", "just-a-name", "'base_model' must be a Hub id"),
        ("method", "npo</script><script>alert(1)</script>", "'method' must be a name"),
        ("method", "", "'method' must be a name"),
        ("method", 7, "'method' is not of type"),
        ("submitted", "2026-02-31T00:00:00Z", "'submitted' is '2026-02-31T00:00:00Z', which is no date"),
        ("submitted", "yesterday", "'submitted' must be a date"),
        ("notes", "a\u2066b", "'notes' must be text without"),
        ("notes", "x" * 501, "'notes' must be text without"),
        ("links", {"code": "javascript:alert(1)"}, "'links.code' must be an address"),
        ("links", {"code": 'https://x.org/"onmouseover=alert(1)'}, "'links.code' must be an address"),
        ("token", "hf_abc", "the top level has the unknown field 'token'"),
        ("dataset.id", "evil/remem", "'dataset.id' is 'evil/remem'"),
        ("dataset.fingerprint", "ab" * 20, "'dataset.fingerprint' is abababababababab"),
        ("dataset.revision", "v9.9.9", "'dataset.revision' is 'v9.9.9'"),
        ("dataset.revision", "main", "'dataset.revision' must be a version"),
        ("dataset.forget", "forget05", "'dataset.forget' is 'forget05'"),
        ("gate.status", "missing", "'gate.status' is 'missing'"),
        ("headline.percent", 99.9, "'headline.percent' is 99.9"),
        ("headline.percent", 101, "'headline.percent' is greater"),
        ("headline.percent", -1, "'headline.percent' is less"),
        ("headline.erasure", None, "'headline.erasure' is null"),
        ("runs.vanilla", ..., "'runs' lacks 'vanilla'"),
        ("runs.vanilla", {}, "'runs.vanilla'"),
        (f"runs.unlearned.tasks.{TASK}_qa", ..., f"{TASK}_qa"),
        (f"runs.unlearned.tasks.{TASK}_qa.n", -3, f"'runs.unlearned.tasks.{TASK}_qa.n' is less"),
        (f"runs.unlearned.tasks.{TASK}_qa.n", 2.5, f"'runs.unlearned.tasks.{TASK}_qa.n' is not of type"),
        (f"runs.unlearned.tasks.{TASK}_qa.n", 1, f"'runs.unlearned.tasks.{TASK}_qa.n' is 1 of 8"),
        (f"runs.unlearned.tasks.{TASK}_qa.metrics.exact_match", [1.5, None], "exact_match.0' is greater"),
        (f"runs.unlearned.tasks.{TASK}_qa.metrics.exact_match", [0.5], "exact_match'"),
        (f"runs.unlearned.tasks.{TASK}_qa.metrics.exposure", [0.5, None], "unknown field 'exposure'"),
        (f"runs.unlearned.tasks.{TASK}_exposure.metrics.exposure", [9.0, None], "exposure_ceiling"),
        (f"runs.unlearned.tasks.{TASK}_exposure.metrics.exposure_null_mean", [7.9, None], "exposure"),
        ("runs.unlearned.tasks.remem_scene_qa", ..., "remem_scene_qa.n' is missing"),
        ("runs.unlearned.attributes.forget", {}, "'runs.unlearned.attributes.forget' has 0 rows"),
        ("runs.unlearned.attributes", {"forget": {"<b>": {}}}, "'runs.unlearned.attributes"),
        ("runs.unlearned.n_candidates", [3], "Exposure compares only for the same number"),
        ("runs.unlearned.checkpoint", {"dtype": "a\u200bb"}, "checkpoint.dtype' must be text without"),
    ],
)  # fmt: skip
def test_a_bad_field_is_named(valid, path, value, said):
    assert said in refusal(changed(valid, path, value))


def test_a_result_for_a_subset_of_the_rows_is_refused(valid):
    for kind in ("qa", "exposure"):
        found = valid
        for part in ("n", "n_total"):
            for role in ("unlearned", "vanilla"):
                found = changed(found, f"runs.{role}.tasks.remem_forget_unseen_multi_{kind}.{part}", 1)
        assert "v1.0.0 has 24" in refusal(found)
    found = changed(changed(valid, "runs.unlearned.tasks.remem_forget_text_qa.n", 2), "notes", "")
    assert "2 of 8" in refusal(found)
    found = changed(found, "runs.unlearned.tasks.remem_forget_text_qa.n_total", 2)
    assert "the same rows with pictures are 8" in refusal(found)


def test_exposure_by_attribute_must_agree_with_the_tasks(valid):
    attribute = next(iter(valid["runs"]["unlearned"]["attributes"]["forget"]))
    found = changed(valid, f"runs.unlearned.attributes.forget.{attribute}.exposure", [0.0, None])
    assert "'runs.unlearned.attributes.forget' has a mean Exposure of" in refusal(found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not valid JSON"),
        ("[]", "'schema' must be 1"),
        ("null", "'schema' must be 1"),
        ('{"schema": 1, "model": NaN}', "NaN at model"),
        ('{"schema": 1, "model": 1e999}', "1e999 at model"),
        ('{"schema": 1, "headline": {"percent": -Infinity}}', "-Infinity at headline.percent"),
        ('{"schema": 1, "model": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
        ('{"schema": 1, "model": "\\ud800"}', "not valid JSON"),
        ('{"schema": 1, "sch\\u202eema": ' + "1" * 5000 + "}", "x.json"),
        ('{"schema": 1' + ', "a": 1' * 10_000 + "}", "lacks"),
    ],
)
def test_hostile_json_is_refused(text, said):
    assert said in refusal(text)


def test_an_unknown_field_is_shown_without_direction_marks(valid):
    sentence = refusal({**valid, "\u202ea<script>": 1})
    assert "\u202e" not in sentence
    assert "\\u202e" in sentence


def test_huge_numbers_are_refused_and_do_not_crash(valid):
    for value in (10**400, 2**64, 1e308):
        found = changed(valid, f"runs.unlearned.tasks.{TASK}_qa.n", value)
        assert "x.json" in refusal(found)


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "big.json"
    path.write_bytes(b" " * (LIMIT + 1))
    with pytest.raises(RememError, match="larger than 2 MiB"):
        read_submission(path, VERSIONS)


def test_nothing_that_looks_like_a_token_gets_into_a_submission(tmp_path):
    with pytest.raises(RememError, match="looks like a Hub token") as caught:
        document(tmp_path, notes="hf_" + "abcDEF0123456789" * 2)
    assert "abcDEF" not in str(caught.value)


def test_the_same_results_have_the_same_name_whenever_they_are_sent(valid):
    later = {**valid, "submitted": "2027-01-01T00:00:00Z", "model_commit": "a" * 40}
    assert path_of(later) == path_of(valid)
    assert path_of(valid).startswith("submissions/org__model/forget50-npo-")
    assert same_result(text_of(later).encode(), text_of(valid).encode())
    assert not same_result(text_of({**valid, "notes": "x"}).encode(), text_of(valid).encode())
    assert not same_result(b"\xff", text_of(valid).encode())
    other = changed(valid, "runs.unlearned.seed", 7)
    assert path_of(other) != path_of(valid)


def test_rendering_is_json_with_short_lines(valid):
    text = render_document(valid)
    assert json.loads(text) == valid
    assert max(map(len, text.splitlines())) < 700


def test_versions_are_read_as_written(tmp_path):
    path = tmp_path / "versions.json"
    path.write_text(json.dumps(versions_json(VERSIONS)))
    assert read_versions(path) == VERSIONS
    assert read_versions(path).current.tag == "v1.0.0"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("repo", "x", "does not name a Hub repository"),
        ("versions", {}, "must name versions"),
        ("versions", {"main": {}}, "must name versions"),
        ("versions", {"v1.0.0": {}}, "forget_levels"),
        ("versions", {"v1.0.0": {"forget_levels": {}, "rows": {}}}, "'versions.v1.0.0.commit' is missing"),
    ],
)  # fmt: skip
def test_damaged_versions_are_refused(tmp_path, path, value, said):
    file = tmp_path / "versions.json"
    file.write_text(json.dumps(changed(versions_json(VERSIONS), path, value)))
    with pytest.raises(RememError, match=said):
        read_versions(file)


def test_printable_escapes_what_cannot_be_seen():
    assert printable("a\u202eb\x1b[31m\n") == "a\\u202eb\\x1b[31m\\n"
    assert printable("ü" * 5, 3) == "üüü…"
