"""Support, and once the agent has hung up, two questions: how it was, and whether they would recommend us."""

from ccplane import Call, Closed, LeftByKey, NoAgents, Overflowed, Promised, Served, TimedOut, assert_never


async def main(call: Call) -> None:
    match await call.queue("support"):
        case Served():  # the talk is over; who hung up first is not asked
            await call.survey("after-call")  # ivr/surveys.toml
        case Promised():
            await call.play("we-call-you-back")
        case LeftByKey():  # `waiting.keys` of the queue
            await call.voicemail()
        case NoAgents() | Closed() | TimedOut() | Overflowed():
            await call.play("nobody-free")
        case other:
            assert_never(other)
