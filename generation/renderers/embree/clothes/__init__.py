"""Clothes: garments draped over the posed skin, with their collars, hoods and buttons."""

from __future__ import annotations

from generation.renderers.embree.clothes.garments import build_clothes, covered_triangles
from generation.renderers.embree.clothes.paint import paint_cloth

__all__ = ["build_clothes", "covered_triangles", "paint_cloth"]
