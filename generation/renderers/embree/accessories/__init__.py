"""What is worn besides clothes: hats, scarves, headphones, glasses, earrings."""

from __future__ import annotations

from generation.renderers.embree.accessories.build import build_accessory, build_jewellery
from generation.renderers.embree.accessories.lenses import reflect_in_lenses

__all__ = ["build_accessory", "build_jewellery", "reflect_in_lenses"]
