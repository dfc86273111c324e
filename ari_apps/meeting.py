"""A conference room: who knows its code meets whoever else has dialled in. `#` leads out."""

from ccplane import Call, Met, NotMet, assert_never


async def main(call: Call) -> None:
    match await call.conference("board", pin="4711", ask="room-code", ends_with="#"):
        case Met():
            await call.play("left-room")
        case NotMet(why):
            await call.play("room-full" if why == "full" else "apology")
        case other:
            assert_never(other)
