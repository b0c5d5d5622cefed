"""Requests per second of exposure scoring: shared prefix against one full forward for each answer.

    python benchmarks/scoring.py [--candidates 256] [--width 512] [--layers 8] [--threads 1]

Both are measured in the same run on the same random LLaVA and the same answers; the ratio is what to
compare between machines. The full forward is timed on fewer answers, because it is slow.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from transformers import (
    CLIPImageProcessor,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness_tasks.scoring import PrefixScorer
from remem_dataset.prompts import build_prompt
from tests.fakes.models import tiny_processor


def build_model(processor, *, width: int, layers: int, image_size: int, patch: int):
    """A random LLaVA whose pictures take (image_size / patch)² prompt tokens."""
    torch.manual_seed(0)
    vision = CLIPVisionConfig(
        hidden_size=width // 2,
        intermediate_size=width,
        num_hidden_layers=4,
        num_attention_heads=8,
        image_size=image_size,
        patch_size=patch,
    )
    text = LlamaConfig(
        vocab_size=len(processor.tokenizer),
        hidden_size=width,
        intermediate_size=width * 11 // 4,
        num_hidden_layers=layers,
        num_attention_heads=8,
        num_key_value_heads=8,
        initializer_range=0.1,
    )
    token = processor.tokenizer.convert_tokens_to_ids("<image>")
    config = LlavaConfig(vision_config=vision, text_config=text, image_token_index=token)
    return LlavaForConditionalGeneration(config).eval()


def measure(arguments: argparse.Namespace) -> None:
    """Time both paths and print requests per second, their ratio and their largest disagreement."""
    torch.set_num_threads(arguments.threads)
    processor = tiny_processor()
    size, patch = arguments.image_size, arguments.patch
    processor.image_processor = CLIPImageProcessor(
        size={"shortest_edge": size}, crop_size={"height": size, "width": size}
    )
    processor.patch_size = patch
    model = build_model(
        processor, width=arguments.width, layers=arguments.layers, image_size=size, patch=patch
    ).to(arguments.device)
    pixels = np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)
    prompt = build_prompt(processor, "What is the home address of the person in the image?", 1)
    answers = [f"{number} Elm Lane, Norwick" for number in range(arguments.candidates)]
    images = [Image.fromarray(pixels)]

    rates, scores = {}, {}
    for path, asked in (("full", answers[: arguments.full]), ("expand", answers)):
        scorer = PrefixScorer(model, processor, path=path, memory=arguments.memory << 20)
        scorer.score(prompt, images, asked[:2])  # warm-up
        start = time.perf_counter()
        scores[path] = scorer.score(prompt, images, asked)
        if arguments.device != "cpu":
            torch.cuda.synchronize()
        rates[path] = len(asked) / (time.perf_counter() - start)
    difference = max(
        abs(a - b)
        for one, other in zip(scores["full"], scores["expand"], strict=False)
        for a, b in zip(one.token_logprobs, other.token_logprobs, strict=True)
    )
    parameters = sum(p.numel() for p in model.parameters()) / 1e6
    print(f"LLaVA {parameters:.0f} M, {(size // patch) ** 2} picture tokens, {len(answers)} answers")
    print(f"full    {rates['full']:10.2f} requests/s")
    print(f"expand  {rates['expand']:10.2f} requests/s  ({rates['expand'] / rates['full']:.0f}x)")
    print(f"largest disagreement {difference:.1e} nats per token")


def main() -> None:
    """Parse the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    for name, value in (
        ("candidates", 256),
        ("full", 8),
        ("width", 512),
        ("layers", 8),
        ("image-size", 336),
        ("patch", 14),
        ("threads", 1),
        ("memory", 512),
    ):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--device", default="cpu")
    measure(parser.parse_args())


if __name__ == "__main__":
    main()
