"""Which files, images and containers are a Compose release. Begin with `files.py`."""
