"""What the program counts, for Prometheus: named here once, moved wherever it happens, shown at /metrics.

Everything hangs on prometheus-client's default registry, beside its figures about the process. Times are in
seconds. docs/operations.md says what each is good for and which alarms to put on them.
"""

from importlib.metadata import version

from prometheus_client import Counter, Gauge, Histogram, Info

NAMESPACE = "defacewatch"

CHECKS = Counter("checks", "Checks recorded", ["tier", "verdict"], namespace=NAMESPACE)
CHECK_SECONDS = Histogram(
    "check_seconds",
    "Time a check took, the wait for its second look included",
    ["tier"],
    namespace=NAMESPACE,
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 40, 80),
)
CAPTURES = Counter("captures", "Looks with the browser", namespace=NAMESPACE)
BROWSER_STARTS = Counter(
    "browser_starts", "Times a browser was started, recycling included", namespace=NAMESPACE
)
PARTS_READ = Counter(
    "parts_read",
    "Parts of captures, by whether they were read, or remembered since they were as the last time",
    ["part", "found"],
    namespace=NAMESPACE,
)
PROBE_LATENESS = Histogram(
    "probe_lateness_seconds",
    "How late a probe began, after the time it was due",
    namespace=NAMESPACE,
    buckets=(0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60, 300),
)
COVERAGE = Gauge(
    "coverage_ratio",
    "Share of the probes due in the last five minutes that were made within their interval, but for misses"
    " of pages that do not answer",
    namespace=NAMESPACE,
)
CHANNEL_ANSWERS = Gauge(
    "channel_answers", "Whether a channel answered when it was last asked", ["channel"], namespace=NAMESPACE
)
MISSED = Gauge("probes_missed", "Probes that were left out, or failed in ourselves", namespace=NAMESPACE)
PROBES = Counter(
    "probes", "Probes of pages, by what they found: still, looked", ["found"], namespace=NAMESPACE
)
REVALIDATIONS = Counter(
    "revalidations",
    "Times that a page was asked for what it is made of, by whether that had changed",
    ["found"],
    namespace=NAMESPACE,
)
MATERIALS = Gauge("materials_asked", "Requests for what pages are made of", namespace=NAMESPACE)
LEFT_OUT = Counter(
    "errands_left_out",
    "Intervals that passed without a revalidation or a capture since an earlier one was late, by errand",
    ["errand"],
    namespace=NAMESPACE,
)
LATE = Gauge(
    "errand_late_seconds",
    "How late the errand is that is the latest, by kind",
    ["errand"],
    namespace=NAMESPACE,
)
WAITING = Gauge("waiting", "Errands that are overdue, by kind", ["errand"], namespace=NAMESPACE)
CAPTURE_AGE = Gauge(
    "capture_age_seconds", "Age of the captures of pages, by quantile", ["quantile"], namespace=NAMESPACE
)
CAPTURES_WAITING = Gauge("captures_waiting", "Captures that wait for the browser", namespace=NAMESPACE)
DOCUMENTS_WAITING = Gauge("documents_waiting", "Documents that wait to be read", namespace=NAMESPACE)
CPU = Gauge("cpu_seconds", "Processor time used, by part of the process tree", ["part"], namespace=NAMESPACE)
MEMORY = Gauge("memory_bytes", "Memory of the process tree (PSS)", namespace=NAMESPACE)
STORE = Gauge("store_bytes", "Size of the store, by part", ["part"], namespace=NAMESPACE)
FREE = Gauge(
    "disk_free_bytes", "Free space where the parts of the store are kept", ["part"], namespace=NAMESPACE
)
AUDIT_BROKEN = Gauge(
    "audit_log_broken",
    "1 where the end of the audit log was not as the program wrote it when it was last looked at, else 0",
    namespace=NAMESPACE,
)
AUDIT_FINDINGS = Gauge(
    "audit_log_findings", "Entries of the audit log that say that it was found broken", namespace=NAMESPACE
)
PAGES = Gauge("pages", "Watched pages by their latest verdict", ["verdict"], namespace=NAMESPACE)
INCIDENTS = Gauge("incidents", "Unresolved incidents by state", ["state"], namespace=NAMESPACE)

ALERTS = Counter("alerts", "Alerts recorded", ["kind"], namespace=NAMESPACE)
DELIVERIES = Counter(
    "deliveries",
    "Attempts to deliver, by outcome (sent, retried, failed)",
    ["channel", "outcome"],
    namespace=NAMESPACE,
)
OUTBOX_PENDING = Gauge("outbox_pending", "Deliveries that wait to be sent", namespace=NAMESPACE)
OUTBOX_OLDEST = Gauge(
    "outbox_oldest_seconds", "Age of the oldest delivery that waits to be sent", namespace=NAMESPACE
)
TIME_TO_ALERT = Histogram(
    "time_to_alert_seconds",
    "From an alert's record, or the end of the quiet hours that it waited for, to the provider's receipt,"
    " for those told first",
    namespace=NAMESPACE,
    buckets=(1, 2, 5, 10, 15, 20, 30, 45, 60, 120, 300, 600, 1800, 3600),
)
_PATIENCE = (15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400, 259200)
TIME_TO_ACKNOWLEDGE = Histogram(
    "time_to_acknowledge_seconds",
    "From the first bad look to the acknowledgement of an incident, drills left out",
    ["verdict"],
    namespace=NAMESPACE,
    buckets=_PATIENCE,
)
TIME_TO_RESTORE = Histogram(
    "time_to_restore_seconds",
    "From the first bad look to a page that is well, of incidents resolved as restored, drills left out",
    ["verdict"],
    namespace=NAMESPACE,
    buckets=_PATIENCE,
)
RESOLVED = Counter(
    "incidents_resolved",
    "Incidents resolved, by verdict and as what, drills left out",
    ["verdict", "resolution"],
    namespace=NAMESPACE,
)

FALSE_ALARMS = Counter(
    "false_alarms_told",
    "Incidents resolved as false alarms that this officer was told of, drills left out",
    ["officer"],
    namespace=NAMESPACE,
)

BUILD = Info("build", "The version that runs", namespace=NAMESPACE)
BUILD.info({"version": version("defacewatch")})
