"""Past orders become a model: import, labels, split, fit, calibrate, evaluate, gate, backtest."""
