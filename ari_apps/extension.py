"""For those who know whom they want: ask for an agent's number, and put the caller through to that agent alone."""

from ccplane import Call, Invalid, NoInput, NotReached, Pressed, Served, assert_never


async def main(call: Call) -> None:
    keyed = await call.gather(
        "whose-number", longest=4, ends_with="#", pattern="[0-9]{4}", tries=2, invalid="not-understood"
    )
    match keyed:
        case Pressed(agent):
            await put_through(call, agent)
        case NoInput() | Invalid():
            await call.run("front_door")
        case other:
            assert_never(other)


async def put_through(call: Call, agent: str) -> None:
    match await call.transfer(agent=agent, queue="support", wait_s=30):
        case Served():
            pass  # the talk is over; a program that ends hangs up
        case NotReached(why="no-such-agent"):
            await call.play("no-such-colleague")
            await call.run("front_door")
        case NotReached():
            await call.voicemail(agent)
        case other:
            assert_never(other)
