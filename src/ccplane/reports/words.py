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
        "skills": "Who asks for several skills counts for each: there is no sum of all, and the balance is by skill.",
        "balance": "entered {entered} = ended {ended} + still there {waiting}",
        "unbalanced": "THE BALANCE DOES NOT HOLD: ccplane report rebuild makes these days again from the log",
        "meaning": "What the columns mean:",
        "meanings": "What it means",
        "from": "from",
        "until": "until",
        "marks": "marks",
        "nothing": "There is nothing in these days.",
        "more": "There is more: --after {next}",
        "faults_cut": "THERE ARE MORE THAN STAND HERE: take fewer days",
        "faults_lengths": "What reaches over the edges of these days is listed whole (… is not over), and summed "
        "by kind with its part in them; what began more than 31 days before them is not here.",
        "before": "Before: as many days, just before these; of days that are not over, as much of them. "
        "– where not all of that is known.",
        "largest": "Of queues and numbers only the largest stand here; a report by queue or by number has all of them.",
        "points": "points",
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
        "skills": "需要多项技能的联络计入每项技能：故无合计，下列收支按技能累计。",
        "balance": "进入 {entered} = 已结束 {ended} + 仍在队列 {waiting}",
        "unbalanced": "收支不平：请用 ccplane report rebuild 从日志重算这些日期",
        "meaning": "各列含义：",
        "meanings": "含义",
        "from": "开始",
        "until": "结束",
        "marks": "标记",
        "nothing": "这些日期没有数据。",
        "more": "还有更多：--after {next}",
        "faults_cut": "实际多于此处所列：请缩短日期范围",
        "faults_lengths": "跨越日期边界的故障整条列出（… 表示尚未结束），按类别只计其在这些日期内的部分；"
        "31 天以前开始的不在此列。",
        "before": "上期：紧接本期之前的相同天数；本期未结束时只取相应部分。– 表示上期数据不全。",
        "largest": "仅列最大的队列与号码；全部见按队列或号码分组的报表。",
        "points": "个百分点",
    },
}
LANGUAGES: Final = tuple(WORDS)
