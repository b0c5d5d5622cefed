"""The report: what was memorised and what was unlearned, on the terminal and as one HTML page."""

from .content import Report, build_report
from .page import write_page
from .terminal import print_report

__all__ = ["Report", "build_report", "print_report", "write_page"]
