"""A fax line: what is sent is kept as a PDF. A person who dials the number may say what they want instead."""

from ccplane import Call, FaxTaken, NoFax, assert_never


async def main(call: Call) -> None:
    match await call.receive_fax("orders"):
        case FaxTaken(fax):
            await call.set_data("fax", fax)
            await call.served()
        case NoFax("no-fax-machine"):
            await call.voicemail("general")
        case NoFax():
            pass  # what has come of it is kept, and their machine says itself that it was not all
        case other:
            assert_never(other)
