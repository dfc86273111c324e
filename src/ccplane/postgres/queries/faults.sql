-- read_faults --
-- What went wrong in [$1, $2), ms UTC, in the order in which it was told, at most $3; with it of the 31 days before what
-- may have begun then and still lasted, and of the 31 days after what was told then of a time that began before. The
-- kinds are those of the index fact_of_faults; days bound the partitions.
SELECT at, kind, contact, agent, body::text AS body
FROM fact
WHERE day >= instant($1)::date - 32 AND day <= instant($2)::date + 32 AND at >= $1 - 2678400000 AND at < $2 + 2678400000
    AND kind IN (
        'PlaneStarted', 'SwitchFound', 'SwitchUnwatched', 'SwitchWedged', 'SwitchAnswers', 'LedgerLost', 'LedgerFound',
        'ProgramFailed', 'SoundsFailed', 'RecordingFailed', 'RecordingPauseFailed', 'FaxFailed', 'ConnectFailed',
        'FallbackServed', 'RepairMade', 'DeadlineDropped', 'EmergencyBegan', 'EmergencyEnded', 'PinLocked')
    AND CASE
        WHEN at < $1 THEN kind IN (
            'SwitchFound', 'SwitchWedged', 'SwitchAnswers', 'LedgerLost', 'LedgerFound', 'EmergencyBegan', 'EmergencyEnded')
        WHEN at < $2 THEN true
        WHEN kind = 'FallbackServed' THEN (body ->> 'queued_at')::bigint < $2
        ELSE kind IN ('PlaneStarted', 'SwitchFound', 'SwitchUnwatched') AND at - (body ->> 'gap_ms')::bigint < $2 END
ORDER BY at, epoch, seq
LIMIT $3;
