# SPDX-License-Identifier: BSD-2-Clause
"""The tools around the figures of tests/bench: the check against the record, and the page."""

import filecmp
import importlib.machinery
import importlib.util
import os
import subprocess
import xml.etree.ElementTree

from machine import TREE

BENCH = os.path.join(TREE, "tests", "bench")
DOCS = os.path.join(TREE, "docs")


def script(name):
    loader = importlib.machinery.SourceFileLoader(name, os.path.join(BENCH, name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


def compare(old, new):
    return script("check").compare({"sbi_null": old}, {"sbi_null": new})


def test_a_dearer_figure_is_named_with_the_old_and_the_new_one():
    dearer, cheaper = compare(100, 106)
    assert dearer == ["sbi_null: recorded 100, now 106 (+6.0 %)"] and not cheaper


def test_five_percent_are_borne():
    assert compare(100, 105) == ([], []) and compare(100, 95) == ([], [])


def test_a_cheaper_figure_is_told_and_no_failure():
    assert compare(100, 94) == ([], ["sbi_null: recorded 100, now 94"])


def test_a_figure_that_was_free_may_not_cost():
    assert compare(0, 1)[0] and not compare(0, 0)[0]


def test_a_figure_that_is_gone_is_a_failure():
    assert script("check").compare({"sbi_null": 1}, {})[0]


def test_the_page_is_made_from_the_figures_that_are_kept(tmp_path):
    subprocess.run([os.path.join(BENCH, "report"), "--output=%s" % tmp_path], check=True)
    made = ["benchmarks.md"] + [os.path.join("benchmarks", name)
                                for name in os.listdir(tmp_path / "benchmarks")]
    _, differ, missing = filecmp.cmpfiles(DOCS, tmp_path, made, shallow=False)
    assert not differ + missing, "`make bench-docs' was forgotten"
    for name in made[1:]:
        xml.etree.ElementTree.parse(os.path.join(tmp_path, name))
