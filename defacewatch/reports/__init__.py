"""What the duty desk reports: the figures of a period, and the record of a handover, on paper and as JSON."""
