"""What is left on a card: its number, read back, and then the amount; nobody has to be asked for it."""

from ccplane import Call, Date, Digits, Invalid, Money, NoInput, Pressed, assert_never


async def main(call: Call) -> None:
    await call.ring_back(2)
    match await call.gather("card-number", length=6, tries=2, silence="nothing-pressed", invalid="not-understood"):
        case Pressed(card):
            pass
        case NoInput() | Invalid():
            return await call.run("sorry")
        case other:
            assert_never(other)
    await call.set_data("card", card)
    if await call.confirm("you-entered", Digits(card), "right-or-wrong"):
        left = f"{card[:4]}.{card[4:]}"  # a demo: whoever has accounts looks it up
        await call.play("your-balance", Money(left, "CNY"), "as-of", Date(call.arrived))
        return await call.served()
    return await call.run("sorry")
