"""Reports: the folder of a run as one page that opens anywhere."""

from grafito.lab.report.markdown import write_markdown
from grafito.lab.report.page import write_report
from grafito.lab.report.pdf import write_pdf

__all__ = ["write_markdown", "write_pdf", "write_report"]
