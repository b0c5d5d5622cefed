"""The command `remem` as a user calls it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from remem_dataset import cli
from remem_dataset.source import open_source

from .results_files import run_document, write_run


def call(monkeypatch, *arguments) -> int:
    monkeypatch.setattr(sys, "argv", ["remem", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return caught.value.code or 0


def test_report_command(monkeypatch, capsys, tmp_path, tiny_dataset):
    document = run_document(fingerprint=open_source(tiny_dataset).fingerprint, exact_match=0.1)
    write_run(tmp_path / "run", document)
    out = tmp_path / "report.html"
    run = tmp_path / "run"
    options = ("--vanilla", run, "--unlearned", run, "--data", tiny_dataset, "--out", out)
    # Missed requirements are figures, not failures of the command.
    assert call(monkeypatch, "report", *options) == 0
    said = capsys.readouterr().out
    assert "NOT met" in said
    assert f"remem report --vanilla {run}" in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("vanilla", "data", "said"),
    [("nowhere", "remem", "no results file or folder"), ("run", "nowhere", "no dataset nowhere")],
)
def test_bad_input_is_one_sentence_and_exit_code_2(monkeypatch, capsys, tmp_path, vanilla, data, said):
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "run", run_document())
    options = ("--vanilla", vanilla, "--unlearned", "run", "--data", data, "--out", "r.html")
    assert call(monkeypatch, "report", *options) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert said in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "r.html").exists()


def test_an_impossible_page_is_refused_before_the_report_is_shown(
    monkeypatch, capsys, tmp_path, tiny_dataset
):
    document = run_document(fingerprint=open_source(tiny_dataset).fingerprint)
    write_run(tmp_path / "run", document)
    (tmp_path / "file").write_text("")
    run, out = tmp_path / "run", tmp_path / "file" / "report.html"
    options = ("--vanilla", run, "--unlearned", run, "--data", tiny_dataset, "--out", out)
    assert call(monkeypatch, "report", *options) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: Cannot write the report under")
    assert len(said.err.splitlines()) == 1


def test_install_and_remove_tasks(monkeypatch, capsys, tmp_path):
    from harness_tasks import install

    monkeypatch.setattr(install, "lm_eval_folder", lambda: tmp_path)
    assert call(monkeypatch, "install-tasks") == 0
    assert install.installed(tmp_path)
    assert "Linked" in capsys.readouterr().out
    assert call(monkeypatch, "install-tasks", "--remove") == 0
    assert list(tmp_path.iterdir()) == []
    assert "Removed" in capsys.readouterr().out
    assert call(monkeypatch, "install-tasks", "--remove") == 0
    assert "nothing to remove" in capsys.readouterr().out


def test_a_stranger_s_folder_is_left_alone(monkeypatch, capsys, tmp_path):
    from harness_tasks import install

    monkeypatch.setattr(install, "lm_eval_folder", lambda: tmp_path)
    (tmp_path / "remem").mkdir()
    assert call(monkeypatch, "install-tasks") == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert (tmp_path / "remem").is_dir()


def test_help_does_not_import_the_heavy_libraries():
    code = (
        "import sys; sys.argv = ['remem', '--help']\n"
        "from remem_dataset.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'datasets', 'lm_eval', 'transformers'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "install-tasks" in done.stdout


def test_an_unknown_command_is_one_sentence(monkeypatch, capsys):
    assert call(monkeypatch, "nosuch") == 2
    assert capsys.readouterr().err == "error: No such command 'nosuch'; see remem --help.\n"


def test_an_error_names_the_help_of_its_own_command(monkeypatch, capsys):
    assert call(monkeypatch, "report") == 2
    assert capsys.readouterr().err == "error: Missing option '--vanilla'; see remem report --help.\n"


def test_alone_it_shows_its_help_and_no_error(monkeypatch, capsys):
    assert call(monkeypatch) == 2
    printed = capsys.readouterr()
    assert "install-tasks" in printed.out
    assert printed.err == ""
