import re

project = 'Graticule'
author = 'The Graticule authors'
copyright = author
extensions = ['myst_parser', 'sphinx.ext.autodoc']
source_suffix = {'.md': 'markdown'}
exclude_patterns = ['notebook.md']
html_theme = 'furo'
html_title = 'Graticule'
html_static_path = []
html_show_copyright = False
html_show_sphinx = False
myst_heading_anchors = 4
autodoc_member_order = 'bysource'
autodoc_typehints = 'description'
autodoc_typehints_description_target = 'documented'
autodoc_inherit_docstrings = False
# The pages are Markdown; docstrings are plain text with reStructuredText's few marks.
suppress_warnings = ['myst.header', 'myst.xref_ambiguous', 'misc.highlighting_failure']


def plain_docstring(app, what, name, obj, options, lines):
    """Docstrings are plain text: `code`, no other marks; what is indented behind an empty line is an example."""
    out, example = [], False
    for i, line in enumerate(lines):
        indented = line.startswith('    ')
        if indented and not example and (i == 0 or not lines[i - 1]):
            out += ['::', '']
            example = True
        elif line and not indented:
            example = False
        if not example:
            line = re.sub(r'(?<!`)`([^`]+)`(?!`)', r'``\1``', line)
            line = ''.join(part if part.startswith('``') else part.replace('*', r'\*')
                           for part in re.split(r'(``.*?``)', line))
        out.append(line)
    lines[:] = out


def setup(app):
    app.connect('autodoc-process-docstring', plain_docstring)
