"""Coverage and mutation score, measured and followed up. Begin with `assess_quality.py`."""
