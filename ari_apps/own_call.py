"""A call that an agent makes: to a colleague by their id, or to a number outside that acd/dialling.toml allows."""

from ccplane import Call, NotAllowed, NotReached, Talked, assert_never


async def main(call: Call) -> None:
    match await call.connect():
        case Talked():
            pass  # the other has hung up; a program that ends hangs up
        case NotReached(why="busy"):
            await call.play("line-busy")
        case NotReached():
            await call.play("not-reached")
        case NotAllowed():
            await call.play("not-allowed")
        case other:
            assert_never(other)
