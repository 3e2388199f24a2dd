"""Reviews of incidents: written as Markdown, drafted from the record. Begin with `markdown.py`."""
