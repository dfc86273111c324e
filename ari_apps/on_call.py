"""The emergency line: whoever is on call, at their own telephone; else a message that is heard first in the morning."""

from ccplane import Call, NotAllowed, NotReached, Talked, assert_never


async def main(call: Call) -> None:
    match await call.transfer(number="5551200", timeout_s=25):  # [transfers] of acd/dialling.toml allows it
        case Talked():
            pass  # the other has hung up; a program that ends hangs up
        case NotReached() | NotAllowed():
            await call.voicemail("emergency")
        case other:
            assert_never(other)
