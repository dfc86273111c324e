-- hold_shipping --
-- Every batch moves a watermark first, so none gets past this until the rebuilding is committed.
LOCK TABLE watermark IN SHARE ROW EXCLUSIVE MODE;

-- empty_projections --
-- DELETE would leave the dead rows to be scanned by what comes.
TRUNCATE queue_rule, site_rule, contact, segment, offer, agent_interval, agent_axes, node_away, message, fax, recording, gap, callback, survey, survey_answer;

-- runs_of_facts --
-- In the order in which they happened: an outbox's seq goes on over its epochs, and epochs rise from leader to leader.
SELECT day, epoch, min(seq) AS first, max(seq) AS last, count(*) AS facts FROM fact GROUP BY day, epoch ORDER BY epoch, first;
