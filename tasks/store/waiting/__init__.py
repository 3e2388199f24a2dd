"""What waits: pages that nothing which rings has taken, what is late. Begin with `untaken.py`."""
