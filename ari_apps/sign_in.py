"""*45: an agent signs in at the phone they dial from, or out. A shared seat asks who they are; their own knows."""

from ccplane import AgentId, Call, Done, Proven, Refused


async def main(call: Call) -> None:
    here = await call.here()
    if here is None:
        return await call.play("not-possible")
    if here.agent and here.state != "offline":  # who leaves is not asked: they may have forgotten, and gone home
        await call.set_state(here.agent, "offline")
        return await call.play("signed-out")
    agent = await who(call) if here.shared else here.owner
    if agent is None:
        return None if here.shared else await call.play("not-possible")
    match await call.sign_in(agent):
        case Done():
            return await call.play("signed-in")
        case Refused("seat-taken" | "agent-busy" as why):
            return await call.play(why)
        case _:
            return await call.play("not-possible")


async def who(call: Call) -> AgentId | None:
    """Id and PIN, three times at most; PINs are counted over all calls, and locked after five wrong ones."""
    wrong = False
    for _ in range(3):
        if wrong:
            await call.play("wrong-pin")  # not as a part of the question: the rest of a PIN must not answer that
        agent = await call.ask_agent("your-id", fresh=wrong)
        wrong = agent is not None
        if agent is None:
            continue
        match await call.ask_pin("your-pin", agent):
            case Proven():
                return agent
            case Refused("pin-locked"):
                await call.play("pin-locked")
                return None
            case _:
                continue
    await call.play("wrong-pin")
    return None
