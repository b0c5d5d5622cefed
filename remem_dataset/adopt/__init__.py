"""`remem adopt`: the paper's own data, in the layout its authors published, as a dataset folder of ours."""

from .adoption import MAX_UNKNOWN, adopt_dataset
from .report import print_report

__all__ = ["MAX_UNKNOWN", "adopt_dataset", "print_report"]
