-- Faults in the log are few among millions of facts: a report of them reads them alone. The query names the same kinds
-- (queries/faults.sql), or it would not find this index.
CREATE INDEX fact_of_faults ON fact (at) WHERE kind IN (
    'PlaneStarted', 'SwitchFound', 'SwitchUnwatched', 'SwitchWedged', 'SwitchAnswers', 'LedgerLost', 'LedgerFound',
    'ProgramFailed', 'SoundsFailed', 'RecordingFailed', 'RecordingPauseFailed', 'FaxFailed', 'ConnectFailed',
    'FallbackServed', 'RepairMade', 'DeadlineDropped', 'EmergencyBegan', 'EmergencyEnded', 'PinLocked');
