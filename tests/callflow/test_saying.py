"""How values are said: word by word, as a listener understands them again."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.callflow import english
from ccplane.callflow.saying import Date, Digits, Money, Number, Time, words
from ccplane.contacts.verbs import KEYS
from ccplane.errors import ProgramError
from ccplane.site.site import LANGUAGES
from ccplane.site.words import DIGITS_ZH, MONTHS, ONES, ORDINALS, TENS, WORDS

whole = st.one_of(st.integers(0, 10_000), st.integers(0, 10**12 - 1), st.integers(0, 11).map(lambda n: 10**n))
values = st.one_of(
    st.builds(Number, st.integers(1 - 10**12, 10**12 - 1)),
    st.builds(Number, st.decimals(-9999, 9999, places=3)),
    st.builds(Money, st.decimals(-(10**9), 10**9, places=2), st.sampled_from(["CNY", "USD", "EUR", "GBP", "HKD"])),
    st.builds(Money, st.integers(-(10**9), 10**9), st.just("JPY")),
    st.builds(Date, st.dates()),
    st.builds(Time, st.times()),
    st.builds(Digits, st.text([*KEYS, "+"], min_size=1, max_size=64)),
)


@given(values)
def test_whatever_is_said_is_said_with_words_that_there_are_sounds_of(value):
    for language in LANGUAGES:
        said = words(value, language)
        assert said
        assert set(said) <= set(WORDS[language])


def heard_in_english(said):
    """The number that somebody understands."""
    total = group = 0
    for word in said:
        if word in ONES:
            group += ONES.index(word)
        elif word in TENS:
            group += 10 * TENS.index(word)
        elif word == "hundred":
            group *= 100
        elif word != "and":
            scale = {"thousand": 10**3, "million": 10**6, "billion": 10**9}[word]
            total, group = total + group * scale, 0
    return total + group


def heard_in_chinese(said):
    """The number that somebody understands: a unit multiplies what stands before it; 万 and 亿 all of it so far."""
    whole = group = digit = 0
    for word in said:
        if word in "十百千":
            group, digit = group + (digit or 1) * {"十": 10, "百": 100, "千": 1000}[word], 0
        elif word == "万":
            whole, group, digit = whole + (group + digit) * 10**4, 0, 0
        elif word == "亿":
            whole, group, digit = (whole + group + digit) * 10**8, 0, 0
        else:
            digit = 2 if word == "两" else DIGITS_ZH.index(word)
    return whole + group + digit


@given(whole)
def test_a_number_said_in_english_is_understood_as_that_number(number):
    assert heard_in_english(words(Number(number), "en")) == number


@given(whole)
def test_a_number_said_in_chinese_is_understood_as_that_number_and_zeros_are_said_once(number):
    said = words(Number(number), "zh-CN")
    assert heard_in_chinese(said) == number
    assert "零零" not in "".join(said)
    assert len(said) == 1 or said[-1] != "零"


@given(whole, st.integers(0, 999))
def test_what_stands_behind_the_point_is_said_digit_by_digit(number, behind):
    value = Number(f"{number}.{behind:03}")
    for language, point, names in (("en", "point", ONES), ("zh-CN", "点", DIGITS_ZH)):
        said = words(value, language)
        at = said.index(point)
        assert said[:at] == words(Number(number), language)
        assert [names.index(word) for word in said[at + 1 :]] == [int(each) for each in f"{behind:03}"]


@given(st.dates(min_value=date(1000, 1, 1)))
def test_a_date_is_understood_as_that_day(day):
    month, ordinal, *year = words(Date(day), "en")
    assert (MONTHS.index(month) + 1, ORDINALS.index(ordinal) + 1) == (day.month, day.day)
    assert year == english.year(day.year)
    year, rest = "".join(words(Date(day), "zh-CN")).split("年")
    month, rest = rest.split("月")
    assert int("".join(str(DIGITS_ZH.index(each)) for each in year)) == day.year
    assert (heard_in_chinese(month), heard_in_chinese(rest.removesuffix("日"))) == (day.month, day.day)


@given(st.times())
def test_a_time_of_day_is_understood_to_the_minute(at):
    said = "".join(words(Time(at), "zh-CN"))
    hour, minute = said[2:].split("点")
    later = 12 if said[:2] in ("下午", "晚上") else 0
    assert heard_in_chinese(hour) + later == at.hour
    assert heard_in_chinese(minute.removesuffix("分") if minute != "整" else "零") == at.minute
    *english_words, half = words(Time(at), "en")
    if half in ("noon", "midnight"):
        assert (at.hour, at.minute) == (12 if half == "noon" else 0, 0)
    else:
        hour = heard_in_english(english_words[:1]) % 12
        assert hour + (12 if half == "p m" else 0) == at.hour
        assert heard_in_english([each for each in english_words[1:] if each != "oh"]) == at.minute


@given(st.text([*KEYS, "+"], min_size=1, max_size=64))
def test_digits_are_said_one_by_one_however_they_are_written(keys):
    for language in LANGUAGES:
        said = words(Digits(keys), language)
        assert len(said) == len(keys)
        assert words(Digits(f" ({keys})- "), language) == said


@pytest.mark.parametrize(
    ("number", "english_words", "chinese_words"),
    [
        (0, "zero", "零"),
        (2, "two", "二"),
        (10, "ten", "十"),
        (12, "twelve", "十二"),
        (110, "one hundred and ten", "一百一十"),
        (200, "two hundred", "两百"),
        (1204, "one thousand two hundred and four", "一千二百零四"),
        (10_002, "ten thousand and two", "一万零二"),
        (22_000, "twenty two thousand", "两万二千"),
        (100_010, "one hundred thousand and ten", "十万零一十"),
        (20_000_000, "twenty million", "两千万"),
        (100_000_001, "one hundred million and one", "一亿零一"),
        (1_000_010_000, "one billion ten thousand", "十亿零一万"),
        (-3, "minus three", "负三"),
        ("2.50", "two point five zero", "二点五零"),
    ],
)
def test_numbers_as_people_say_them(number, english_words, chinese_words):
    assert " ".join(words(Number(number), "en")) == english_words
    assert "".join(words(Number(number), "zh-CN")) == chinese_words


@pytest.mark.parametrize(
    ("amount", "currency", "english_words", "chinese_words"),
    [
        ("12.50", "CNY", "twelve yuan and fifty fen", "十二元五角"),
        ("12.05", "CNY", "twelve yuan and five fen", "十二元零五分"),
        ("2", "CNY", "two yuan", "两元"),
        ("0.22", "CNY", "twenty two fen", "两角两分"),
        ("0", "CNY", "zero yuan", "零元"),
        ("1.01", "USD", "one dollar and one cent", "一美元一美分"),
        ("-5", "EUR", "minus five euros", "负五欧元"),
        ("0.01", "GBP", "one penny", "一便士"),
        ("1", "HKD", "one Hong Kong dollar", "一港元"),
        (500, "JPY", "five hundred yen", "五百日元"),
        (Decimal("10.10"), "HKD", "ten Hong Kong dollars and ten cents", "十港元一角"),
    ],
)
def test_amounts_as_people_say_them(amount, currency, english_words, chinese_words):
    assert " ".join(words(Money(amount, currency), "en")) == english_words
    assert "".join(words(Money(amount, currency), "zh-CN")) == chinese_words


@pytest.mark.parametrize(
    ("value", "english_words", "chinese_words"),
    [
        (Date("2026-11-23"), "November twenty-third twenty twenty six", "二零二六年十一月二十三日"),
        (Date("1905-01-01"), "January first nineteen oh five", "一九零五年一月一日"),
        (Date("2008-08-08"), "August eighth two thousand and eight", "二零零八年八月八日"),
        (Date("1900-02-02"), "February second nineteen hundred", "一九零零年二月二日"),
        (Date(datetime(2000, 5, 31, 10)), "May thirty-first two thousand", "二零零零年五月三十一日"),
        (Time("15:05"), "three oh five p m", "下午三点零五分"),
        (Time("00:00"), "midnight", "凌晨零点整"),
        (Time("12:00"), "noon", "中午十二点整"),
        (Time("12:30"), "twelve thirty p m", "中午十二点三十分"),
        (Time("02:15"), "two fifteen a m", "凌晨两点十五分"),
        (Time(time(9)), "nine a m", "上午九点整"),
        (Time("22:00"), "ten p m", "晚上十点整"),
        (Digits("138-5550*#"), "one three eight five five five zero star hash", "幺三八五五五零星号井号"),
        (Digits("+86A"), "plus eight six A", "加八六A"),
    ],
)
def test_days_times_and_digits_as_people_say_them(value, english_words, chinese_words):
    assert " ".join(words(value, "en")) == english_words
    assert "".join(words(value, "zh-CN")) == chinese_words


@pytest.mark.parametrize(
    "value",
    [
        Number(10**12),
        Number(-(10**12)),
        Number("twelve"),
        Number("NaN"),
        Number("Infinity"),
        Number("1.12345678901"),
        Number(None),
        Money("12.505", "CNY"),
        Money("1.5", "JPY"),
        Money("1", "XXX"),
        Date("23.11.2026"),
        Date(5),
        Time("25:00"),
        Time(None),
        Digits(""),
        Digits("--"),
        Digits("12x"),
        Digits("1" * 65),
    ],
)
def test_what_cannot_be_said_is_the_programs_fault_and_says_what_it_was(value):
    with pytest.raises(ProgramError, match="cannot be said") as told:
        words(value, "en")
    assert told.value.code == "cannot-be-said"
