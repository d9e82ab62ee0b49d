"""How LightGBM's threads wait for each other."""

from __future__ import annotations

import os
import subprocess
import sys


def test_threads_sleep_while_they_wait_whichever_module_loads_lightgbm() -> None:
    """The runtime reads the policy once, so it must stand before the first import."""
    blank = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    probe = (
        "import os, sys\n"
        "class Watch:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'lightgbm': print(os.environ.get('OMP_WAIT_POLICY'))\n"
        "sys.meta_path.insert(0, Watch())\n"
        "import training.train_command\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", probe], env=blank, capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["PASSIVE"]
