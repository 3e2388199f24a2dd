"""Figures of the incidents on record, and which incidents each counts. Begin with `figures.py`."""
