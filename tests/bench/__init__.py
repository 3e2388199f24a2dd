"""What `make bench` measures. Begin with `run.py`."""
