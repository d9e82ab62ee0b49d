"""Past orders become a model: import, labels, split, fit, calibrate, evaluate, gate, backtest."""

import os

# Threads that wait by spinning cost a busy machine a hundred times the work itself. The OpenMP
# runtime reads this once, when LightGBM loads it, so it stands before every import of ours.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
