"""*46: who sits at the phone it is dialled from is paused, or ready again."""

from ccplane import Call


async def main(call: Call) -> None:
    here = await call.here()
    if here is None:
        return await call.play("not-possible")
    if here.agent is None or here.state == "offline":
        return await call.play("nobody-signed-in")
    if here.state == "paused":
        await call.set_state(here.agent, "ready")
        return await call.play("ready-again")
    await call.set_state(here.agent, "paused", reason="*46")
    return await call.play("paused")
