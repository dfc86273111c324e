"""The default: takes numbers that have no program, and callers whose program failed. An apology, and a polite end."""

from ccplane import Call


async def main(call: Call) -> None:
    await call.answer()
    await call.play("apology")
    await call.hang_up()
