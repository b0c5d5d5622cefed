"""The optional high-quality renderer: Blender's path tracer Cycles, in an environment of its own."""

from generation.renderers.cycles.renderer import CyclesRenderer, check, create_renderer

__all__ = ["CyclesRenderer", "check", "create_renderer"]
