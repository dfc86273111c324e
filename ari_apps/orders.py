"""About an order: which one, and then an agent, who has its number on the screen."""

from ccplane import (
    Call,
    Closed,
    Invalid,
    LeftByKey,
    NoAgents,
    NoInput,
    Overflowed,
    Pressed,
    Promised,
    Served,
    TimedOut,
    assert_never,
)


async def main(call: Call) -> None:
    choice = await call.menu("orders")  # ivr/orders.toml, and what it leads to
    if choice.name == "order":
        match await call.gather("order-number", longest=8, ends_with="#"):
            case Pressed(order) if order:
                await call.set_data("order", order)
            case Pressed() | NoInput() | Invalid():
                await call.set_data("order", "none given")
    match await call.queue(choice.queue):
        case Served():
            pass
        case Promised():
            await call.play("we-call-you-back")
        case LeftByKey():  # `waiting.keys` of the queue
            await call.voicemail()
        case NoAgents() | Closed() | TimedOut() | Overflowed():
            await call.play("nobody-free")
        case other:
            assert_never(other)
