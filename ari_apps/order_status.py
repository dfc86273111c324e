"""Where an order is: the shop's system is asked while the caller waits. Where it can't tell, an agent does."""

from ccplane import Call, Date, Found, Invalid, LookUpFailed, NoInput, NotFound, Pressed, assert_never


async def main(call: Call) -> None:
    match await call.gather("order-number", longest=8, ends_with="#", tries=2, silence="nothing-pressed"):
        case Pressed(order) if order:
            await call.set_data("order", order)
        case Pressed() | NoInput() | Invalid():
            return await call.run("straight_to_queue")
        case other:
            assert_never(other)
    match await call.look_up("orders", order=order):  # ivr/lookups.toml
        case Found({"state": "sent", "on": str(day)}):
            await call.play("order-sent-on", Date(day))
            return await call.served()
        case Found({"state": "packing"}):
            await call.play("order-in-work")
            return await call.served()
        case NotFound():
            await call.play("no-such-order")
        case Found() | LookUpFailed():  # the agent sees the order's number
            pass
        case other:
            assert_never(other)
    return await call.run("straight_to_queue")
