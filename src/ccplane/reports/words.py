"""What stands in reports beside numbers, in each language."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "en": {
        "interval": "interval",
        "site": "site",
        "queue": "queue",
        "skill": "skill",
        "number": "number",
        "team": "team",
        "agent": "agent",
        "total": "total",
        "none": "(none)",
        "to": "to",
        "provisional": "* provisional: it may still change (not over, or nobody watched the calls for a while)",
        "corrected": "+ corrected after it had settled, by facts that came late",
        "stays": "A contact counts, with all its wait, talk and wrap-up, in the interval when it entered the queue.",
        "times": "Agents' state times are cut at the edges of the interval.",
        "balance": "entered {entered} = ended {ended} + still there {waiting}",
        "unbalanced": "THE BALANCE DOES NOT HOLD: ccplane report rebuild makes these days again from the log",
        "meaning": "What the columns mean:",
        "meanings": "What it means",
        "from": "from",
        "until": "until",
        "marks": "marks",
        "nothing": "There is nothing in these days.",
        "more": "There is more: --after {next}",
    },
    "zh-CN": {
        "interval": "时段",
        "site": "全站",
        "queue": "队列",
        "skill": "技能",
        "number": "被叫号码",
        "team": "班组",
        "agent": "客服代表",
        "total": "合计",
        "none": "（无）",
        "to": "至",
        "provisional": "* 暂定值：仍可能变化（尚未结束，或有一段时间无人监视）",
        "corrected": "+ 结算后因迟到的记录而更正",
        "stays": "每个联络连同其全部等待、通话与话后时长，计入其进入队列的时段。",
        "times": "客服代表的状态时长按时段边界切分。",
        "balance": "进入 {entered} = 已结束 {ended} + 仍在队列 {waiting}",
        "unbalanced": "收支不平：请用 ccplane report rebuild 从日志重算这些日期",
        "meaning": "各列含义：",
        "meanings": "含义",
        "from": "开始",
        "until": "结束",
        "marks": "标记",
        "nothing": "这些日期没有数据。",
        "more": "还有更多：--after {next}",
    },
}
LANGUAGES: Final = tuple(WORDS)
