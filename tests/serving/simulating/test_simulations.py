"""The process that simulates is a neighbour of scoring, on whichever processors there are."""

from __future__ import annotations

import os
import sys

import pytest

from serving.simulating.simulations import SimulationError, Simulations
from tests.serving.shop import NOON, run


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux pins processes")
def test_a_simulation_does_not_share_the_processor_that_scoring_was_given(tmp_path: object) -> None:
    async def scene() -> None:
        cores = os.sched_getaffinity(0)
        simulations = Simulations(f"sqlite:///{tmp_path}/none")
        os.sched_setaffinity(0, {min(cores)})
        try:
            with pytest.raises(SimulationError):
                await simulations.simulate("kurtas", {}, 7, NOON)
        finally:
            os.sched_setaffinity(0, cores)
        assert simulations._process is not None
        assert os.sched_getaffinity(simulations._process.pid) == cores
        await simulations.stop()

    run(scene())
