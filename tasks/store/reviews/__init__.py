"""Reviews of incidents and what people wrote into them. Begin with `reviews.py`."""

from tasks.store.reviews.reviews import Reviews

__all__ = ["Reviews"]
