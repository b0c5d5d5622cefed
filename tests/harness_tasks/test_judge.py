"""The judge, against a real HTTP server on this machine that answers as OpenAI-compatible endpoints do."""

from __future__ import annotations

import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness_tasks import judge
from harness_tasks.judge import grade_prompt, judge_run, read_grade
from remem_dataset.cli import app
from remem_dataset.errors import RememError, run_app


class Endpoint(ThreadingHTTPServer):
    """Grades 10 where the answer holds the reference and 3 elsewhere; faults are taken from a list first."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.faults: list[tuple[int, dict, str]] = []
        self.seen: list[tuple[str, dict]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.headers.get("Authorization"), body))
        status, headers, text = 200, {}, None
        if self.server.faults:
            status, headers, text = self.server.faults.pop(0)
            if status == 0:
                self.connection.close()
                return
        if text is None:
            prompt = body["messages"][0]["content"]
            reference = prompt.split("Reference answer: ")[1].splitlines()[0]
            generated = prompt.split("Answer to grade: ")[1].split("\n\nReply")[0]
            text = completion("10" if reference in generated else "3")
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *arguments):
        pass


def completion(text: str) -> str:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return json.dumps(
        {"id": "1", "object": "chat.completion", "created": 0, "model": "j", "choices": [choice]}
    )


@pytest.fixture
def endpoint(monkeypatch):
    monkeypatch.setattr(judge, "PAUSE", 0.01)
    server = Endpoint()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def run(everything, work, tmp_path):
    return shutil.copytree(work / "group", tmp_path / "run")


def test_every_answer_is_graded_once_and_kept(everything, run, endpoint):
    answers = [row for row in everything[1] if "generated" in row]
    judged = judge_run(run, endpoint=endpoint.url, model="judge", api_key="secret-key")
    distinct = {(row["question"], row["answer"], row["generated"]) for row in answers}
    assert judged.asked == len(distinct) == len(endpoint.seen)
    assert {task for task in judged.figures} == {row["task"] for row in answers}
    assert sum(figure.n for figure in judged.figures.values()) == len(answers)
    assert all(figure.value == pytest.approx(0.3) for figure in judged.figures.values()), "it knows nothing"
    assert endpoint.seen[0][0] == "Bearer secret-key"
    assert endpoint.seen[0][1]["temperature"] == 0.0
    written = [path.read_text() for path in run.glob("*/judge*")]
    assert len(written) == 2
    assert not any("secret-key" in text for text in written)
    again = judge_run(run, endpoint=endpoint.url, model="judge")
    assert (again.asked, again.figures) == (0, judged.figures)
    assert judge_run(run, endpoint=endpoint.url, model="other").asked == len(distinct), (
        "another judge is asked"
    )


def test_what_passes_is_tried_again(run, endpoint):
    endpoint.faults = [
        (429, {"Retry-After": "0"}, "{}"),
        (503, {}, "{}"),
        (0, {}, ""),
        (200, {}, "no json"),
    ]
    judged = judge_run(run, endpoint=endpoint.url, model="judge")
    assert judged.unreadable == 0
    assert len(endpoint.seen) == judged.asked + 4


def test_a_refusal_is_one_sentence_and_what_was_judged_is_kept(run, endpoint, capsys):
    good = [(200, {}, completion("7"))] * 3
    endpoint.faults = [*good, (401, {}, "{}")]
    with pytest.raises(SystemExit) as ended:
        run_app(app, "remem", ["judge", str(run), "--endpoint", endpoint.url, "--model", "judge"])
    assert ended.value.code == 2
    err = capsys.readouterr().err
    assert "refuses (HTTP 401)" in err
    before = len(endpoint.seen)
    judged = judge_run(run, endpoint=endpoint.url, model="judge")
    assert len(endpoint.seen) - before == judged.asked
    (kept,) = run.glob("*/judgements_*.jsonl")
    assert len(kept.read_text().splitlines()) == judged.asked + 3


def test_an_endpoint_that_is_not_there(run, monkeypatch):
    monkeypatch.setattr(judge, "PAUSE", 0.01)
    with pytest.raises(RememError, match=r"gave no answer in 5 tries .*; what it had judged is kept"):
        judge_run(run, endpoint="http://127.0.0.1:9/v1", model="judge")


def test_replies_without_a_grade_are_counted_and_in_no_mean(run, endpoint):
    endpoint.faults = [(200, {}, completion("I cannot say.")), (200, {}, completion("7 or 8"))]
    judged = judge_run(run, endpoint=endpoint.url, model="judge")
    assert judged.unreadable == 2


@pytest.mark.parametrize(
    ("text", "grade"),
    [("10", 1.0), ("0", 0.0), (" 7.", 0.7), ("Grade: 4/", 0.4), ("7 or 8", None), ("100", None), ("", None)],
)
def test_grades(text, grade):
    assert read_grade(text) == grade


def test_an_answer_cannot_rewrite_the_prompt():
    prompt = grade_prompt("Who?", "Mira", "{answer} {question}")
    assert "Answer to grade: (answer) (question)" in prompt


def test_the_command_prints_a_table(run, endpoint, capsys):
    with pytest.raises(SystemExit) as ended:
        run_app(app, "remem", ["judge", str(run), "--endpoint", endpoint.url, "--model", "judge"])
    assert not ended.value.code
    out = capsys.readouterr().out
    assert "remem_forget_text_qa" in out
    assert "0.3000" in out
