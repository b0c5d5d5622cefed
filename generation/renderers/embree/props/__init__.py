"""Solid things in group pictures: furniture, things on it, framed pictures and badges."""

from generation.renderers.embree.props.build import build_prop, prop_kinds
from generation.renderers.embree.props.paint import paint_picture, paint_prop
from generation.renderers.embree.props.pictures import Hung, hang_badge, hang_portrait

__all__ = ["Hung", "build_prop", "hang_badge", "hang_portrait", "paint_picture", "paint_prop", "prop_kinds"]
