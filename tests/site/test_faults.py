"""Every kind of typo is told with its file, its line, its key, and what was probably meant."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccplane.errors import SiteError
from ccplane.site import SiteFaults, check, digest, parse, read
from tests.site.sites import TOP, a_site, faults, parsed, the_fault

Q, N, M = "[support]\nskills = { support = 1 }\n", 'default = "sorry"\n', 'prompt = "welcome"\nno_input = "1"\n'
C = 'allow = ["5"]\n'
DEMO = read(TOP)
KEYS = '[keys]\n1 = { queue = "support" }\n'

# fmt: off
FAULTS = [  # what a file says, the code of its fault, and how it is told (… stands for Python's own words)
    ("queues", Q + 'stratgy = "longest-idle"\n', "unknown-key",
        "acd/queues.toml:3: support.stratgy: unknown key; did you mean `strategy`?"),
    ("seats", "[2001]\nshared = 1\n", "wrong-type",
        "acd/seats.toml:2: 2001.shared: is true or false, not 1"),
    ("seats", "[2001]\nshared = true\nautoanswer = true\n", "unknown-key",
        "acd/seats.toml:3: 2001.autoanswer: unknown key; did you mean `auto_answer`?"),
    ("seats", "[front]\nshared = true\n", "bad-seat-id",
        "acd/seats.toml:1: front: a seat's id is 2 to 10 digits, as a phone sends it"),
    ("seats", "shared = true\n", "wrong-type",
        "acd/seats.toml:1: shared: is a table: [shared] on a line of its own"),
    ("seats", "[1001]\nshared = true\n", "own-seat-shared",
        "acd/seats.toml:2: 1001.shared: is an agent's own; a shared seat has an id of its own"),
    ("dialling", 'program = "front"\nemergency = ["1001"]\n', "emergency-taken",
        "acd/dialling.toml:2: emergency: 1001 is also an agent, a seat or a number of ours; give that one another"),
    ("dialling", 'program = "front"\n[roles.agent]\nallow = ["0x"]\n', "bad-prefix",
        "acd/dialling.toml:3: roles.agent.allow[0]: a prefix is 1 to 20 digits, perhaps after a +"),
    ("dialling", 'program = "frnt"\n', "no-such-program",
        "acd/dialling.toml:1: program: there is no program `frnt`; did you mean `front`?"),
    ("dialling", 'program = "front"\n[transfers]\nalow = ["5"]\n', "unknown-key",
        "acd/dialling.toml:3: transfers.alow: unknown key; did you mean `allow`?"),
    ("dialling", 'program = "front"\ntrunk = "out"\n[transfers]\nallow = ["5"]\ndeny = ["5"]\n', "allowed-and-denied",
        "acd/dialling.toml:4: transfers.allow: 5 is allowed and denied"),
    ("callbacks", "tries = 3\n", "missing",
        "acd/callbacks.toml:1: allow: is missing"),
    ("callbacks", C + "tires = 3\n", "unknown-key",
        "acd/callbacks.toml:2: tires: unknown key; did you mean `tries`?"),
    ("callbacks", 'allow = ["5x"]\n', "bad-prefix",
        "acd/callbacks.toml:1: allow[0]: a prefix is 1 to 20 digits, perhaps after a +"),
    ("callbacks", 'allow = "5"\n', "wrong-type",
        'acd/callbacks.toml:1: allow: is a list, [ … ], not "5"'),
    ("callbacks", C + 'deny = ["59", "5"]\n', "allowed-and-denied",
        "acd/callbacks.toml:1: allow: 5 is allowed and denied"),
    ("callbacks", C + 'hours = "alwyas"\n', "no-such-hours",
        "acd/callbacks.toml:2: hours: there are no hours `alwyas` in ivr/hours.toml; did you mean `always`?"),
    ("callbacks", C + 'ring = "4s"\n', "out-of-range",
        "acd/callbacks.toml:2: ring: is at least 5s, not 4s"),
    ("callbacks", C + "ring = 30\n", "no-duration",
        'acd/callbacks.toml:2: ring: is a length of time with its unit, in quotes: "20s" or "3m"'),
    ("callbacks", C + "tries = 0\n", "out-of-range",
        "acd/callbacks.toml:2: tries: is at least 1, not 0"),
    ("callbacks", C + "tries = 21\n", "out-of-range",
        "acd/callbacks.toml:2: tries: is at most 20, not 21"),
    ("callbacks", C + 'retry = "0s"\n', "out-of-range",
        "acd/callbacks.toml:2: retry: is at least 1s, not 0s"),
    ("callbacks", C + 'expiry = "59s"\n', "out-of-range",
        "acd/callbacks.toml:2: expiry: is at least 1m, not 59s"),
    ("callbacks", C + 'first = "both"\n', "bad-choice",
        'acd/callbacks.toml:2: first: is "agent" or "customer"'),
    ("callbacks", C + 'first = "customer"\ngreeting = "helo"\n', "no-such-prompt",
        "acd/callbacks.toml:3: greeting: there is no prompt `helo`…"),
    ("callbacks", C + "[night]\n", "unknown-key",
        "acd/callbacks.toml:2: night: unknown key; …"),
    ("queues", Q + 'strategy = "longest-idel"\n', "no-such-strategy",
        "acd/queues.toml:3: support.strategy: unknown strategy `longest-idel`; did you mean `longest-idle`?"),
    ("queues", Q + 'strategy = "ring-all"\n', "no-such-strategy",
        "acd/queues.toml:3: support.strategy: `ring-all` is no strategy: to ring all who are free at once write "
        '`ring_at_once = "all"`'),
    ("queues", Q + 'strategy = "ringall"\n', "no-such-strategy",
        "acd/queues.toml:3: support.strategy: `ringall` is no strategy: to ring all who are free at once write "
        '`ring_at_once = "all"`'),
    ("queues", Q + "wrap_up = 30\n", "no-duration",
        'acd/queues.toml:3: support.wrap_up: is a length of time with its unit, in quotes: "20s" or "3m"; '
        'or "until-done"'),
    ("queues", Q + 'wrap_up = "2h"\n', "out-of-range",
        "acd/queues.toml:3: support.wrap_up: is at most 1h, not 2h"),
    ("queues", Q + 'wrap_up = { time = "30s", extend = "0s", most = "1m" }\n', "out-of-range",
        "acd/queues.toml:3: support.wrap_up.extend: is at least 1s, not 0s"),
    ("queues", Q + 'wrap_up = { time = "30s", extnd = "30s" }\n', "unknown-key",
        "acd/queues.toml:3: support.wrap_up.extnd: unknown key; did you mean `extend`?"),
    ("queues", Q + 'wrap_up = { extend = "30s" }\n', "missing",
        "acd/queues.toml:3: support.wrap_up.time: is missing"),
    ("queues", Q + 'wrap_up = { time = "until-done", extend = "30s" }\n', "extends-nothing",
        "acd/queues.toml:3: support.wrap_up.extend: there is nothing to extend of work that ends when the agent is done"
        "; leave it out"),
    ("queues", Q + 'wrap_up = { time = "1m", extend = "30s", most = "30s" }\n', "out-of-range",
        "acd/queues.toml:3: support.wrap_up.most: is at least the `time`, 1m"),
    ("queues", Q + 'max_wait = "3min"\n', "no-duration",
        "acd/queues.toml:3: support.max_wait: '3min' is no length of time; write it like 20s, 3m, 1h30m or 500ms"),
    ("queues", Q + 'ring = "10m"\n', "out-of-range",
        "acd/queues.toml:3: support.ring: is at most 5m, not 10m"),
    ("queues", Q + "ring_at_once = 0\n", "out-of-range",
        'acd/queues.toml:3: support.ring_at_once: is how many phones, 1 to 30, or "all"'),
    ("queues", Q + 'ring_at_once = "every"\n', "out-of-range",
        'acd/queues.toml:3: support.ring_at_once: is how many phones, 1 to 30, or "all"'),
    ("queues", Q + "ring_at_once = true\n", "out-of-range",
        'acd/queues.toml:3: support.ring_at_once: is how many phones, 1 to 30, or "all"'),
    ("queues", Q + 'weight = "1500ms"\n', "out-of-range",
        "acd/queues.toml:3: support.weight: is in whole seconds"),
    ("queues", Q + "answer = { percent = 0 }\n", "out-of-range",
        "acd/queues.toml:3: support.answer.percent: is at least 1, not 0"),
    ("queues", Q + "answer = { precent = 80 }\n", "unknown-key",
        "acd/queues.toml:3: support.answer.precent: unknown key; did you mean `percent`?"),
    ("queues", Q + 'answer = "80/20"\n', "wrong-type",
        'acd/queues.toml:3: support.answer: is a table, { … }, not "80/20"'),
    ("queues", Q + "whisper = 3\n", "wrong-type",
        'acd/queues.toml:3: support.whisper: is the name of a prompt, or its texts: { en = "…" }'),
    ("queues", Q + 'whisper = "supprot"\n', "no-such-prompt",
        "acd/queues.toml:3: support.whisper: there is no prompt `supprot`…"),
    ("queues", Q + 'whisper = { de = "Hilfe" }\n', "no-such-language",
        "acd/queues.toml:3: support.whisper.de: unknown language `de`; there is `en` and `zh-CN`"),
    ("queues", Q + 'whisper_to = "everybody"\n', "bad-choice",
        'acd/queues.toml:3: support.whisper_to: is "auto-answered" or "all"'),
    ("queues", Q + 'waiting = { every = "5s", position = true }\n', "out-of-range",
        "acd/queues.toml:3: support.waiting.every: is at least 10s, not 5s"),
    ("queues", Q + 'waiting = { messages = ["nwes"] }\n', "no-such-prompt",
        "acd/queues.toml:3: support.waiting.messages: there is no prompt `nwes`…"),
    ("queues", Q + 'waiting = { keys = { 1 = "queue:salse" } }\n', "no-such-queue",
        "acd/queues.toml:3: support.waiting.keys.1: there is no queue `salse`…"),
    ("queues", Q + 'waiting = { keys = { 12 = "voicemail" } }\n', "bad-key",
        "acd/queues.toml:3: support.waiting.keys.12: a key is one of 0-9, *, # and A-D"),
    ("queues", Q + 'waiting = { keys = { 1 = "call me" } }\n', "bad-key-leads",
        'acd/queues.toml:3: support.waiting.keys.1: is "callback", "queue:NAME", or a name for the program: …'),
    ("queues", Q + "music = 3\n", "wrong-type",
        "acd/queues.toml:3: support.music: is a text in quotes, not 3"),
    ("queues", Q + "strict = -1\n", "out-of-range",
        "acd/queues.toml:3: support.strict: is at least 0, not -1"),
    ("queues", '[support]\nring = "0s"\n', "out-of-range",
        "acd/queues.toml:2: support.ring: is at least 1s, not 0s"),
    ("queues", '[support]\nmax_wait = "0s"\n', "out-of-range",
        "acd/queues.toml:2: support.max_wait: is at least 1s, not 0s"),
    ("queues", '[support]\nsteps = [\n  { for = "0s", skills = {} },\n  { skills = {} },\n]\n', "out-of-range",
        "acd/queues.toml:3: support.steps[0].for: is at least 1s, not 0s"),
    ("queues", '[support]\nsteps = [\n  { for = "-5s", skills = {} },\n  { skills = {} },\n]\n', "no-duration",
        "acd/queues.toml:3: support.steps[0].for: '-5s' is no length of time; write it like 20s, 3m, 1h30m or 500ms"),
    ("queues", '[support]\nsteps = [\n  { for = "5s" },\n  { skills = {} },\n]\n', "step-without-skills",
        "acd/queues.toml:3: support.steps[0]: says nothing of who may answer; `skills = {}` is anyone"),
    ("queues", "[support]\nsteps = [\n  { skills = {}, level = 11 },\n]\n", "out-of-range",
        "acd/queues.toml:3: support.steps[0].level: is at most 10, not 11"),
    ("queues", "[support]\nsteps = [\n  { any = [ {} ] },\n]\n", "empty",
        "acd/queues.toml:3: support.steps[0].any[0]: is empty"),
    ("queues", '[support]\nsteps = [\n  { agents = ["ana"] },\n]\n', "bad-agent-id",
        "acd/queues.toml:3: support.steps[0].agents[0]: an agent's id is 2 to 10 digits, in quotes"),
    ("queues", "[support]\nsteps = [\n  { last_agent = 30 },\n]\n", "wrong-type",
        'acd/queues.toml:3: support.steps[0].last_agent: is true, or how long ago at the most, in quotes: "30d"'),
    ("queues", '[support]\nsteps = [\n  { for = "5s", any = [{ a = 2 }, { b = 3 }] },\n  { any = [{ a = 2 }] },\n]\n',
        "step-tightens",
        "acd/queues.toml:4: support.steps[1].any: who met the step before it may have none of these; steps only relax"),
    ("queues", '[support]\nsteps = [\n  { for = "5s", level = 2 },\n  { level = 3 },\n]\n', "step-tightens",
        "acd/queues.toml:4: support.steps[1].level: asks for more than the step before it: level 3; steps only relax"),
    ("queues", '[support]\nsteps = [\n  { for = "5s", skills = {} },\n  { language = true },\n]\n', "step-tightens",
        "acd/queues.toml:4: support.steps[1].language: asks for the caller's language, and the step before it did not; "
        "steps only relax"),
    ("queues", '[support]\nsteps = [\n  { for = "5s", skills = {} },\n  { agents = ["1001"] },\n]\n', "step-tightens",
        "acd/queues.toml:4: support.steps[1].agents: asks for certain agents after a step that does not; "
        "steps only relax"),
    ("agents", '[1001]\nlanguages = ["zh"]\n', "no-such-language",
        "acd/agents.toml:2: 1001.languages[0]: unknown language `zh`; there is `en` and `zh-CN`"),
    ("agents", "[1001]\nqueues = { suport = 1 }\n", "no-such-queue",
        "acd/agents.toml:2: 1001.queues.suport: there is no queue `suport`; did you mean `support`?"),
    ("agents", "[1001]\nqueues = { support = 0 }\n", "out-of-range",
        "acd/agents.toml:2: 1001.queues.support.priority: is at least 1, not 0"),
    ("agents", "[1001]\nqueues = { support = { level = 11 } }\n", "out-of-range",
        "acd/agents.toml:2: 1001.queues.support.level: is at most 10, not 11"),
    ("agents", '[1001]\nwrap_up = { time = "10s", most = "5s" }\n', "out-of-range",
        "acd/agents.toml:2: 1001.wrap_up.most: is at least the `time`, 10s"),
    ("agents", "[1001]\ncapacity = { voice = 2 }\n", "out-of-range",
        "acd/agents.toml:2: 1001.capacity.voice: is at most 1, not 2"),
    ("agents", "[1001]\ncapacity = { voise = 1 }\n", "no-such-channel",
        "acd/agents.toml:2: 1001.capacity.voise: unknown class of channel `voise`; did you mean `voice`?"),
    ("site", 'default_queue = "suport"\n', "no-such-queue",
        "acd/site.toml:1: default_queue: there is no queue `suport`; did you mean `support`?"),
    ("site", 'first_contact = { before = "7d", after = "5s" }\n', "out-of-range",
        "acd/site.toml:1: first_contact.after: is at least 1h, not 5s"),
    ("site", 'breaks = ["tea", "break"]\nmeals = ["break"]\n', "break-or-meal",
        "acd/site.toml:2: meals: `break` is a break already: a pause is one or the other"),
    ("site", 'removed_queues = { orders = "sales" }\n', "no-such-queue",
        "acd/site.toml:1: removed_queues.orders: there is no queue `sales`; there is `support`"),
    ("queues", "[support]\nskills = { support = 11 }\n", "out-of-range",
        "acd/queues.toml:2: support.skills.support: is at most 10, not 11"),
    ("queues", "[support]\nskills = { support = true }\n", "wrong-type",
        "acd/queues.toml:2: support.skills.support: is a whole number, not true"),
    ("queues", "[support]\nskills = 5\n", "wrong-type",
        "acd/queues.toml:2: support.skills: is a table, { … }, not 5"),
    ("queues", "# none\n[support]\n", "skills-or-steps",
        "acd/queues.toml:2: support: needs `skills` or `steps`: who may answer? `skills = {}` is anyone"),
    ("queues", Q + "steps = [ { skills = {} } ]\n", "skills-or-steps",
        "acd/queues.toml:1: support: has `skills` and `steps`; keep one"),
    ("queues", "[support]\nsteps = []\n", "empty",
        "acd/queues.toml:2: support.steps: is empty"),
    ("queues", "[support]\nsteps = [\n  { skills = {} },\n  { skills = {} },\n]\n", "step-without-end",
        "acd/queues.toml:3: support.steps[0]: only the last step may do without `for`"),
    ("queues", '[support]\nsteps = [\n  { for = "5s", skills = {} },\n]\n', "step-ends",
        "acd/queues.toml:3: support.steps[0].for: the last step holds for good; leave its `for` out"),
    ("queues", '[support]\nsteps = [\n  { fro = "5s", skills = {} },\n]\n', "unknown-key",
        "acd/queues.toml:3: support.steps[0].fro: unknown key; did you mean `for`?"),
    ("queues", '[support]\nsteps = [\n  { for = "5s", skills = {} },\n  { skills = { a = 2 } },\n]\n', "step-tightens",
        "acd/queues.toml:4: support.steps[1].skills.a: asks for more than the step before it: a 2; steps only relax"),
    ("queues", Q + '["no spaces"]\nskills = {}\n', "bad-name",
        'acd/queues.toml:3: "no spaces": a name is letters, digits, - and _, at most 40'),
    ("queues", "wrap_up = 3\n" + Q, "wrong-type",
        "acd/queues.toml:1: wrap_up: is a table: [wrap_up] on a line of its own"),
    ("queues", Q + "[support]\n", "not-toml",
        "acd/queues.toml:3: support: not valid TOML: …"),
    ("queues", Q + 'ring = "5s"\nring = "6s"\n', "not-toml",
        "acd/queues.toml:4: ring: not valid TOML: …"),
    ("queues", Q + "ring = 5s\n", "not-toml",
        "acd/queues.toml:3: ring: not valid TOML: …"),
    ("queues", Q + "x = " + "[" * 5000, "not-toml",
        "acd/queues.toml: brackets within brackets, too deep to read"),
    ("agents", "[1001]\nname = 5\n", "wrong-type",
        "acd/agents.toml:2: 1001.name: is a text in quotes, not 5"),
    ("agents", "[ana]\n", "bad-agent-id",
        "acd/agents.toml:1: ana: an agent's id is 2 to 10 digits, as a phone sends it; many at once: `from`, `count`"),
    ("agents", "[1001]\n[demo]\nfrom = 1000\ncount = 5\n", "agent-twice",
        "acd/agents.toml:2: demo: agent 1001 stands in this file twice"),
    ("agents", "[demo]\nfrom = 1001\n", "missing",
        "acd/agents.toml:1: demo.count: is missing"),
    ("agents", '[demo]\nfrom = "1001"\ncount = 3\n', "wrong-type",
        'acd/agents.toml:2: demo.from: is a whole number, not "1001"'),
    ("site", 'timezone = "Europe/Berlni"\n', "no-such-timezone",
        "acd/site.toml:1: timezone: unknown time zone `Europe/Berlni`; did you mean `Europe/Berlin`?"),
    ("site", 'timezone = "../etc/passwd"\n', "no-such-timezone",
        'acd/site.toml:1: timezone: unknown time zone `../etc/passwd`; write it like "Europe/Berlin"'),
    ("site", "[missed.bussy]\nlimit = 1\n", "unknown-key",
        "acd/site.toml:1: missed.bussy: unknown key; did you mean `busy`?"),
    ("site", "[missed.busy]\nafter = \"5s\"\n", "unknown-key",
        "acd/site.toml:2: missed.busy.after: unknown key; there is `limit` and `rest`"),
    ("site", "[missed.no-answer]\nlimit = 0\n", "out-of-range",
        "acd/site.toml:2: missed.no-answer.limit: is at least 1, not 0"),
    ("site", "\nmisses_until_puase = 3\n", "unknown-key",
        "acd/site.toml:2: misses_until_puase: unknown key; did you mean `misses_until_pause`?"),
    ("numbers", '[4001]\nprogram = "front"\n', "missing",
        "ivr/numbers.toml:1: default: is missing"),
    ("numbers", 'default = "sory"\n', "no-such-program",
        "ivr/numbers.toml:1: default: there is no program `sory`; did you mean `sorry`?"),
    ("numbers", N + '[4001]\nqueue = "support"\n', "missing",
        "ivr/numbers.toml:2: 4001.program: is missing"),
    ("numbers", N + '[4001]\nprogram = "frnot"\n', "no-such-program",
        "ivr/numbers.toml:3: 4001.program: there is no program `frnot`; did you mean `front`?"),
    ("numbers", N + '[4001]\nprogram = "front"\nqueue = "suport"\n', "no-such-queue",
        "ivr/numbers.toml:4: 4001.queue: there is no queue `suport`; did you mean `support`?"),
    ("numbers", N + '[4001]\nprogram = "front"\nfallback = "suport"\n', "no-such-queue",
        "ivr/numbers.toml:4: 4001.fallback: there is no queue `suport`; did you mean `support`?"),
    ("numbers", N + '[4OO1]\nprogram = "front"\n', "bad-number",
        "ivr/numbers.toml:2: 4OO1: a number is 2 to 20 digits, perhaps after a +; a feature code 2 to 4 after a *; for "
        "many at once at least two digits, then X for any digit, and at the end * for whatever follows"),
    ("numbers", N + '[4001]\nprogram = "front"\nlanguage = "zh"\n', "no-such-language",
        "ivr/numbers.toml:4: 4001.language: unknown language `zh`; there is `en` and `zh-CN`"),
    ("numbers", N + '[4001]\nprogram = "front"\nlanguage = "zh-CN"\n', "text-missing",
        "ivr/prompts.toml:1: welcome: has no text in zh-CN, the language of 4001"),
    ("prompts", '[welcome]\nen = "Welcome."\nzh-cn = "您好"\n', "no-such-language",
        "ivr/prompts.toml:3: welcome.zh-cn: unknown language `zh-cn`; did you mean `zh-CN`?"),
    ("prompts", '[welcome]\nen = " ... "\n', "bad-text",
        "ivr/prompts.toml:2: welcome.en: has nothing that can be spoken"),
    ("prompts", '[welcome]\nen = "Bell\\u0007"\n', "bad-text",
        "ivr/prompts.toml:2: welcome.en: has nothing that can be spoken"),
    ("prompts", f'[welcome]\nen = "{"a" * 2001}"\n', "too-long",
        "ivr/prompts.toml:2: welcome.en: has at most 2000 characters"),
    ("main", M.replace("welcome", "welcom") + KEYS, "no-such-prompt",
        "ivr/main.toml:1: prompt: there is no prompt `welcom`; did you mean `welcome`?"),
    ("main", M.replace('"welcome"', "3") + KEYS, "wrong-type",
        'ivr/main.toml:1: prompt: is the name of a prompt, or its texts: { en = "…" }'),
    ("main", M.replace('"welcome"', '{ zh-CN = "您好" }') + KEYS, "text-missing",
        "ivr/main.toml:1: prompt: has no text in en, the language of 4001"),
    ("main", M.replace('"welcome"', '{ en = "" }') + KEYS, "bad-text",
        "ivr/main.toml:1: prompt.en: has nothing that can be spoken"),
    ("main", M + "tries = 0\n" + KEYS, "out-of-range",
        "ivr/main.toml:3: tries: is at least 1, not 0"),
    ("main", M + "[keys]\n", "empty",
        "ivr/main.toml:3: keys: is empty"),
    ("main", 'prompt = "welcome"\n' + KEYS, "missing",
        "ivr/main.toml:1: no_input: is missing"),
    ("main", M.replace('"1"', '"9"') + KEYS, "no-such-key",
        "ivr/main.toml:2: no_input: key 9 is not on this menu; it has `1`"),
    ("main", M + KEYS + '12 = { queue = "support" }\n', "bad-key",
        "ivr/main.toml:5: keys.12: a key is one of 0-9, *, # and A-D"),
    ("main", M + KEYS + '2 = { queue = "sales" }\n', "no-such-queue",
        "ivr/main.toml:5: keys.2.queue: there is no queue `sales`; there is `support`"),
    ("main", M + KEYS + '2 = { program = "frontt" }\n', "no-such-program",
        "ivr/main.toml:5: keys.2.program: there is no program `frontt`; did you mean `front`?"),
    ("main", M + KEYS + '2 = { queue = "support", program = "front" }\n', "two-ways",
        "ivr/main.toml:5: keys.2: leads to one place, not to `queue` and `program`"),
    ("main", M + KEYS + '2 = { menu = "mian" }\n', "no-such-menu",
        "ivr/main.toml:5: keys.2.menu: there is no menu `mian`; did you mean `main`?"),
    ("main", M + KEYS + '2 = { action = "bakc" }\n', "no-such-action",
        "ivr/main.toml:5: keys.2.action: unknown action `bakc`; did you mean `back`?"),
    ("main", M + KEYS + '2 = { menu = "main", action = "back" }\n', "two-ways",
        "ivr/main.toml:5: keys.2: leads to one place, not to `menu` and `action`"),
    ("main", M + KEYS + '2 = { action = "operator" }\n', "no-operator",
        "ivr/main.toml:5: keys.2.action: nobody says who that is: give `operator`, a queue, in this file or in …"),
    ("main", M + 'operator = "nobody"\n' + KEYS, "no-such-queue",
        "ivr/main.toml:3: operator: there is no queue `nobody`; there is `support`"),
    ("main", M + 'give_up = "7"\n' + KEYS, "no-such-key",
        "ivr/main.toml:3: give_up: key 7 is not on this menu; it has `1`"),
    ("main", M + '[keys]\n1 = { action = "repeat" }\n', "endless",
        "ivr/main.toml:2: no_input: a caller who does nothing would go round for ever: main → main"),
    ("main", M + '[keys]\n1 = { language = "en" }\n', "endless",
        "ivr/main.toml:2: no_input: a caller who does nothing would go round for ever: main → main"),
    ("main", M + 'give_up = "2"\n' + KEYS + '2 = { menu = "main" }\n', "endless",
        "ivr/main.toml:3: give_up: a caller who does nothing would go round for ever: main → main"),
    ("main", M + '[keys]\n1 = { queue = "support", name = "a" }\n2 = { name = "a" }\n', "name-twice",
        "ivr/main.toml:5: keys.2.name: key 1 is called so too; a screen could not tell them apart"),
    ("main", M + KEYS + '2 = { language = "zh-CN" }\n', "text-missing",
        "ivr/prompts.toml:1: welcome: has no text in zh-CN, the language of key 2 of main"),
    ("front", "async def main(call):\n    await call.menu('main')\n    await call.gather('welcom')\n", "no-such-prompt",
        "ari_apps/front.py:3: call.gather: there is no prompt `welcom`; did you mean `welcome`?"),
    ("front", "async def main(c):\n    await c.menu('main')\n    await c.set_language('fr')\n", "no-such-language",
        "ari_apps/front.py:3: c.set_language: there is no language `fr`; …"),
    ("front", "async def main(call):\n    pass pass\n", "not-python",
        "ari_apps/front.py:2: not valid Python: …"),
    ("front", "return\n", "not-python",
        "ari_apps/front.py:1: not valid Python: 'return' outside …"),
    ("front", "x = '\0'\n", "not-python",
        "ari_apps/front.py: not valid Python: …"),
    ("front", "async def mian(call):\n    pass\n", "no-main",
        "ari_apps/front.py: a program needs `async def main(call: Call) -> None:`"),
    ("front", "\ndef main(call):\n    pass\n", "main-not-async",
        "ari_apps/front.py:2: main: is not async; write `async def main(call: Call) -> None:`"),
    ("front", "async def main():\n    pass\n", "main-arguments",
        "ari_apps/front.py:1: main: takes exactly one argument, the call: `async def main(call: Call) -> None:`"),
    ("front", "async def main(call, other):\n    pass\n", "main-arguments",
        "ari_apps/front.py:1: main: takes exactly one argument, the call: `async def main(call: Call) -> None:`"),
    ("front", "async def main(call):\n    await call.menu('mian')\n", "no-such-menu",
        "ari_apps/front.py:2: call.menu: there is no menu `mian`; did you mean `main`?"),
    ("front", "async def main(c):\n    await c.queue('suport')\n", "no-such-queue",
        "ari_apps/front.py:2: c.queue: there is no queue `suport`; did you mean `support`?"),
    ("front", "async def main(call):\n    await call.queue(name='suport')\n", "no-such-queue",
        "ari_apps/front.py:2: call.queue: there is no queue `suport`; did you mean `support`?"),
    ("front", "async def main(call):\n    await call.callback('suport', '5551234')\n", "no-such-queue",
        "ari_apps/front.py:2: call.callback: there is no queue `suport`; did you mean `support`?"),
    ("front", "async def main(call):\n    await call.arrange_callback('suport')\n", "no-such-queue",
        "ari_apps/front.py:2: call.arrange_callback: there is no queue `suport`; did you mean `support`?"),
    ("front", "async def main(call):\n    async with call.while_waiting(keys={'1': 'queue:suport', '2': 'callback'}):\n"
        "        await call.menu('main')\n", "no-such-queue",
        "ari_apps/front.py:2: call.while_waiting: there is no queue `suport`; did you mean `support`?"),
    ("front", "async def main(call):\n    await call.anwser()\n", "no-such-verb",
        "ari_apps/front.py:2: call.anwser: a call has nothing of this name; did you mean `answer`?"),
    ("front", "async def main(call):\n    await call.set_data('from', call.callerid)\n", "no-such-verb",
        "ari_apps/front.py:2: call.callerid: a call has nothing of this name; did you mean `caller`?"),
    ("front", "async def main(call):\n    await call.play('welcom')\n", "no-such-prompt",
        "ari_apps/front.py:2: call.play: there is no prompt `welcom`; did you mean `welcome`?"),
]
# fmt: on


@pytest.mark.parametrize(("name", "text", "code", "told"), FAULTS, ids=[each[3][:60] for each in FAULTS])
def test_a_fault_is_told_with_file_line_and_key(name: str, text: str, code: str, told: str):
    fault = the_fault(**{name: text})
    assert fault.code == code
    assert str(fault) == told or (told.endswith("…") and str(fault).startswith(told[:-1]))


def test_all_faults_of_all_files_are_told_at_once_in_the_order_of_the_files():
    files = a_site(
        queues="[support]\nskils = {}\nring = 5\n", front="def main(call):\n    pass\n", numbers='defualt = "sorry"'
    )
    assert [(fault.path, fault.line, fault.code) for fault in faults(files)] == [
        ("acd/queues.toml", 2, "unknown-key"),
        ("acd/queues.toml", 3, "no-duration"),
        ("ari_apps/front.py", 1, "main-not-async"),
        ("ivr/numbers.toml", 1, "missing"),
        ("ivr/numbers.toml", 1, "unknown-key"),
    ]


def test_all_faults_print_as_one_line_each():
    with pytest.raises(SiteFaults) as told:
        parse(a_site(queues="[support]\nskils = {}\nring = 5\n"))
    assert str(told.value).splitlines() == [str(fault) for fault in told.value.faults]
    assert isinstance(told.value, SiteError)
    assert (told.value.path, told.value.line, told.value.key) == ("acd/queues.toml", 2, "support.skils")


def test_a_file_that_is_not_toml_is_told_once_and_not_by_everything_that_names_what_is_in_it():
    assert the_fault(queues="[support\n").code == "not-toml"
    assert the_fault(prompts="[welcome\n").code == "not-toml"
    assert the_fault(agents="[demo\n").code == "not-toml"
    assert the_fault(numbers="[4001\n").code == "not-toml"


def test_a_queue_with_a_fault_is_still_a_queue_to_those_who_name_it():
    fault = the_fault(
        queues="[support]\nskills = { support = 99 }\n", numbers=N + '[4001]\nprogram = "front"\nqueue = "support"\n'
    )
    assert fault.key == "support.skills.support"


def test_a_site_without_numbers_has_no_program_to_fall_back_on():
    files = a_site()
    del files["ivr/numbers.toml"]
    [fault] = faults(files)
    assert (fault.code, fault.path) == ("no-numbers", "ivr/numbers.toml")


def test_a_file_that_nothing_reads_has_a_wrong_name():
    [fault] = faults(a_site() | {"acd/queue.toml": ""})
    assert str(fault) == "acd/queue.toml: nothing reads a file of this name; did you mean `queues.toml`?"


def test_a_program_is_called_by_its_files_name_so_that_must_be_one():
    [fault] = faults(a_site() | {"ari_apps/front-door.py": "async def main(call):\n    pass\n"})
    assert (fault.code, fault.path) == ("bad-name", "ari_apps/front-door.py")


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(DEMO)), st.data())
def test_whatever_a_slip_of_the_hand_leaves_is_a_site_or_faults_that_point_into_it(path: str, data: st.DataObject):
    text = DEMO[path]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 20, len(text))))
    files = DEMO | {path: text[:start] + data.draw(st.text("[]{}=\"'#\n.,1a\\ \0é", max_size=3)) + text[end:]}
    try:
        assert parse(files).hash == digest(files)
    except SiteFaults as told:
        for fault in told.faults:
            assert 0 <= fault.line <= len(files[fault.path].splitlines()) + 1
            assert fault.sentence


# ------------------------------------------------------------------------------------------------------------ warnings


def warnings(tmp_path, **changed: str) -> list[str]:
    for path, text in a_site(**changed).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    report = check(tmp_path)
    assert report.ok, report.lines()
    assert all(": warning: " in line for line in report.lines())
    return [str(warning) for warning in report.warnings]


def test_a_skill_that_nobody_has_is_a_warning(tmp_path):
    assert warnings(tmp_path, queues="[support]\nskills = { suport = 1 }\n") == [
        "acd/queues.toml:2: support.skills.suport: no agent has the skill `suport`; did you mean `support`?"
    ]


def test_a_seat_that_is_not_shared_and_nobodys_is_a_warning(tmp_path):
    assert warnings(tmp_path, seats="[1001]\nauto_answer = true\n[2001]\nauto_answer = true\n") == [
        "acd/seats.toml:3: 2001: is not `shared`, and no agent has this id: nobody sits here"
    ]


def test_a_queue_whose_last_step_nobody_meets_is_a_warning(tmp_path):
    assert warnings(tmp_path, queues="[support]\nskills = { support = 9 }\n") == [
        "acd/queues.toml:1: support: no agent meets its last step; nobody could answer"
    ]


def test_a_step_before_the_last_that_nobody_meets_is_a_warning(tmp_path):
    queues = '[support]\nsteps = [\n  { for = "30s", skills = { support = 9 } },\n  { skills = {} },\n]\n'
    assert warnings(tmp_path, queues=queues) == [
        "acd/queues.toml:3: support.steps[0]: no agent meets this step: whoever comes waits its time for nothing"
    ]


def test_an_agent_in_a_step_that_there_is_none_of_is_a_warning(tmp_path):
    queues = '[support]\nsteps = [\n  { for = "30s", agents = ["1001", "1099"] },\n  { skills = {} },\n]\n'
    assert warnings(tmp_path, queues=queues) == [
        "acd/queues.toml:3: support.steps[0].agents[1]: there is no agent 1099"
    ]


def test_a_skill_among_others_that_nobody_has_is_a_warning(tmp_path):
    queues = "[support]\nsteps = [\n  { any = [{ support = 1 }, { suport = 1 }] },\n]\n"
    assert warnings(tmp_path, queues=queues) == [
        "acd/queues.toml:3: support.steps[0].any[1].suport: no agent has the skill `suport`; did you mean `support`?"
    ]


def test_a_language_that_callers_are_spoken_to_in_and_nobody_speaks_is_a_warning(tmp_path):
    agents = '[demo]\nfrom = 1001\ncount = 3\nlanguages = ["zh-CN"]\n'
    [warning] = warnings(tmp_path, agents=agents, queues="[support]\nsteps = [ { language = true } ]\n")
    assert warning.startswith("acd/queues.toml:2: support.steps[0].language: nobody who meets it speaks `en`, ")


def test_a_queue_that_only_the_last_agent_may_answer_is_a_warning(tmp_path):
    [warning] = warnings(tmp_path, queues="[support]\nsteps = [ { last_agent = true } ]\n")
    assert "who calls for the first time, or whose agent is not there, could be answered by nobody" in warning


def test_a_queue_whose_agents_all_belong_to_others_is_a_warning(tmp_path):
    agents = "[demo]\nfrom = 1001\ncount = 3\nqueues = { sales = 1 }\n"
    assert warnings(tmp_path, agents=agents, queues="[support]\nskills = {}\n[sales]\nskills = {}\n") == [
        "acd/queues.toml:1: support: no agent meets its last step; nobody could answer"
    ]


def test_a_queue_that_always_comes_first_is_a_warning(tmp_path):
    queues = "[support]\nskills = {}\nstrict = 1\n[sales]\nskills = {}\n"
    assert warnings(tmp_path, queues=queues) == [
        "acd/queues.toml:3: support.strict: its contacts come before all of `sales`, however long those wait: "
        "they may starve"
    ]


def test_a_queue_that_rings_all_where_more_could_answer_than_can_be_rung_is_a_warning(tmp_path):
    agents, queues = "[demo]\nfrom = 1001\ncount = {}\n", '[support]\nskills = {}\nring_at_once = "all"\n'
    assert warnings(tmp_path, queues=queues, agents=agents.format(30)) == []
    assert warnings(tmp_path, queues=queues, agents=agents.format(31)) == [
        "acd/queues.toml:3: support.ring_at_once: 31 agents could answer: 30 of them ring at once, "
        "the others as those do not answer"
    ]


def test_a_queue_that_is_said_to_be_removed_and_is_there_is_a_warning(tmp_path):
    queues, site = "[support]\nskills = {}\n[sales]\nskills = {}\n", '[removed_queues]\nsales = "support"\n'
    assert warnings(tmp_path, queues=queues, site=site) == [
        "acd/site.toml:2: removed_queues.sales: is still a queue: nobody is sent on"
    ]


def test_a_step_that_comes_after_the_longest_wait_is_a_warning(tmp_path):
    queues = '[support]\nmax_wait = "30s"\nsteps = [ { for = "30s", skills = { support = 5 } }, { skills = {} } ]\n'
    assert warnings(tmp_path, queues=queues) == [
        "acd/queues.toml:2: support.max_wait: ends before the last step begins"
    ]


def test_a_number_that_is_an_agents_id_is_a_warning(tmp_path):
    [warning] = warnings(tmp_path, numbers=N + '[1001]\nprogram = "front"\n')
    assert warning.startswith("ivr/numbers.toml:2: 1001: is also the id of an agent")


def test_a_menu_that_nothing_leads_to_is_a_warning(tmp_path):
    assert warnings(tmp_path, front="async def main(call):\n    await call.answer()\n") == [
        "ivr/main.toml:1: no program asks for this menu, and no key of another leads to it"
    ]


def test_a_menu_whose_name_a_program_makes_up_is_not_judged(tmp_path):
    front = 'async def main(call):\n    await call.menu("ma" + "in")\n'
    assert warnings(tmp_path, front=front) == []


def test_a_program_that_imports_a_clock_is_a_warning(tmp_path):
    [warning] = warnings(tmp_path, front='import time\nasync def main(call):\n    await call.menu("main")\n')
    assert warning.startswith("ari_apps/front.py:1: import time: a program has no clock")


DIALLED = 'program = "front"\ntrunk = "out"\n[roles.agent]\n'


def test_callbacks_that_no_trunk_can_make_are_a_warning(tmp_path):
    assert warnings(tmp_path, callbacks=C) == [
        "acd/callbacks.toml:1: allow: nobody can be called back: acd/dialling.toml names no `trunk`"
    ]
    assert warnings(tmp_path, callbacks=C, dialling=DIALLED) == []


def test_a_promise_that_ends_before_its_last_try_is_a_warning(tmp_path):
    """Three tries an hour apart take two hours."""
    rules = C + 'tries = 3\nretry = "1h"\nexpiry = "2h"\n'
    assert warnings(tmp_path, dialling=DIALLED, callbacks=rules) == [
        "acd/callbacks.toml:4: expiry: ends before the last of 3 `tries`, `retry` apart: that is after 2h"
    ]
    assert warnings(tmp_path, dialling=DIALLED, callbacks=rules.replace('"2h"', '"2h1m"')) == []


def test_customers_who_are_called_first_and_hear_no_greeting_or_a_greeting_that_nobody_hears_are_warnings(tmp_path):
    first = C + 'first = "customer"\n'
    assert [line.split(":")[2] for line in warnings(tmp_path, dialling=DIALLED, callbacks=first)] == [" first"]
    never = C + 'greeting = "welcome"\n'
    assert [line.split(":")[2] for line in warnings(tmp_path, dialling=DIALLED, callbacks=never)] == [" greeting"]


def test_a_prefix_that_is_allowed_within_a_denied_one_is_a_warning(tmp_path):
    assert warnings(tmp_path, dialling=DIALLED, callbacks='allow = ["5", "0690"]\ndeny = ["06"]\n') == [
        "acd/callbacks.toml:1: allow[1]: 0690 begins with 06, which is denied, and denied stays denied"
    ]


TRANSFERS = 'program = "front"\ntrunk = "out"\n[transfers]\nallow = ["555", "0900"]\ndeny = ["09"]\n'
PUTS = 'async def main(call):\n    await call.menu("main")\n    await call.transfer(number="{}", timeout_s=20)\n'


def test_a_number_that_a_program_puts_callers_through_to_and_that_no_prefix_allows_is_a_fault():
    blamed = the_fault(front=PUTS.format("0900 1"), dialling=TRANSFERS)
    assert (blamed.code, blamed.line, blamed.key) == ("never-transferred", 3, "call.transfer")
    assert "denied-prefix" in str(blamed)
    assert parsed(front=PUTS.format("555 1234"), dialling=TRANSFERS)


def test_transfers_that_are_denied_or_that_no_trunk_makes_are_a_warning(tmp_path):
    without_trunk = TRANSFERS.replace('trunk = "out"\n', "") + "[roles.agent]\n"
    assert warnings(tmp_path, dialling=without_trunk) == [
        "acd/dialling.toml:3: transfers.allow: nobody is put through outside: there is no `trunk`",
        "acd/dialling.toml:3: transfers.allow[1]: 0900 begins with 09, which is denied, and denied stays denied",
    ]


def test_an_agent_whom_no_file_knows_is_a_warning_for_people_may_be_in_postgres_alone(tmp_path):
    front = 'async def main(call):\n    await call.menu("main")\n    await call.transfer(agent="{}", queue="{}")\n'
    [told] = warnings(tmp_path, front=front.format("9999", "support"))
    assert told.startswith("ari_apps/front.py:3: call.transfer: there is no agent `9999`")
    assert warnings(tmp_path, front=front.format("1001", "support")) == []
    assert the_fault(front=front.format("1001", "suport")).code == "no-such-queue"
