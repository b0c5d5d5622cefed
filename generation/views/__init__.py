"""How pictures are taken: `sample_view` draws a `View` for each picture."""

from generation.views.sampling import sample_view
from generation.views.view import View

__all__ = ["View", "sample_view"]
