"""The files of jobs under `var/jobs`: what was uploaded, what was made, and when they go."""

import secrets
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select, update

from surveys.db import Database, reading, transaction
from surveys.jobs.rows import LIVING
from surveys.models import Job

FOLDER = "jobs"
UPLOAD = "upload"
KEPT_FOR = timedelta(days=30)
SETTLED_AFTER = timedelta(hours=1)


def folder_of(var: Path, job_id: int) -> Path:
    """Return the folder of a job's files."""
    return var / FOLDER / str(job_id)


def receive(var: Path, save: Callable[[Path], object]) -> Path:
    """Write a file that was sent beside the jobs' folders, before there is a job for it."""
    folder = var / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{secrets.token_hex(16)}.part"
    save(path)
    return path


def keep_upload(var: Path, job_id: int, uploaded: Path) -> None:
    """Give a received file to its job."""
    folder = folder_of(var, job_id)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    uploaded.rename(folder / UPLOAD)


def clear(folder: Path, keep: str = "") -> None:
    """Remove a job's folder, or everything in it but one of its folders."""
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for path in folder.iterdir():
        if path.name != keep and path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != keep:
            path.unlink(missing_ok=True)


def sweep(var: Path, database: Database, now: datetime) -> None:
    """Remove results that are too old, and the files of jobs that ended without one."""
    with transaction(database) as session:
        session.execute(
            update(Job)
            .where(Job.file_name.is_not(None), Job.finished_at < now - KEPT_FOR)
            .values(file_name=None)
            .execution_options(synchronize_session=False)
        )
    with reading(database) as session:
        wanted = select(Job.id).where(Job.state.in_(LIVING) | Job.file_name.is_not(None))
        needed = {str(job_id) for job_id in session.scalars(wanted)}
    # A younger folder may belong to a job that is just being committed.
    oldest = (now - SETTLED_AFTER).timestamp()
    root = var / FOLDER
    for folder in root.iterdir() if root.is_dir() else ():
        if folder.name in needed or folder.stat().st_mtime >= oldest:
            continue
        if folder.is_file():  # received, but no job came of it
            folder.unlink(missing_ok=True)
        else:
            clear(folder)
