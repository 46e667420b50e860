# SPDX-License-Identifier: BSD-2-Clause
"""
The unit test of random changes of G-stage tables, with more of them than `make unit` has time for.
"""

import os
import subprocess

import pytest

from machine import BUILD, PATIENCE

PROGRAM = os.path.join(BUILD, "unit", "test_gstage_random")


@pytest.mark.soak
@pytest.mark.parametrize("seed", [0, 1])
def test_million_random_changes(seed):
    environment = dict(os.environ, GSTAGE_CHANGES="1000000", GSTAGE_SEED=str(seed))
    result = subprocess.run([PROGRAM], env=environment, timeout=600 * PATIENCE,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert result.returncode == 0, result.stdout
