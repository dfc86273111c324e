-- Data for others to work with: views whose columns are promised (docs/open-data.md), beside tables that are ours to change.
-- Callers' numbers and names are not in them. A column is never renamed or given another meaning; new ones come at the end.

CREATE SCHEMA IF NOT EXISTS open_data;

-- What makes a pseudonym of a number: by chance, for this database alone. Whoever may read the views can't read this.
CREATE TABLE pseudonym_key (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    key text NOT NULL
);
INSERT INTO pseudonym_key (key) VALUES (gen_random_uuid()::text || gen_random_uuid()::text);

CREATE VIEW open_data.contacts AS
SELECT
    c.id AS contact,
    c.direction,
    c.number_dialled,
    CASE WHEN c.caller ~ '^[+]?[0-9]{3,}$' THEN left(encode(sha256(convert_to((SELECT key FROM pseudonym_key) || c.caller, 'UTF8')), 'hex'), 16) END AS customer,
    CASE WHEN c.caller ~ '^[+]?[0-9]{7,}$' THEN left(c.caller, -4) END AS caller_area,
    c.attribution,
    c.language,
    c.program,
    c.queue,
    c.agent,
    c.arrived_at,
    c.answered_at,
    c.ended_at,
    c.ended_by,
    c.cause,
    c.self_served,
    c.fallback,
    c.ended_at IS NULL OR EXISTS (SELECT FROM gap WHERE node = c.node AND tstzrange(began_at, ended_at, '[]') @> c.arrived_at AND began_at < c.arrived_at) OR EXISTS (SELECT FROM gap WHERE node = c.node AND tstzrange(began_at, ended_at, '[]') @> c.ended_at AND began_at < c.ended_at) AS provisional
FROM contact AS c;

COMMENT ON VIEW open_data.contacts IS 'One row a contact: a customer''s business with us, from arrival to end. By arrival.';
COMMENT ON COLUMN open_data.contacts.contact IS 'its id';
COMMENT ON COLUMN open_data.contacts.direction IS 'inbound, outbound (a callback, an agent''s call outside) or internal';
COMMENT ON COLUMN open_data.contacts.number_dialled IS 'which of our numbers';
COMMENT ON COLUMN open_data.contacts.customer IS 'a pseudonym of the caller''s number: the same number is the same one, and nobody can tell which; null if withheld';
COMMENT ON COLUMN open_data.contacts.caller_area IS 'their number without its last four digits; null if withheld or too short';
COMMENT ON COLUMN open_data.contacts.attribution IS 'the advertisement that the number stands for';
COMMENT ON COLUMN open_data.contacts.language IS 'in which they were spoken to';
COMMENT ON COLUMN open_data.contacts.program IS 'the last that ran';
COMMENT ON COLUMN open_data.contacts.queue IS 'the last that they entered; null if none';
COMMENT ON COLUMN open_data.contacts.agent IS 'the last whom they talked with; null if none';
COMMENT ON COLUMN open_data.contacts.arrived_at IS 'when they came';
COMMENT ON COLUMN open_data.contacts.answered_at IS 'when their call was taken, by a program or an agent';
COMMENT ON COLUMN open_data.contacts.ended_at IS 'when it was over; null while it is not';
COMMENT ON COLUMN open_data.contacts.ended_by IS 'caller, agent, program, fallback …';
COMMENT ON COLUMN open_data.contacts.cause IS 'Q.850 cause';
COMMENT ON COLUMN open_data.contacts.self_served IS 'a program served it, and it never came into a queue';
COMMENT ON COLUMN open_data.contacts.fallback IS 'the switch''s own queues served it, at least in part';
COMMENT ON COLUMN open_data.contacts.provisional IS 'it may still change: it is not over, or nobody watched when it began or ended';

CREATE VIEW open_data.stays AS
SELECT
    s.contact,
    s.segment,
    s.queue,
    array_to_string(s.skills, ',') AS skills,
    c.number_dialled,
    s.started_at AS entered_at,
    s.ended_at,
    s.outcome,
    s.waited_ms,
    coalesce(s.contact_waited_ms, s.waited_ms) AS contact_waited_ms,
    coalesce(s.within_ms, 20000) AS within_ms,
    s.waited_ms <= coalesce(s.within_ms, 20000) AS in_time,
    s.estimate_ms,
    t.agent,
    t.team,
    t.talk_ms,
    t.wrap_up_ms,
    s.provisional OR coalesce(t.provisional, false) OR s.segment <= 100 AND (EXISTS (SELECT FROM gap WHERE node = c.node AND tstzrange(began_at, ended_at, '[]') @> s.started_at AND began_at < s.started_at) OR EXISTS (SELECT FROM gap WHERE node = c.node AND tstzrange(began_at, ended_at, '[]') @> s.ended_at AND began_at < s.ended_at) OR EXISTS (SELECT FROM gap WHERE node = c.node AND tstzrange(began_at, ended_at, '[]') @> t.ended_at AND began_at < t.ended_at)) AS provisional
FROM segment AS s
    LEFT JOIN contact AS c ON c.id = s.contact
    LEFT JOIN segment AS t ON t.contact = s.contact AND t.segment = s.segment + 1 AND t.kind = 'agent'
WHERE s.kind = 'queue' AND s.started_at IS NOT NULL;

COMMENT ON VIEW open_data.stays IS 'One row a stay of a contact in a queue. By entry. The rows behind every figure of a queue.';
COMMENT ON COLUMN open_data.stays.contact IS 'whose';
COMMENT ON COLUMN open_data.stays.segment IS 'which of the contact''s segments, from 1';
COMMENT ON COLUMN open_data.stays.queue IS 'where';
COMMENT ON COLUMN open_data.stays.skills IS 'what the queue''s first step asked for then, with commas between; empty if nothing';
COMMENT ON COLUMN open_data.stays.number_dialled IS 'which of our numbers the contact dialled';
COMMENT ON COLUMN open_data.stays.entered_at IS 'when they entered this queue';
COMMENT ON COLUMN open_data.stays.ended_at IS 'when the stay ended; null while they wait';
COMMENT ON COLUMN open_data.stays.outcome IS 'answered, abandoned, no-agents, timed-out, overflowed, closed, moved, left-by-key, callback or lost; null while they wait';
COMMENT ON COLUMN open_data.stays.waited_ms IS 'in this queue';
COMMENT ON COLUMN open_data.stays.contact_waited_ms IS 'by the contact''s clock, over all queues so far';
COMMENT ON COLUMN open_data.stays.within_ms IS 'the queue''s threshold when the stay ended';
COMMENT ON COLUMN open_data.stays.in_time IS 'waited no longer than the threshold; null while they wait';
COMMENT ON COLUMN open_data.stays.estimate_ms IS 'how long we thought at entry that they would wait; null if nobody could tell';
COMMENT ON COLUMN open_data.stays.agent IS 'who talked with them then; null if nobody';
COMMENT ON COLUMN open_data.stays.team IS 'the agent''s then; empty is none';
COMMENT ON COLUMN open_data.stays.talk_ms IS 'of that talk, hold included; null while it is not over';
COMMENT ON COLUMN open_data.stays.wrap_up_ms IS 'of the work after it; null while it is not over';
COMMENT ON COLUMN open_data.stays.provisional IS 'it may still change: something of it is not over, or nobody watched when it began or ended';

CREATE VIEW open_data.talks AS
SELECT
    s.contact,
    s.segment,
    s.queue,
    s.agent,
    coalesce(s.team, '') AS team,
    s.started_at,
    s.ended_at,
    s.ended_by,
    s.talk_ms,
    s.wrap_up_ms,
    s.provisional OR s.segment <= 100 AND (EXISTS (SELECT FROM gap WHERE node = c.node AND tstzrange(began_at, ended_at, '[]') @> s.started_at AND began_at < s.started_at) OR EXISTS (SELECT FROM gap WHERE node = c.node AND tstzrange(began_at, ended_at, '[]') @> s.ended_at AND began_at < s.ended_at)) AS provisional
FROM segment AS s
    LEFT JOIN contact AS c ON c.id = s.contact
WHERE s.kind = 'agent' AND s.started_at IS NOT NULL;

COMMENT ON VIEW open_data.talks IS 'One row a talk of a contact with an agent, callbacks'' and the fallback''s too. By its beginning.';
COMMENT ON COLUMN open_data.talks.contact IS 'whose';
COMMENT ON COLUMN open_data.talks.segment IS 'which of the contact''s segments';
COMMENT ON COLUMN open_data.talks.queue IS 'out of which';
COMMENT ON COLUMN open_data.talks.agent IS 'with whom';
COMMENT ON COLUMN open_data.talks.team IS 'the agent''s then; empty is none';
COMMENT ON COLUMN open_data.talks.started_at IS 'when both were joined';
COMMENT ON COLUMN open_data.talks.ended_at IS 'null while they talk';
COMMENT ON COLUMN open_data.talks.ended_by IS 'caller, agent, phone-lost …';
COMMENT ON COLUMN open_data.talks.talk_ms IS 'hold included';
COMMENT ON COLUMN open_data.talks.wrap_up_ms IS 'of the work after it; null while it is not over';
COMMENT ON COLUMN open_data.talks.provisional IS 'as above';

CREATE VIEW open_data.offers AS
SELECT
    o.id AS offer,
    o.contact,
    o.segment,
    o.queue,
    o.agent,
    coalesce(o.team, '') AS team,
    o.attempt,
    o.state,
    o.cause,
    o.sip,
    o.made_at,
    o.ringing_at,
    o.answered_at,
    o.ended_at,
    o.ring_ms,
    o.auto_answer,
    (NOT o.auto_answer AND o.counted) IS TRUE AS counted,
    (NOT o.auto_answer AND o.counted AND o.in_time) IS TRUE AS in_three_rings
FROM offer AS o
WHERE o.made_at IS NOT NULL;

COMMENT ON VIEW open_data.offers IS 'One row an attempt to give a contact to an agent. By when it was made.';
COMMENT ON COLUMN open_data.offers.offer IS 'its id';
COMMENT ON COLUMN open_data.offers.contact IS 'who was offered';
COMMENT ON COLUMN open_data.offers.segment IS 'the stay in which';
COMMENT ON COLUMN open_data.offers.queue IS 'in which queue';
COMMENT ON COLUMN open_data.offers.agent IS 'to whom';
COMMENT ON COLUMN open_data.offers.team IS 'the agent''s then; empty is none';
COMMENT ON COLUMN open_data.offers.attempt IS 'the how-manieth of this stay';
COMMENT ON COLUMN open_data.offers.state IS 'made, ringing, answered, connected, missed or withdrawn';
COMMENT ON COLUMN open_data.offers.cause IS 'why it was missed, withdrawn or not connected';
COMMENT ON COLUMN open_data.offers.sip IS 'the phone''s code, 0 if none';
COMMENT ON COLUMN open_data.offers.made_at IS 'when it was decided';
COMMENT ON COLUMN open_data.offers.ringing_at IS 'the phone''s 180';
COMMENT ON COLUMN open_data.offers.answered_at IS 'when the phone was up';
COMMENT ON COLUMN open_data.offers.ended_at IS 'connected, missed or withdrawn';
COMMENT ON COLUMN open_data.offers.ring_ms IS 'how long it rang';
COMMENT ON COLUMN open_data.offers.auto_answer IS 'nobody had to pick up';
COMMENT ON COLUMN open_data.offers.counted IS 'it counts below the line of "answered within three rings"';
COMMENT ON COLUMN open_data.offers.in_three_rings IS 'and above it';

CREATE VIEW open_data.agent_states AS
SELECT
    i.agent,
    i.state,
    i.reason,
    i.started_at,
    i.ended_at,
    (extract(epoch FROM i.ended_at - i.started_at) * 1000)::bigint AS ms
FROM agent_interval AS i;

COMMENT ON VIEW open_data.agent_states IS 'One row a stretch of time in which an agent''s shown state was the same. By its beginning.';
COMMENT ON COLUMN open_data.agent_states.agent IS 'who';
COMMENT ON COLUMN open_data.agent_states.state IS 'as the wallboard has it: offline, ready, paused, offered, connecting, talking, rejoining, wrap-up, own-call, unreachable';
COMMENT ON COLUMN open_data.agent_states.reason IS 'of a pause; empty is none';
COMMENT ON COLUMN open_data.agent_states.started_at IS 'since when';
COMMENT ON COLUMN open_data.agent_states.ended_at IS 'until when; null while it lasts';
COMMENT ON COLUMN open_data.agent_states.ms IS 'how long; null while it lasts';

CREATE VIEW open_data.callbacks AS
SELECT
    b.id AS callback,
    CASE WHEN b.number ~ '^[+]?[0-9]{3,}$' THEN left(encode(sha256(convert_to((SELECT key FROM pseudonym_key) || b.number, 'UTF8')), 'hex'), 16) END AS customer,
    b.queue,
    b.contact,
    b.state,
    b.why,
    b.promised,
    b.dialled AS tries,
    b.agent,
    b.asked_at,
    b.since,
    b.expires_at,
    b.reached_at,
    b.waited_ms,
    b.ended_at
FROM callback AS b
WHERE b.asked_at IS NOT NULL;

COMMENT ON VIEW open_data.callbacks IS 'One row a promise to call back. By when it was asked for.';
COMMENT ON COLUMN open_data.callbacks.callback IS 'its id';
COMMENT ON COLUMN open_data.callbacks.customer IS 'a pseudonym of their number, the same as in contacts';
COMMENT ON COLUMN open_data.callbacks.queue IS 'in whose line they stand';
COMMENT ON COLUMN open_data.callbacks.contact IS 'the last that was a try of it';
COMMENT ON COLUMN open_data.callbacks.state IS 'asked, pending, waiting, claiming, dialling, reached, refused; or how it ended: done, left, tries-used, expired, cancelled, barred';
COMMENT ON COLUMN open_data.callbacks.why IS 'a word about that';
COMMENT ON COLUMN open_data.callbacks.promised IS 'it was promised';
COMMENT ON COLUMN open_data.callbacks.tries IS 'how often they were called';
COMMENT ON COLUMN open_data.callbacks.agent IS 'who talked with them, or was to';
COMMENT ON COLUMN open_data.callbacks.asked_at IS 'when they asked';
COMMENT ON COLUMN open_data.callbacks.since IS 'since when their clock runs';
COMMENT ON COLUMN open_data.callbacks.expires_at IS 'until when it holds';
COMMENT ON COLUMN open_data.callbacks.reached_at IS 'when they answered';
COMMENT ON COLUMN open_data.callbacks.waited_ms IS 'from their clock''s beginning to that';
COMMENT ON COLUMN open_data.callbacks.ended_at IS 'null while it is open';

CREATE VIEW open_data.surveys AS
SELECT
    v.contact,
    v.survey,
    v.queue,
    v.agent,
    v.questions,
    v.asked_at
FROM survey AS v;

COMMENT ON VIEW open_data.surveys IS 'One row a survey that a caller was asked. By when.';
COMMENT ON COLUMN open_data.surveys.contact IS 'who was asked';
COMMENT ON COLUMN open_data.surveys.survey IS 'which';
COMMENT ON COLUMN open_data.surveys.queue IS 'of the talk before it; null if there was none';
COMMENT ON COLUMN open_data.surveys.agent IS 'of that talk';
COMMENT ON COLUMN open_data.surveys.questions IS 'how many it has';
COMMENT ON COLUMN open_data.surveys.asked_at IS 'when it began';

CREATE VIEW open_data.survey_answers AS
SELECT
    a.contact,
    a.question,
    a.kind,
    a.value,
    a.at
FROM survey_answer AS a;

COMMENT ON VIEW open_data.survey_answers IS 'One row an answer. By when it was given.';
COMMENT ON COLUMN open_data.survey_answers.contact IS 'whose';
COMMENT ON COLUMN open_data.survey_answers.question IS 'which';
COMMENT ON COLUMN open_data.survey_answers.kind IS 'satisfaction (1 to 5), nps (0 to 10) or yes-no (1, 0)';
COMMENT ON COLUMN open_data.survey_answers.value IS 'what they pressed';
COMMENT ON COLUMN open_data.survey_answers.at IS 'when';

CREATE VIEW open_data.messages AS
SELECT
    m.id AS message,
    m.contact,
    CASE WHEN m.caller ~ '^[+]?[0-9]{3,}$' THEN left(encode(sha256(convert_to((SELECT key FROM pseudonym_key) || m.caller, 'UTF8')), 'hex'), 16) END AS customer,
    m.box,
    m.number_dialled,
    m.queue,
    m.agent,
    m.left_at,
    m.ms,
    m.owed,
    m.answer_until,
    m.taken_at,
    m.overdue_at,
    m.answered_at,
    m.answered_by
FROM message AS m
WHERE m.left_at IS NOT NULL;

COMMENT ON VIEW open_data.messages IS 'One row a message that a caller left; the sound is not here. By when it was left.';
COMMENT ON COLUMN open_data.messages.message IS 'its id';
COMMENT ON COLUMN open_data.messages.contact IS 'who left it';
COMMENT ON COLUMN open_data.messages.customer IS 'a pseudonym of their number';
COMMENT ON COLUMN open_data.messages.box IS 'where';
COMMENT ON COLUMN open_data.messages.number_dialled IS 'which of our numbers';
COMMENT ON COLUMN open_data.messages.queue IS 'whose agents answer it';
COMMENT ON COLUMN open_data.messages.agent IS 'whose box it is; null: not one agent''s';
COMMENT ON COLUMN open_data.messages.left_at IS 'when';
COMMENT ON COLUMN open_data.messages.ms IS 'how long it is';
COMMENT ON COLUMN open_data.messages.owed IS 'an answer is owed';
COMMENT ON COLUMN open_data.messages.answer_until IS 'until then it is promised';
COMMENT ON COLUMN open_data.messages.taken_at IS 'when an agent took it';
COMMENT ON COLUMN open_data.messages.overdue_at IS 'when the promise was broken; null if never';
COMMENT ON COLUMN open_data.messages.answered_at IS 'when it was answered';
COMMENT ON COLUMN open_data.messages.answered_by IS 'by whom';

CREATE VIEW open_data.recordings AS
SELECT
    r.id AS recording,
    r.contact,
    r.segment,
    r.agent,
    r.queue,
    r.state,
    r.first_at,
    r.started_at,
    r.ended_at,
    r.expected_ms,
    r.ms,
    r.paused_ms,
    r.bytes,
    r.incomplete,
    r.plays
FROM recording AS r;

COMMENT ON VIEW open_data.recordings IS 'One row a recording; the sound is not here. By its first fact.';
COMMENT ON COLUMN open_data.recordings.recording IS 'its id';
COMMENT ON COLUMN open_data.recordings.contact IS 'of which';
COMMENT ON COLUMN open_data.recordings.segment IS 'the talk';
COMMENT ON COLUMN open_data.recordings.agent IS 'with whom';
COMMENT ON COLUMN open_data.recordings.queue IS 'out of which queue';
COMMENT ON COLUMN open_data.recordings.state IS 'where it stands';
COMMENT ON COLUMN open_data.recordings.first_at IS 'when it was asked for';
COMMENT ON COLUMN open_data.recordings.started_at IS 'null: it never began';
COMMENT ON COLUMN open_data.recordings.ended_at IS 'the end of the talk';
COMMENT ON COLUMN open_data.recordings.expected_ms IS 'how long it should be';
COMMENT ON COLUMN open_data.recordings.ms IS 'of what is kept';
COMMENT ON COLUMN open_data.recordings.paused_ms IS 'left out on request';
COMMENT ON COLUMN open_data.recordings.bytes IS 'of the file';
COMMENT ON COLUMN open_data.recordings.incomplete IS 'something is missing';
COMMENT ON COLUMN open_data.recordings.plays IS 'how often it was listened to';

CREATE VIEW open_data.gaps AS
SELECT
    g.node,
    g.began_at,
    g.ended_at
FROM gap AS g;

COMMENT ON VIEW open_data.gaps IS 'One row a time in which nobody watched a node: what happened there was found out afterwards. By its beginning.';
COMMENT ON COLUMN open_data.gaps.node IS 'which Asterisk';
COMMENT ON COLUMN open_data.gaps.began_at IS 'from';
COMMENT ON COLUMN open_data.gaps.ended_at IS 'to';

CREATE VIEW open_data.figures AS
SELECT
    grain,
    instant(began_at) AS began_at,
    instant(ends_at) AS ends_at,
    by,
    name,
    entered,
    answered,
    answered_within,
    abandoned,
    abandoned_short,
    abandoned_within,
    no_agents,
    timed_out,
    overflowed,
    closed,
    moved,
    left_by_key,
    callback,
    lost,
    answered_wait_ms,
    answered_contact_wait_ms,
    rang,
    rang_in_time,
    auto_answered,
    handled,
    talk_ms,
    wrap_up_ms,
    callbacks,
    callbacks_tried,
    callbacks_reached,
    callbacks_served,
    callbacks_expired,
    callbacks_cancelled,
    callbacks_given_up,
    callbacks_wait_ms,
    surveys_asked,
    surveys_rated,
    satisfaction_rated,
    satisfaction_top,
    nps_rated,
    nps_promoters,
    nps_detractors,
    contacts_arrived,
    contacts_queued,
    contacts_answered,
    contacts_abandoned,
    contacts_self_served,
    time_ready_ms,
    time_ringing_ms,
    time_ringing_answered_ms,
    time_connecting_ms,
    time_talking_ms,
    time_wrap_up_ms,
    time_own_call_ms,
    time_unreachable_ms,
    time_paused_ms,
    provisional OR ends_at > coalesce((SELECT until FROM quarters_counted), 0) AS provisional,
    instant(corrected_at) AS corrected_at
FROM slice;

COMMENT ON VIEW open_data.figures IS 'One row an interval and group: the counters of which reports are made. Add them up over names of one group, or over intervals of one grain; rates are made of the sums.';
COMMENT ON COLUMN open_data.figures.grain IS 'quarter (of an hour), hour or day, of the site''s clock';
COMMENT ON COLUMN open_data.figures.began_at IS 'the interval is [began_at, ends_at)';
COMMENT ON COLUMN open_data.figures.ends_at IS 'as above; a day may have 23 or 25 hours';
COMMENT ON COLUMN open_data.figures.by IS 'what is grouped by: site, queue, skill, number, team or agent';
COMMENT ON COLUMN open_data.figures.name IS 'of that queue, skill …; empty of the site, and of who is in no team';
COMMENT ON COLUMN open_data.figures.entered IS 'stays in queues that began: offered';
COMMENT ON COLUMN open_data.figures.answered IS 'ended in a talk';
COMMENT ON COLUMN open_data.figures.answered_within IS 'and waited no longer than the threshold';
COMMENT ON COLUMN open_data.figures.abandoned IS 'the caller left while waiting';
COMMENT ON COLUMN open_data.figures.abandoned_short IS 'within 5 s';
COMMENT ON COLUMN open_data.figures.abandoned_within IS 'within the threshold';
COMMENT ON COLUMN open_data.figures.no_agents IS 'ended, as nobody was signed in';
COMMENT ON COLUMN open_data.figures.timed_out IS 'ended by the queue''s max_wait';
COMMENT ON COLUMN open_data.figures.overflowed IS 'ended by a limit of the queue''s';
COMMENT ON COLUMN open_data.figures.closed IS 'ended, as the queue was closed';
COMMENT ON COLUMN open_data.figures.moved IS 'ended, as somebody put them into another queue';
COMMENT ON COLUMN open_data.figures.left_by_key IS 'ended by a key';
COMMENT ON COLUMN open_data.figures.callback IS 'ended with the promise of a callback';
COMMENT ON COLUMN open_data.figures.lost IS 'ended, as the switch lost the call, or the fallback took it';
COMMENT ON COLUMN open_data.figures.answered_wait_ms IS 'wait of the answered in these queues, sum';
COMMENT ON COLUMN open_data.figures.answered_contact_wait_ms IS 'the same by the contacts'' clocks';
COMMENT ON COLUMN open_data.figures.rang IS 'offers that rang';
COMMENT ON COLUMN open_data.figures.rang_in_time IS 'and were answered within three rings';
COMMENT ON COLUMN open_data.figures.auto_answered IS 'offers that nobody had to pick up';
COMMENT ON COLUMN open_data.figures.handled IS 'talks that are over';
COMMENT ON COLUMN open_data.figures.talk_ms IS 'sum of those, hold included';
COMMENT ON COLUMN open_data.figures.wrap_up_ms IS 'sum of the work after them';
COMMENT ON COLUMN open_data.figures.callbacks IS 'promised';
COMMENT ON COLUMN open_data.figures.callbacks_tried IS 'calls to customers';
COMMENT ON COLUMN open_data.figures.callbacks_reached IS 'answered by them';
COMMENT ON COLUMN open_data.figures.callbacks_served IS 'talked';
COMMENT ON COLUMN open_data.figures.callbacks_expired IS 'not in time';
COMMENT ON COLUMN open_data.figures.callbacks_cancelled IS 'taken back';
COMMENT ON COLUMN open_data.figures.callbacks_given_up IS 'no more tries, or not allowed';
COMMENT ON COLUMN open_data.figures.callbacks_wait_ms IS 'from their clock to answered, sum';
COMMENT ON COLUMN open_data.figures.surveys_asked IS 'surveys that began';
COMMENT ON COLUMN open_data.figures.surveys_rated IS 'with one answer or more';
COMMENT ON COLUMN open_data.figures.satisfaction_rated IS 'answers of 1 to 5';
COMMENT ON COLUMN open_data.figures.satisfaction_top IS 'of these 4 and 5';
COMMENT ON COLUMN open_data.figures.nps_rated IS 'answers of 0 to 10';
COMMENT ON COLUMN open_data.figures.nps_promoters IS 'of these 9 and 10';
COMMENT ON COLUMN open_data.figures.nps_detractors IS 'of these 0 to 6';
COMMENT ON COLUMN open_data.figures.contacts_arrived IS 'contacts from outside; for site and number';
COMMENT ON COLUMN open_data.figures.contacts_queued IS 'of these entered a queue';
COMMENT ON COLUMN open_data.figures.contacts_answered IS 'of these talked with an agent';
COMMENT ON COLUMN open_data.figures.contacts_abandoned IS 'of these left while waiting, and never talked';
COMMENT ON COLUMN open_data.figures.contacts_self_served IS 'of these served by a program';
COMMENT ON COLUMN open_data.figures.time_ready_ms IS 'agents'' time ready; for site, team and agent';
COMMENT ON COLUMN open_data.figures.time_ringing_ms IS 'being offered a contact';
COMMENT ON COLUMN open_data.figures.time_ringing_answered_ms IS 'of that, where they answered';
COMMENT ON COLUMN open_data.figures.time_connecting_ms IS 'between answering and talking';
COMMENT ON COLUMN open_data.figures.time_talking_ms IS 'talking, hold included';
COMMENT ON COLUMN open_data.figures.time_wrap_up_ms IS 'in work after a talk';
COMMENT ON COLUMN open_data.figures.time_own_call_ms IS 'on calls of their own';
COMMENT ON COLUMN open_data.figures.time_unreachable_ms IS 'signed in without a phone that can be reached';
COMMENT ON COLUMN open_data.figures.time_paused_ms IS 'in a pause';
COMMENT ON COLUMN open_data.figures.provisional IS 'it may still change';
COMMENT ON COLUMN open_data.figures.corrected_at IS 'when facts that came late changed it after it had settled; null: never';
