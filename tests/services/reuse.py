"""PostgreSQL databases that one test leaves as empty as the next one needs them.

Making and dropping a database costs the server a checkpoint each. Where a test changed nothing but
rows, the rows are deleted instead; where it touched anything else, the database is dropped.
"""

import psycopg

# Everything of a database that is not a row: tables, columns, keys, triggers, views, rights.
SHAPE = """
SELECT md5(string_agg(line, '\n' ORDER BY line)) FROM (
    SELECT concat_ws(' ', 'relation', oid, relname, relkind, relacl, reloptions) AS line
    FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT concat_ws(' ', 'column', attrelid, attname, atttypid, attnotnull) FROM pg_attribute
    WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    UNION ALL
    SELECT concat_ws(' ', 'constraint', conrelid, conname, convalidated) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT concat_ws(' ', 'trigger', tgrelid, tgname, tgenabled) FROM pg_trigger
    WHERE NOT tgisinternal
    UNION ALL
    SELECT concat_ws(' ', 'function', proname, md5(prosrc)) FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT concat_ws(' ', 'setting', setdatabase, setconfig) FROM pg_db_role_setting
    UNION ALL
    SELECT concat_ws(' ', 'schema', nspname) FROM pg_namespace WHERE nspname !~ '^pg_'
    UNION ALL
    SELECT concat_ws(' ', 'version', version_num) FROM alembic_version
) AS lines
"""
TABLES = """
SELECT quote_ident(relname) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
"""
SEQUENCES = "SELECT quote_ident(sequencename) FROM pg_sequences WHERE schemaname = 'public'"
OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def shape(address: str) -> str:
    """Return a digest of everything in a database that is not a row."""
    with psycopg.connect(address) as connection:
        found: str = connection.execute(SHAPE).fetchone()[0]  # type: ignore[index]
    return found


def emptied(address: str, expected: str) -> bool:
    """Delete all rows of a database and begin its numbers anew; tell whether its shape is right."""
    try:
        with psycopg.connect(address, options="-c lock_timeout=5s") as connection:
            connection.execute(OTHERS)
            if connection.execute(SHAPE).fetchone() != (expected,):
                return False
            # No trigger and no key may stand in the way: everything goes.
            connection.execute("SET LOCAL session_replication_role = replica")
            for (table,) in connection.execute(TABLES).fetchall():
                connection.execute(f"DELETE FROM {table}")
            for (sequence,) in connection.execute(SEQUENCES).fetchall():
                connection.execute(f"ALTER SEQUENCE {sequence} RESTART")
    except psycopg.Error:
        return False
    return True
