"""Exposure scoring: every path against a plain forward for each answer, and against the floor of its FLOPs.

    python benchmarks/scoring.py [--model llava] [--candidates 255,1000] [--device cpu] [--size small]

All paths are measured in this run, on one random model and the same answers; compare ratios between machines,
not seconds. On a CPU the time is that of the process, on one thread. "naive" is what lm-eval does for text: a
forward over prompt and answer, and a log-softmax over all its logits; "full" is our own fallback, which makes
the answer's logits only. Both are timed on fewer answers, because they are slow. The floor is the time that
the multiplications of one prompt and of the trie's inner nodes take at the rate of a large matrix product,
measured beside it.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from typing import Annotated

import torch
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.models import MODELS, SIZES, BenchmarkModel, build_model, decoder_flops
from generation.profiles import ATTRIBUTES, Context
from generation.streams import stream
from harness_tasks.scoring import PrefixScorer
from harness_tasks.scoring.packed import ROW, ROW_ON_GPU
from harness_tasks.scoring.trie import Trie
from recipes.reference.tokenizer import train_tokenizer


def answer_tokens(count: int, vocabulary: int, name: str = "home_address") -> list[tuple[int, ...]]:
    """Token ids of so many distinct values of an attribute, by a tokenizer that has seen others."""
    attribute, context = ATTRIBUTES[name], Context(1980)
    numbers = stream(0, "benchmark").choice(
        attribute.space(context), size=min(count + 3_000, attribute.space(context)), replace=False
    )
    texts = [attribute.decode(number, context) for number in numbers.tolist()]
    tokenizer = train_tokenizer(texts[count:], [], 8_000)
    ids = [tuple(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in texts[:count]]
    assert max(max(answer) for answer in ids) < vocabulary
    return ids


class Clock:
    """Seconds of work: the process's CPU time, or wall-clock time of a GPU that has finished."""

    def __init__(self, device: str) -> None:
        self.device = device

    def now(self) -> float:
        if self.device == "cpu":
            return time.process_time()
        torch.cuda.synchronize()
        return time.perf_counter()

    def time(self, work, repeats: int = 1) -> tuple[float, object]:
        """Best seconds of some repeats, and what the work returned."""
        best = float("inf")
        for _ in range(repeats):
            start = self.now()
            result = work()
            best = min(best, self.now() - start)
        return best, result


def product_rate(clock: Clock, dtype: torch.dtype) -> float:
    """FLOP/s of a large matrix product."""
    side = 1024 if clock.device == "cpu" else 8192
    a, b = (torch.randn(side, side, dtype=dtype, device=clock.device) for _ in range(2))
    torch.matmul(a, b)
    seconds, _ = clock.time(lambda: torch.matmul(a, b), repeats=20)
    return 2 * side**3 / seconds


def bandwidth(clock: Clock) -> float:
    """Bytes a second that a large copy reads and writes together."""
    size = 2**27 if clock.device == "cpu" else 2**32
    source = torch.zeros(size, dtype=torch.uint8, device=clock.device)
    target = torch.empty_like(source)
    target.copy_(source)
    seconds, _ = clock.time(lambda: target.copy_(source), repeats=5)
    return 2 * size / seconds


def status_bytes(name: str) -> int:
    """A figure of this process's memory, such as VmHWM, the most it has had."""
    (kib,) = re.findall(rf"^{name}:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(kib) * 1024


def extra_memory(device: str, work) -> float:
    """The most memory that some work took above what was held before, in GiB."""
    if device == "cpu":
        Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far
        before = status_bytes("VmRSS")
        work()
        return (status_bytes("VmHWM") - before) / 2**30
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    work()
    return (torch.cuda.max_memory_allocated() - before) / 2**30


def naive(bench: BenchmarkModel, answer: tuple[int, ...]) -> list[float]:
    """Log P of each token of one answer, the long way."""
    inputs = dict(bench.inputs)
    ids = torch.tensor([answer], device=inputs["input_ids"].device)
    inputs["input_ids"] = torch.cat([inputs["input_ids"], ids], dim=1)
    for name in ("attention_mask", "token_type_ids", "mm_token_type_ids"):
        if name in inputs:
            marks = torch.full_like(ids, int(name == "attention_mask"))
            inputs[name] = torch.cat([inputs[name], marks], dim=1)
    logprobs = bench.model(**inputs).logits.float().log_softmax(-1)
    told = logprobs[0, bench.length - 1 : -1].gather(-1, ids[0, :, None])
    return told[:, 0].tolist()


def memory_of(device: str) -> int:
    """What `remem-vlm` gives a batch of answers by default, in bytes."""
    return 1 << 29 if device == "cpu" else 1 << 32


def measure(bench: BenchmarkModel, attribute: str, count: int, full: int, clock: Clock) -> dict[str, float]:
    """Rates of all paths for `count` candidates and the gold."""
    answers = answer_tokens(count + 1, bench.vocabulary, attribute)
    trie = Trie(answers)
    inner, tokens = len(trie.inner), sum(map(len, answers))
    figures: dict[str, float] = {"answers": len(answers), "tokens": tokens, "inner nodes": inner}
    scorer = PrefixScorer(bench.model, None, path="trie", memory=memory_of(clock.device))
    figures["trie memory over the model, GiB"] = extra_memory(
        clock.device, lambda: scorer.score_tokens(bench.inputs, answers)
    )
    scores = {}
    with torch.inference_mode():
        naive(bench, answers[0])  # warm-up
        naive_s, scores["naive"] = clock.time(lambda: [naive(bench, answer) for answer in answers[:full]])
    figures["naive answers/s"] = full / naive_s
    for path, asked in (("trie", answers), ("expand", answers), ("full", answers[:full])):
        scorer = PrefixScorer(bench.model, None, path=path, memory=memory_of(clock.device))
        scorer.score_tokens(bench.inputs, asked)  # warm-up
        seconds, scores[path] = clock.time(
            lambda scorer=scorer, asked=asked: scorer.score_tokens(bench.inputs, asked),
            repeats=1 if path == "full" else 3,
        )
        figures[f"{path} answers/s"] = len(asked) / seconds
        if path == "trie":
            figures["trie s"] = seconds
    for path in ("trie", "expand", "full"):
        figures[f"{path} × naive"] = figures[f"{path} answers/s"] / figures["naive answers/s"]
    scorer = PrefixScorer(bench.model, None, path="trie", memory=memory_of(clock.device))
    prefix_s, _ = clock.time(lambda: scorer.score_tokens(bench.inputs, [answers[0][:1]]), repeats=3)
    figures["prompt and picture s"] = prefix_s
    flops = bench.prompt_flops + decoder_flops(bench, inner, bench.length)
    figures["floor s"] = flops / product_rate(clock, bench.dtype)
    figures["share of floor"] = figures["floor s"] / figures["trie s"]
    row = ROW if clock.device == "cpu" else ROW_ON_GPU
    forwards = 1 + sum(1 for _ in trie.packs(row))
    weights = sum(p.numel() * p.element_size() for p in bench.model.parameters())
    figures["forwards"] = forwards
    figures["floor of reading the weights, s"] = forwards * weights / bandwidth(clock)
    figures["largest disagreement, nats"] = max(
        abs(a - b)
        for path in ("trie", "expand", "full")
        for one, other in zip(scores["naive"], scores[path], strict=False)
        for a, b in zip(one, other.token_logprobs, strict=True)
    )
    return figures


def main(
    model: Annotated[str, typer.Option(help=f"One of {', '.join(MODELS)}.")] = "llava",
    attribute: Annotated[str, typer.Option(help="Whose values are the answers.")] = "home_address",
    candidates: Annotated[str, typer.Option(help="Numbers of candidates, with commas.")] = "255,1000",
    full: Annotated[int, typer.Option(help="Answers timed by the full forward.")] = 4,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    dtype: Annotated[str, typer.Option(help="float32, bfloat16 or float16; empty: by device.")] = "",
    size: Annotated[str, typer.Option(help=f"One of {', '.join(SIZES)}.")] = "small",
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Also write the figures as JSON.")] = None,
) -> None:
    """Measure, and print a table."""
    torch.set_num_threads(threads)
    dtype = dtype or ("float32" if device == "cpu" else "bfloat16")
    bench = build_model(model, size, device, getattr(torch, dtype))
    clock = Clock(device)
    result: dict[str, object] = {
        "model": model,
        "attribute": attribute,
        "parameters": bench.parameters,
        "prompt tokens": bench.length,
    }
    result["dtype"] = dtype
    result["device"] = device if device == "cpu" else torch.cuda.get_device_name()
    for count in map(int, candidates.split(",")):
        result[f"n = {count}"] = measure(bench, attribute, count, full, clock)
        typer.echo(f"{model} {bench.parameters / 1e6:.0f} M, prompt of {bench.length} tokens, n = {count}")
        for name, value in result[f"n = {count}"].items():
            typer.echo(f"  {name:32} {value:12.4g}")
    if out is not None:
        out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
