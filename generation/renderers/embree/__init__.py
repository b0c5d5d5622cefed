"""The default renderer: Embree ray casting, numpy shading, OIDN denoising of a morphable body."""

from generation.renderers.embree.renderer import EmbreeRenderer, create_renderer

__all__ = ["EmbreeRenderer", "create_renderer"]
