"""Support, or a callback: who presses 1 hangs up and keeps their place; who waits may still change their mind."""

from ccplane import (
    Call,
    Closed,
    LeftByKey,
    NoAgents,
    NotPromised,
    Overflowed,
    Pressed,
    Promised,
    Served,
    TimedOut,
    assert_never,
)


async def main(call: Call) -> None:
    if await call.gather("callback-offer", timeout_s=3) == Pressed("1"):
        match await call.callback("support"):  # acd/callbacks.toml says whom; promised once it is written down
            case Promised():
                await call.play("we-call-you-back")
                return
            case NotPromised():
                await call.play("no-callback")
            case refused:
                assert_never(refused)
    match await call.queue("support", callback_key="1"):
        case Served():
            pass
        case Promised():
            await call.play("we-call-you-back")
        case LeftByKey():
            await call.voicemail()
        case NoAgents() | Closed() | TimedOut() | Overflowed():
            await call.play("nobody-free")
        case other:
            assert_never(other)
