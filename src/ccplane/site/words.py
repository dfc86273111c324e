"""The words from which numbers, money, dates, times and digits are put together: one sound each, in each language.

A word is its own name: `ivr/sounds/zh-CN/word.两.wav` is played in place of the voice's 两. What may be said of them
decides callflow/saying.py.
"""

from __future__ import annotations

import re
from typing import Final

ONES: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS: Final = (
    "zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip
ORDINALS: Final = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twentieth", "twenty-first", "twenty-second", "twenty-third", "twenty-fourth", "twenty-fifth", "twenty-sixth",
    "twenty-seventh", "twenty-eighth", "twenty-ninth", "thirtieth", "thirty-first",
)  # fmt: skip
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
UNITS: Final = ("hundred", "thousand", "million", "billion")
LETTERS: Final = ("A", "B", "C", "D")
"""The keys that few telephones have."""

_ENGLISH: Final = (
    *ONES, *TENS[2:], *UNITS, *ORDINALS, *MONTHS, *LETTERS,
    "and", "minus", "point", "oh", "plus", "star", "hash", "noon", "midnight", "o'clock", "a m", "p m",
    "yuan", "fen", "dollar", "dollars", "cent", "cents", "euro", "euros", "pound", "pounds", "penny", "pence",
    "Hong Kong dollar", "Hong Kong dollars", "yen",
)  # fmt: skip
DIGITS_ZH: Final = "零一二三四五六七八九"
_CHINESE: Final = (
    *DIGITS_ZH, *"十百千万亿两幺负点年月日分整加", *LETTERS,
    "星号", "井号", "凌晨", "上午", "中午", "下午", "晚上",
    "元", "角", "美元", "美分", "欧元", "欧分", "英镑", "便士", "港元", "日元",
)  # fmt: skip

WORDS: Final = {"en": _ENGLISH, "zh-CN": _CHINESE}
SAYS: Final = re.compile(r"\b(?:Number|Money|Date|Time|Digits)\(")
"""In a program: then a site needs these words."""


def texts_by_word() -> dict[str, dict[str, str]]:
    """Each word with its text by language, as a prompt has it."""
    found: dict[str, dict[str, str]] = {}
    for language, words in WORDS.items():
        for word in words:
            found.setdefault(word, {})[language] = word
    return found
