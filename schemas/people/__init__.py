"""Who is there, what they may do, and how we know. Begin with `actor.py`."""

from schemas.people.actor import Actor, Method, local_user
from schemas.people.person import Person, PersonName
from schemas.people.role import APPROVERS, Right, Role, rights_of

__all__ = [
    "APPROVERS",
    "Actor",
    "Method",
    "Person",
    "PersonName",
    "Right",
    "Role",
    "local_user",
    "rights_of",
]
