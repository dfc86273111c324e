"""Who is a member of app_queue's queues at a node that tests share: Asterisk keeps them for a plane that comes back."""

from __future__ import annotations

from ccplane.asterisk.node import LocalNode

QUEUES = ("support", "sales", "anyone", "ccplane")
"""Those of the demo site, and everybody's."""


async def members_of(node: LocalNode, queue: str) -> set[str]:
    """The phones that app_queue would ring for this queue."""
    shown = await node.cli(f"queue show {queue}")
    return {each.partition("PJSIP/")[2].partition(")")[0] for each in shown.splitlines() if "PJSIP/" in each}


async def forget_members(node: LocalNode) -> None:
    """As if no plane had ever been at this node."""
    for queue in QUEUES:
        for member in await members_of(node, queue):
            await node.cli(f"queue remove member PJSIP/{member} from {queue}")
