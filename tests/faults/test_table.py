"""The table of faults"""

from pathlib import Path

import pytest
from faults.table import CATALOGUE, Fault, as_markdown, catalogue, judged, named

GROUPS = ("COL", "CLK", "PRC")
"""Those of which every fault of priority 0 and 1 must have a test."""

REPORT = """<testsuites><testsuite>
<testcase classname="tests.faults.test_clock" name="test_clk_01_a[sqlite]"/>
<testcase classname="tests.faults.test_clock" name="test_clk_01_a[other]"/>
<testcase classname="tests.faults.test_clock" name="test_clk_02_b"><failure message="no"/></testcase>
<testcase classname="tests.faults.test_clock" name="test_clk_03_c"><skipped message="no compiler"/></testcase>
<testcase classname="tests.faults.test_clock" name="test_something"/>
</testsuite></testsuites>"""


def test_every_fault_that_matters_has_a_test() -> None:
    tests = named()
    lacking = [
        fault.id for fault in catalogue() if fault.id[:3] in GROUPS and fault.priority <= 1 and fault.id not in tests
    ]

    assert lacking == []


def test_every_test_is_named_after_a_fault_that_there_is() -> None:
    known = {fault.id for fault in catalogue()}
    groups = {id[:3] for id in known}

    assert [id for id in named() if id[:3] in groups and id not in known] == []


def test_says_of_each_fault_how_its_tests_went(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    faults = [Fault(f"CLK-0{number}", 0, "words") for number in range(1, 5)]

    found = judged(faults, report)

    assert [each.result for each in found] == ["held", "failed", "skipped", "no test"]
    assert found[0].tests == {"faults/test_clock.py::test_clk_01_a": 2}
    page = as_markdown(found)
    assert "| CLK-01 | P0 | words | `faults/test_clock.py::test_clk_01_a` × 2 | held |" in page
    assert "skipped (no compiler)" in page


@pytest.mark.parametrize("fault", catalogue(), ids=lambda fault: fault.id)
def test_a_fault_has_a_priority_and_words(fault: Fault) -> None:
    assert fault.priority in (0, 1, 2)
    assert fault.words
    assert CATALOGUE.exists()
