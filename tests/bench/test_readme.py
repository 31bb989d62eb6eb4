"""README.md shows the stored run that it names, as the command writes it."""

from __future__ import annotations

import re

from bench.compare import readme
from bench.compare.plot import drawn
from bench.compare.results import Report

AGAIN = "python -m bench.compare --readme FILE writes the section and the picture"


def test_readme_and_the_picture_show_the_run_that_readme_names():
    text = readme.README.read_text("utf-8")
    section = text.partition("<!-- bench -->\n")[2].partition("<!-- /bench -->")[0]
    if named := re.search(r"\((bench/results/[^)]+\.json)\)", section):
        report = Report.read(readme.ROOT / named[1])
        assert report.errors == [], "a run with errors shows nothing"
        assert section == readme.section(report, named[1]), AGAIN
        assert readme.PLOT.read_text("utf-8") == drawn(report), AGAIN
    else:
        assert section == readme.section(None), AGAIN
