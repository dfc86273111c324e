"""The front door: ask what it is about, then put the caller through. Who cannot be served hears an apology."""

from ccplane import Call, Closed, LeftByKey, NoAgents, Overflowed, Promised, Served, TimedOut, assert_never


async def main(call: Call) -> None:
    choice = await call.menu("main")  # ivr/main.toml
    if choice.voicemail:
        await call.voicemail(choice.voicemail)  # listed and played at /api/v1/messages
        return
    match await call.queue(choice.queue):  # acd/queues.toml; a hang-up ends the program here
        case Served():
            pass  # the talk is over; a program that ends hangs up
        case Promised():
            await call.play("we-call-you-back")
        case LeftByKey():  # `waiting.keys` of the queue
            await call.voicemail()
        case NoAgents() | Closed() | TimedOut() | Overflowed():
            await call.play("nobody-free")  # ivr/prompts.toml
        case other:
            assert_never(other)
