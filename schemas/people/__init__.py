"""Who is there, what they may do, and how we know. Begin with `actor.py`."""

from schemas.people.actor import Actor, Method, local_user, name_on_record
from schemas.people.person import FIRST_ADMIN, Person, PersonName, everybody
from schemas.people.role import APPROVERS, Right, Role, rights_of, roles_with

__all__ = [
    "APPROVERS",
    "FIRST_ADMIN",
    "Actor",
    "Method",
    "Person",
    "PersonName",
    "Right",
    "Role",
    "everybody",
    "local_user",
    "name_on_record",
    "rights_of",
    "roles_with",
]
