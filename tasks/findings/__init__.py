"""What scanners wrote, read and put on record. Begin with `read_findings.py`."""
