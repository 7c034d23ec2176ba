"""Settings of Sphinx."""

import re

project = "grafito"
html_title = "grafito"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_show_copyright = False
html_copy_source = False
default_role = "code"
myst_heading_anchors = 3
autodoc_typehints = "none"
autodoc_preserve_defaults = True
napoleon_custom_sections = [("Source", "notes")]
add_module_names = False

# Docstrings are plain text for `help()`: signs that reStructuredText would take for its own.
SIGN = re.compile(r"(`[^`]*`)|([*|\\]|(?<=\w)_(?!\w))")


def escape(app, what, name, thing, options, lines):  # noqa: D103
    for i, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            lines[i] = SIGN.sub(lambda match: match[1] or "\\" + match[2], line)


def setup(app):  # noqa: D103
    app.connect("autodoc-process-docstring", escape, priority=100)
