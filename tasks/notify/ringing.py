"""Whether pages ring: what `/health` and `aeef doctor` say while they do not."""

from __future__ import annotations

from collections import Counter

from tasks.channels.channels import find_channel, title_of
from tasks.notify.page_record import in_seconds
from tasks.store import Store

NOT_A_FAILURE = "not configured"


def silent_pages(store: Store) -> str | None:
    """That pages are waiting for something that rings, and why; None when none is.

    `pages do not ring: PagerDuty: could not page …; 3 wait, the oldest for 40 s`.
    """
    waiting = store.waiting_pages()
    if not waiting:
        return None
    reasons: Counter[str] = Counter()
    for each in waiting:
        for name, why in each.page.refused.items():
            channel = find_channel(name)
            if why != NOT_A_FAILURE and channel is not None and channel.rings:
                reasons[f"{channel.title}: {why.removeprefix(f'{channel.title}: ')}"] += 1
    if not reasons:
        names = dict.fromkeys(name for each in waiting for name in each.page.refused)
        reasons.update(f"{title_of(name)}: not configured" for name in names)
    oldest = in_seconds(max(each.age for each in waiting))
    said = "; ".join(reason for reason, _ in reasons.most_common(2))
    return f"pages do not ring: {said}; {len(waiting)} wait, the oldest for {oldest}"
