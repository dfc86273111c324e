"""What routing should say, found by looking at all pairs: the reference that the engine is held against."""

from __future__ import annotations

from ccplane.routing.asking import step_of
from ccplane.routing.rules import LEVELS


def may(profile, queue, contact):
    """What a step asks, word by word; or a further group that is open."""
    step = step_of(queue, contact.step)
    if contact.only is not None:
        return profile.id == contact.only
    return met(profile, queue, contact, step) or any(met(profile, queue, contact, each) for each in step.also)


def met(profile, queue, contact, step):
    membership = profile.queues.get(queue.name) if profile.queues else None
    level = membership.level if membership else (0 if profile.queues else 5)
    return (
        (not profile.queues or membership is not None)
        and level >= step.level
        and all(profile.skills.get(name, 0) >= least for name, least in step.skills.items())
        and (
            not step.any_of or any(all(profile.skills.get(n, 0) >= m for n, m in some.items()) for some in step.any_of)
        )
        and (not step.language or contact.language in profile.languages)
        and (not step.agents or profile.id in step.agents)
        and (step.last_agent_ms is None or (contact.last_ms <= step.last_agent_ms and contact.last_agent == profile.id))
    )


def rank(queue, contact):
    """Lower is sooner."""
    return (
        -queue.strict,
        contact.queued_at - 1000 * (contact.credit_s + queue.weight_s),
        contact.queued_at,
        len(contact.contact),
        contact.contact,
    )


def able(agents, queue, contact):
    return [
        each
        for each in agents
        if each.free and each.profile.capacity.get("voice", 0) and may(each.profile, queue, contact)
    ]


def priority(agent, queue):
    return agent.profile.queues[queue.name].priority if agent.profile.queues else 1


def good_at(agent, queue, contact):
    """How good an agent is at what is asked: by the weakest skill; 1 for whoever lacks one of them."""
    step, skills = step_of(queue, contact.step), agent.profile.skills
    if not step.skills and not step.any_of:
        return agent.profile.queues[queue.name].level if agent.profile.queues else 5
    if any(skills.get(name, 0) < least for name, least in step.skills.items()):
        return 1
    weakest = min((skills[name] for name in step.skills), default=LEVELS)
    met = [some for some in step.any_of if all(skills.get(n, 0) >= m for n, m in some.items())]
    if step.any_of and not met:
        return 1
    best = max((min((skills[name] for name in some), default=LEVELS) for some in met), default=LEVELS)
    return min(weakest, best)


def chosen(agents, queue, contact):
    """The agent for a contact, of those who are able; by every strategy but chance."""
    if not agents:
        return None
    if contact.only is not None:
        return agents[0]
    step = step_of(queue, contact.step)
    agents = [each for each in agents if met(each.profile, queue, contact, step)] or agents
    lowest = min(priority(each, queue) for each in agents)
    asked = [each for each in agents if priority(each, queue) == lowest]
    key = {
        "longest-idle": lambda each: (),
        "most-skilled": lambda each: (-good_at(each, queue, contact),),
        "least-skilled": lambda each: (good_at(each, queue, contact),),
        "least-occupied": lambda each: (each.tally.day, each.tally.busy_ms),
        "fewest-contacts": lambda each: (each.tally.day, each.tally.contacts),
        "round-robin": lambda each: (each.offered_at, each.id),
        "top-down": lambda each: (len(each.id), each.id),
        "sticky": lambda each: (each.id != contact.last_agent,),
    }[queue.strategy]
    return min(asked, key=lambda each: (*key(each), each.idle_since, each.id))


def first_for(agent, contacts, queues):
    """The contact for a free agent."""
    mine = [each for each in contacts if able([agent], queues[each.queue], each)]
    return min(mine, key=lambda each: rank(queues[each.queue], each), default=None)


def pairs(agents, contacts, queues):
    """Who gets whom: the best rank first, each by their queue's strategy."""
    left, made = list(agents), []
    for contact in sorted(contacts, key=lambda each: rank(queues[each.queue], each)):
        agent = chosen(able(left, queues[contact.queue], contact), queues[contact.queue], contact)
        if agent is not None:
            made.append((contact.contact, agent.id))
            left.remove(agent)
    return made
