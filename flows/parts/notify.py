"""Notifies the people in the severity table; the runbook does not wait for it."""

from __future__ import annotations

from flows.parts.response import Response
from tasks.notify.page_on_call import page_on_call
from tasks.notify.post_to_slack import post_to_slack
from tasks.notify.tickets.create_ticket import create_ticket


def notify(response: Response) -> None:
    """Page, post a message and create a ticket, as the route says, in the background."""
    route = response.route
    if route.page:
        response.start(page_on_call)
    response.start(post_to_slack)
    if route.ticket:
        response.start(create_ticket)
    if not route.page and not route.ticket:
        response.note(f"logged for review: {route.escalates_to}")
