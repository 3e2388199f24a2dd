"""HTTP, programs, files, texts: knows no incident. Begin with `http.py`."""
