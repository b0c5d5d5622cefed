"""Two real processes that meet over gloo: the rows of both end up in the first, none lost, none twice."""

from __future__ import annotations

import json
import subprocess
import sys

RANK = """
import json, sys
import torch.distributed as distributed
from harness_tasks.cli import _gather_rows
from harness_tasks.record import RunRecord

rank, store, out = int(sys.argv[1]), sys.argv[2], sys.argv[3]
distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
# Shares of unequal length, as lm-eval deals them out for an odd number of rows.
run = RunRecord(rows=[{"id": f"{rank}-{i}", "generated": "Ж"} for i in range(3 - rank)])
returned = _gather_rows(run)
with open(f"{out}/{rank}.json", "w") as file:
    json.dump([returned, run.rows], file)
distributed.destroy_process_group()
"""


def test_rows_of_two_processes_meet_in_the_first(tmp_path):
    command = [sys.executable, "-c", RANK]
    processes = [
        subprocess.Popen(
            [*command, str(rank), str(tmp_path / "store"), str(tmp_path)], stderr=subprocess.PIPE
        )
        for rank in range(2)
    ]
    try:
        for process in processes:
            _, said = process.communicate(timeout=300)
            assert process.returncode == 0, said.decode()
    finally:
        for process in processes:
            process.kill()
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2))
    assert (first[0], second[0]) == (0, 1)
    assert [row["id"] for row in first[1]] == ["0-0", "0-1", "0-2", "1-0", "1-1"]
    assert {row["generated"] for row in first[1]} == {"Ж"}
