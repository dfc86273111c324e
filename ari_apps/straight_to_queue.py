"""No questions: the caller waits in the queue that ivr/numbers.toml gives this number."""

from ccplane import Call, NoAgents, Served, TimedOut, assert_never


async def main(call: Call) -> None:
    match await call.queue(call.number.queue):  # answers the call, too
        case Served():
            pass  # the talk is over; a program that ends hangs up
        case NoAgents() | TimedOut():
            await call.play("nobody-free")
        case other:
            assert_never(other)
