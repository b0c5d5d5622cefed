"""The command lines, in processes of their own: bad input is one sentence and exit code 2."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

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
        ("learn", ["--model", "{model}", "--split", "forget99"], "no split 'forget99'"),
        ("unlearn", ["--model", "{model}", "--method", "amnesia"], "no method 'amnesia'"),
        ("unlearn", ["--model", "{model}", "--forget", "forget07"], "no forget set 'forget07'"),
        ("unlearn", ["--model", "{model}", "--set", "beta"], "must read name=value"),
    ],
)
def test_bad_options_exit_with_2(module, arguments, sentence, two_people, untrained, tmp_path, capsys):
    import importlib

    import typer

    from remem_dataset.errors import exits_cleanly

    main = importlib.import_module(f"recipes.{module}.__main__").main
    app = typer.Typer(add_completion=False)
    app.command()(exits_cleanly(main))
    values = [a.format(model=untrained) for a in arguments]
    result = CliRunner().invoke(app, [*values, "--data", str(two_people), "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert not (tmp_path / "out").exists()
