"""The report: what was memorised and what was unlearned, on the terminal and as one HTML page."""

from .content import Report, build_report
from .page import check_out, write_page
from .terminal import print_report

__all__ = ["Report", "build_report", "check_out", "print_report", "write_page"]
