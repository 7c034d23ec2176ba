"""Reports: the folder of a run as one page that opens anywhere."""

from grafito.lab.report.page import write_report

__all__ = ["write_report"]
