"""No questions: the caller waits in the queue that ivr/numbers.toml gives this number."""

from ccplane import Call, Closed, LeftByKey, NoAgents, Overflowed, Promised, Served, TimedOut, assert_never


async def main(call: Call) -> None:
    match await call.queue(call.number.queue):  # answers the call, too
        case Served():
            pass  # the talk is over; a program that ends hangs up
        case Promised():
            await call.play("we-call-you-back")
        case LeftByKey():  # `waiting.keys` of the queue
            await call.voicemail()
        case NoAgents() | Closed() | TimedOut() | Overflowed():
            await call.play("nobody-free")
        case other:
            assert_never(other)
