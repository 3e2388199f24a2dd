"""Which Prefect server is used, and the embedded one. Begin with `settings.py`."""
