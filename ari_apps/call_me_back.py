"""Support, or a callback: who presses 1 says where and when, keeps their place, and hangs up."""

from ccplane import (
    Call,
    Cancelled,
    Closed,
    Kept,
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
        match await call.arrange_callback("support"):  # the number, now or a time; promised once it is written down
            case Promised() | Kept() | Cancelled():
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
