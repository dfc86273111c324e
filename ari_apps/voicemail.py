"""Leave a message: for a number of its own, or a key of a menu. Most callers hang up when they are done."""

from ccplane import Call


async def main(call: Call) -> None:
    await call.voicemail("general")  # the prompts leave-a-message and thank-you, ivr/prompts.toml
