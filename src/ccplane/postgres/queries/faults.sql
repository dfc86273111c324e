-- read_faults --
-- What went wrong in [$1, $2), ms UTC, in the order in which it was told, at most $3. The kinds are those of the index
-- fact_of_faults; days bound the partitions.
SELECT at, kind, contact, agent, body::text AS body
FROM fact
WHERE day >= instant($1)::date - 1 AND day <= instant($2)::date + 1 AND at >= $1 AND at < $2
    AND kind IN (
        'PlaneStarted', 'SwitchFound', 'SwitchUnwatched', 'SwitchWedged', 'SwitchAnswers', 'LedgerLost', 'LedgerFound',
        'ProgramFailed', 'SoundsFailed', 'RecordingFailed', 'RecordingPauseFailed', 'FaxFailed', 'ConnectFailed',
        'FallbackServed', 'RepairMade', 'DeadlineDropped', 'EmergencyBegan', 'EmergencyEnded', 'PinLocked')
ORDER BY at, epoch, seq
LIMIT $3;
