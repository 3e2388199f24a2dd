"""Makes a bundle of evidence: gathered, signed, written. Begin with `export.py`."""
