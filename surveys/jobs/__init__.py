"""Long work that outlives the process at it: imports, exports, recounts.

A job is a row. A process takes it up under a lease and starts a child, which only reads; the
parent alone writes, and what it writes happens once. See docs/decisions/0015-jobs.md.
"""

from surveys.jobs.kinds import KINDS, Claim, Kind, Result, Step, Task, Write
from surveys.jobs.rows import cancel_job, job_of, jobs_of, living_job, start_job
from surveys.jobs.runner import Runner, start_runner

__all__ = [
    "KINDS",
    "Claim",
    "Kind",
    "Result",
    "Runner",
    "Step",
    "Task",
    "Write",
    "cancel_job",
    "job_of",
    "jobs_of",
    "living_job",
    "start_job",
    "start_runner",
]
