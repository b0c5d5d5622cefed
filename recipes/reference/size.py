"""How large the reference LVLM is."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import yaml

from remem_dataset.errors import RememError

SIZES = Path(__file__).resolve().parents[2] / "assets" / "recipes" / "reference.yaml"


@dataclass(frozen=True)
class ReferenceSize:
    """Sizes of the two halves; feed-forward layers are 4 (vision) and 3 (text) times as wide.

    Attributes:
        image_size: side of the square pictures the model sees, in pixels.
        patch_size: side of a vision patch, in pixels; one patch is one image token.
        vision_layers: transformer layers of the CLIP half.
        vision_width: hidden size of the CLIP half.
        vision_heads: attention heads of the CLIP half.
        text_layers: transformer layers of the Llama half.
        text_width: hidden size of the Llama half.
        text_heads: attention heads of the Llama half.
        vocabulary: the most tokens the tokenizer may have, special ones included.
        max_positions: longest sequence, image tokens included.
    """

    image_size: int
    patch_size: int
    vision_layers: int
    vision_width: int
    vision_heads: int
    text_layers: int
    text_width: int
    text_heads: int
    vocabulary: int
    max_positions: int

    @property
    def image_tokens(self) -> int:
        """Image tokens of one picture."""
        return (self.image_size // self.patch_size) ** 2


def load_size(name: str) -> ReferenceSize:
    """A size by its name in `assets/recipes/reference.yaml`.

    Raises:
        RememError: no size of that name.
    """
    sizes = yaml.safe_load(SIZES.read_text(encoding="utf-8"))
    if name not in sizes:
        raise RememError(f"There is no reference size {name!r}; the sizes are {', '.join(sizes)}.")
    fields = {field.name for field in dataclasses.fields(ReferenceSize)}
    if set(sizes[name]) != fields:
        raise RememError(f"The reference size {name!r} in {SIZES} must have the fields {sorted(fields)}.")
    return ReferenceSize(**sizes[name])
