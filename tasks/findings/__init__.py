"""Reads scanners' reports and records their findings. Begin with `read_findings.py`."""
