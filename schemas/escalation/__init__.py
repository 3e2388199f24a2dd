"""When somebody is called because nobody took an incident, and whom. Begin with `next_step.py`."""

from schemas.escalation.addresses import rings
from schemas.escalation.business_days import BusinessDays
from schemas.escalation.contact import Contact, ContactName, contact_name
from schemas.escalation.next_step import EscalationState, Step, StepKind, length, next_step, to_do

__all__ = [
    "BusinessDays",
    "Contact",
    "ContactName",
    "EscalationState",
    "Step",
    "StepKind",
    "contact_name",
    "length",
    "next_step",
    "rings",
    "to_do",
]
