"""Where picture backends import the background painters from; see `generation.views.backgrounds`."""

from generation.views.backgrounds import paint_background, painter_names

__all__ = ["paint_background", "painter_names"]
