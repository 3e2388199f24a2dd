"""Mappings of any sender's JSON to our alert, as data. Begin with `mapping.py`."""

from schemas.hooks.mapped import Mapped, State, map_body
from schemas.hooks.mapping import Mapping, kinds
from schemas.hooks.settings import Encoding, Hook, HookName, Proof, ReceptionSettings

__all__ = [
    "Encoding",
    "Hook",
    "HookName",
    "Mapped",
    "Mapping",
    "Proof",
    "ReceptionSettings",
    "State",
    "kinds",
    "map_body",
]
