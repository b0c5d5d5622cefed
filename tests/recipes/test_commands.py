"""The command lines, in processes of their own: bad input is one sentence and exit code 2."""

import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )


def test_missing_model_exits_with_2_and_one_sentence(two_people, tmp_path):
    done = run(
        "recipes.learn", "--model", "./absent", "--data", str(two_people), "--out", str(tmp_path / "o")
    )
    assert done.returncode == 2
    message = done.stderr.strip().splitlines()[-1]
    assert message.startswith("error: There is no model ./absent")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("module", "arguments", "sentence"),
    [
        ("reference", ["--size", "huge"], "no reference size"),
        ("learn", ["--model", "{model}", "--epochs", "-1"], "epochs is -1.0; it must be above 0"),
        ("learn", ["--model", "{model}", "--epochs", "inf"], "epochs is inf"),
        ("learn", ["--model", "{model}", "--checkpoint-every", "-5"], "checkpoint_every is -5"),
        ("learn", ["--model", "{model}", "--split", "forget99"], "no split 'forget99'"),
        ("learn", ["--model", "{model}", "--warm-up", "-1"], "warm_up is -1"),
        ("learn", ["--no-such-option"], "No such option"),
        ("unlearn", ["--model", "{model}", "--method", "amnesia"], "no method 'amnesia'"),
        ("unlearn", ["--model", "{model}", "--forget", "forget07"], "no forget set 'forget07'"),
        ("unlearn", ["--model", "{model}", "--set", "beta"], "must read name=value"),
    ],
)
def test_bad_options_exit_with_2(
    module, arguments, sentence, two_people, untrained, tmp_path, monkeypatch, capsys
):
    values = [a.format(model=untrained) for a in arguments]
    values += ["--data", str(two_people), "--out", str(tmp_path / "out")]
    # In this process: starting one for each case costs seconds of imports.
    monkeypatch.setattr(sys, "argv", [f"recipes/{module}/__main__.py", *values])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(f"recipes.{module}", run_name="__main__")
    assert ended.value.code == 2
    stderr = capsys.readouterr().err
    assert re.fullmatch(rf"error: .*{re.escape(sentence)}.*\n", stderr), stderr
    assert not (tmp_path / "out").exists()


def test_a_working_folder_that_is_not_ours_is_left_alone(two_people, tmp_path):
    folder = tmp_path / "out.partial"
    folder.mkdir()
    (folder / "thesis.tex").write_text("years of work")
    done = run("recipes.reference", "--data", str(two_people), "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert "is not a recipe's working folder" in done.stderr
    assert [path.name for path in folder.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("module", ["learn", "unlearn"])
def test_the_model_that_a_run_starts_from_is_never_replaced(
    module, two_people, untrained, tmp_path, monkeypatch, capsys
):
    shutil.copytree(untrained, tmp_path / "model")
    before = (tmp_path / "model" / "model.safetensors").read_bytes()
    argv = [f"recipes/{module}/__main__.py", "--model", str(tmp_path / "model"), "--data", str(two_people)]
    monkeypatch.setattr(sys, "argv", [*argv, "--out", str(tmp_path / "model"), "--restart"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(f"recipes.{module}", run_name="__main__")
    assert ended.value.code == 2
    assert "--out and --model are the same folder" in capsys.readouterr().err
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == before


def test_damaged_weights_are_one_sentence(two_people, untrained, tmp_path):
    shutil.copytree(untrained, tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").write_bytes(b"not weights")
    done = run(
        *("recipes.learn", "--model", str(tmp_path / "model"), "--data", str(two_people)),
        *("--out", str(tmp_path / "out")),
    )
    assert done.returncode == 2
    assert re.fullmatch(r"error: The model .* cannot be loaded: .*\n", done.stderr), done.stderr
