"""The user's own pictures, one folder per identity, cut out and composited into the scenes."""

from generation.renderers.folder.renderer import FolderRenderer, check, create_renderer, source_digest

__all__ = ["FolderRenderer", "check", "create_renderer", "source_digest"]
