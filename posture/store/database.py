"""Opens the database and brings its tables up to date."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from posture.core.errors import PostureError

#: The newest migration; a test compares it with the chain in `migrations/versions`.
HEAD = "0006"

#: What may be asked for, and the driver that is installed with us for it.
_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}

#: PostgreSQL's advisory lock of those who migrate: any number that no other program on the database takes.
_LOCK = 0x706F7374757265

MIGRATIONS = Path(__file__).parent / "migrations"


def default_url() -> str:
    """SQLite in the user's data folder (XDG base directory specification)."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return f"sqlite:///{Path(base) / 'posture' / 'posture.db'}"


@dataclass(frozen=True, slots=True)
class Database:
    """An open database with current tables."""

    engine: Engine

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction: all or nothing. Raises PostureError when the database cannot do it."""
        try:
            with self.engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise _unusable(_shown(self.engine), error) from error

    @property
    def shown(self) -> str:
        """Where it is, for people."""
        return _shown(self.engine)

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def open_database(url: str | None = None) -> Database:
    """Open (and create or migrate) the database at `url`. Raises PostureError."""
    chosen = url or os.environ.get("POSTURE_DATABASE") or default_url()
    engine = _engine(chosen)
    shown = _shown(engine)
    try:
        if _revision(engine) != HEAD:
            _upgrade(engine)
    except (SQLAlchemyError, OSError) as error:
        engine.dispose()
        raise _unusable(shown, error) from error
    return Database(engine)


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
        if backend not in _DRIVERS:
            raise PostureError(
                f"The database {_without_secret(url)} cannot be used: {backend} is not supported.",
                remedy="Give sqlite:///PATH or postgresql://USER@HOST/NAME.",
                code="database",
            )
        parsed = parsed.set(drivername=_DRIVERS[backend])
        if backend == "sqlite" and parsed.database:
            _private(Path(parsed.database))
        engine = create_engine(parsed)
    except (ArgumentError, ImportError, OSError) as error:
        raise _unusable(_without_secret(url), error) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_pragmas)
    return engine


def _private(path: Path) -> None:
    """Make the file for its owner alone before SQLite would: it lists weaknesses."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)


def _sqlite_pragmas(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]  # a DB-API connection has no static type
    for pragma in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return _revision_on(connection)


def _revision_on(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(engine: Engine) -> None:
    # Alembic costs most of a second to import: only when there is something to do.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with _alone(engine) as connection:
        if _revision_on(connection) == HEAD:
            return  # somebody else was faster
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise PostureError(
                f"The database was written by another version of this program ({error}).",
                remedy="Upgrade posture-underwriting, or name another database with --database.",
                code="database-version",
            ) from error


@contextlib.contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """One transaction that nobody migrates beside: all of an upgrade is kept, or nothing of it."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            raw: Any = connection.connection.dbapi_connection
            # Otherwise sqlite3 begins no transaction before DDL, and each statement is kept by itself.
            raw.isolation_level = None
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
                connection.commit()
            finally:
                connection.rollback()
                raw.isolation_level = ""  # as it was, for whoever is given this connection next
        else:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            yield connection
            connection.commit()


def _shown(engine: Engine) -> str:
    """The URL as a person would write it: no password, no driver, and no %E3 for a letter."""
    url = engine.url.set(drivername=engine.url.get_backend_name())
    return unquote(url.render_as_string(hide_password=True))


def _without_secret(url: str) -> str:
    """The URL without what stands between the scheme and the host."""
    scheme, sign, rest = url.partition("://")
    return f"{scheme}{sign}{rest.rpartition('@')[2]}"


def _unusable(url: str, error: Exception) -> PostureError:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    if isinstance(cause, OSError) and cause.strerror:  # without its number
        cause = Exception(f"{cause.filename}: {cause.strerror.lower()}" if cause.filename else cause.strerror)
    first = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    return PostureError(
        f"The database {url} cannot be used: {first}.",
        remedy="Check the URL, the path's permissions and free space, or name another with --database.",
        code="database",
    )
