"""Nobody is dropped, proven: faults at random moments under load, judged by what the phones themselves saw."""
