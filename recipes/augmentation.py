"""Changing pictures at random, so that the model learns the person and not the pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from remem_dataset.errors import RememError


@dataclass(frozen=True)
class Augmentation:
    """Ranges of the random changes; 0 leaves that one out.

    Attributes:
        zoom: pictures are scaled by a factor in [1 - zoom, 1 + zoom].
        shift: and moved by up to this share of their side, both ways.
        rotation: and turned by up to this many degrees, both ways.
        flip: probability of mirroring.
        brightness: multiplied by a factor in [1 - b, 1 + b].
        contrast: contrast factor in [1 - c, 1 + c], around the picture's mean.
        colour: each channel multiplied by its own factor in [1 - c, 1 + c] (colour of the light).
        erase: probability of covering one rectangle of up to 40 % of each side with its mean colour.
        backdrop: probability that all but an ellipse around the middle, 60–100 % of each side, comes from
            another picture of the batch: where a person is does not tell who they are. (CutMix, Yun et al.
            2019, with the person kept.)
    """

    zoom: float = 0.0
    shift: float = 0.0
    rotation: float = 0.0
    flip: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    colour: float = 0.0
    erase: float = 0.0
    backdrop: float = 0.0

    def __call__(self, pixels: Tensor, mean: Tensor, std: Tensor, draws: torch.Generator) -> Tensor:
        """Change each picture of a batch by its own draw.

        Args:
            pixels: (B, C, H, W), normalised as (x - mean) / std with x in [0, 1].
            mean: (C,) of the picture processor.
            std: (C,) of the picture processor.
            draws: gives the random numbers.

        Returns:
            The same shape and normalisation.
        """
        count, channels = pixels.shape[:2]
        shape = (1, channels, 1, 1)
        pictures = self._move(pixels * std.view(shape) + mean.view(shape), draws)
        gain = _around_one(self.brightness, count, 1, draws) * _around_one(
            self.colour, count, channels, draws
        )
        pictures = pictures * gain[:, :, None, None]
        middle = pictures.mean((1, 2, 3), keepdim=True)
        contrast = _around_one(self.contrast, count, 1, draws)
        pictures = middle + (pictures - middle) * contrast[:, :, None, None]
        pictures = self._swap_backdrops(self._cover(pictures, draws).clamp(0, 1), draws)
        return (pictures - mean.view(shape)) / std.view(shape)

    def _move(self, pictures: Tensor, draws: torch.Generator) -> Tensor:
        count = len(pictures)
        scale = _around_one(self.zoom, count, 1, draws)[:, 0]
        angle = torch.deg2rad((torch.rand(count, generator=draws) * 2 - 1) * self.rotation)
        mirror = torch.where(torch.rand(count, generator=draws) < self.flip, -1.0, 1.0)
        offset = (torch.rand(count, 2, generator=draws) * 2 - 1) * 2 * self.shift  # the grid spans [-1, 1]
        theta = torch.stack(
            [
                torch.stack([mirror * angle.cos() / scale, -angle.sin() / scale, offset[:, 0]], -1),
                torch.stack([mirror * angle.sin() / scale, angle.cos() / scale, offset[:, 1]], -1),
            ],
            1,
        )
        grid = torch.nn.functional.affine_grid(theta, list(pictures.shape), align_corners=False)
        return torch.nn.functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)

    def _cover(self, pictures: Tensor, draws: torch.Generator) -> Tensor:
        if not self.erase:
            return pictures
        count, _, height, width = pictures.shape
        size = 0.1 + 0.3 * torch.rand(count, 2, generator=draws)
        start = torch.rand(count, 2, generator=draws) * (1 - size)
        hit = (torch.rand(count, generator=draws) < self.erase)[:, None]
        rows = torch.arange(height)[None] / height
        columns = torch.arange(width)[None] / width
        inside_rows = hit & (rows >= start[:, :1]) & (rows < start[:, :1] + size[:, :1])
        inside_columns = (columns >= start[:, 1:]) & (columns < start[:, 1:] + size[:, 1:])
        inside = (inside_rows[:, :, None] & inside_columns[:, None, :])[:, None]
        return torch.where(inside, pictures.mean((2, 3), keepdim=True), pictures)

    def _swap_backdrops(self, pictures: Tensor, draws: torch.Generator) -> Tensor:
        if not self.backdrop:
            return pictures
        count, _, height, width = pictures.shape
        half = 0.3 + 0.2 * torch.rand(count, 2, generator=draws)
        middle = 0.5 + 0.16 * (torch.rand(count, 2, generator=draws) - 0.5)
        rows = ((torch.arange(height) + 0.5)[None] / height - middle[:, :1]) / half[:, :1]
        columns = ((torch.arange(width) + 0.5)[None] / width - middle[:, 1:]) / half[:, 1:]
        kept = rows[:, :, None] ** 2 + columns[:, None, :] ** 2 < 1
        left_alone = torch.rand(count, generator=draws) >= self.backdrop
        others = pictures[torch.randperm(count, generator=draws)]
        return torch.where((kept | left_alone[:, None, None])[:, None], pictures, others)


#: The named choices of `--augment`.
AUGMENTATIONS: dict[str, Augmentation | None] = {
    "none": None,
    "light": Augmentation(zoom=0.1, shift=0.05, flip=0.5, brightness=0.15),
    "medium": Augmentation(
        zoom=0.15,
        shift=0.08,
        rotation=8,
        flip=0.5,
        brightness=0.25,
        contrast=0.15,
        colour=0.08,
        erase=0.25,
        backdrop=0.5,
    ),
    "strong": Augmentation(
        zoom=0.25,
        shift=0.12,
        rotation=12,
        flip=0.5,
        brightness=0.3,
        contrast=0.25,
        colour=0.1,
        erase=0.3,
        backdrop=0.5,
    ),
}


def augmentation(name: str) -> Augmentation | None:
    """The augmentation of a name; None leaves pictures as they are.

    Raises:
        RememError: no augmentation of that name.
    """
    if name not in AUGMENTATIONS:
        raise RememError(
            f"There is no augmentation {name!r}; --augment takes one of {', '.join(AUGMENTATIONS)}."
        )
    return AUGMENTATIONS[name]


def picture_statistics(processor: Any) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation, each (3,), with which a processor normalises pictures."""
    settings = processor.image_processor
    if not getattr(settings, "do_normalize", False):
        return torch.zeros(3), torch.ones(3)
    return torch.tensor(settings.image_mean), torch.tensor(settings.image_std)


def _around_one(amount: float, count: int, channels: int, draws: torch.Generator) -> Tensor:
    return 1 + amount * (torch.rand(count, channels, generator=draws) * 2 - 1)
