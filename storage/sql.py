"""Statements: written once with SQLAlchemy Core, compiled to text once per dialect, run on the raw driver.

Compiling a statement costs more than running it, so it never happens inside a turn. Nothing here
connects to anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import Executable, Integer, Table, bindparam, insert
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.engine import Dialect as SqlDialect
from sqlalchemy.sql.elements import BindParameter, ClauseElement

Scalar: TypeAlias = str | int | float | None
"""What a statement may carry. Never bytes: aiomysql's escaping of them depends on PyMySQL's version."""

Row: TypeAlias = tuple[Any, ...]


class Dialect(Enum):
    """A kind of database."""

    MYSQL = "mysql"
    SQLITE = "sqlite"


_COMPILERS: dict[Dialect, SqlDialect] = {
    Dialect.MYSQL: mysql.dialect(paramstyle="format"),
    Dialect.SQLITE: sqlite.dialect(paramstyle="qmark"),
}
_PLACEHOLDERS = {Dialect.MYSQL: "%s", Dialect.SQLITE: "?"}


def given(name: str) -> BindParameter[Any]:
    """A place that the caller fills when the statement runs."""
    return bindparam(name, required=False)


def limit() -> BindParameter[int]:
    """The place of a LIMIT, filled as `limit`."""
    return bindparam("limit", type_=Integer, required=False)


def listed(name: str, count: int) -> list[BindParameter[Any]]:
    """Places for a list of this length, filled by `spread`."""
    return [given(f"{name}_{number}") for number in range(count)]


def spread(name: str, values: Sequence[Scalar]) -> dict[str, Scalar]:
    """Values for the places that `listed` made."""
    return {f"{name}_{number}": value for number, value in enumerate(values)}


@dataclass(frozen=True, slots=True)
class Text:
    """A compiled statement and the order of its places."""

    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, Scalar]
    """Values that were written into the statement itself."""

    def arguments(self, values: Mapping[str, Scalar]) -> list[Scalar]:
        """Values in the order of their places. Raises TypeError for bytes, KeyError for a missing one."""
        fixed = self.fixed
        arguments = [fixed[name] if name in fixed else values[name] for name in self.names]
        if any(isinstance(argument, bytes) for argument in arguments):
            raise TypeError("A statement carries text and numbers only: decode the bytes first.")
        return arguments


class Query:
    """One statement. `on_mysql` where MySQL spells it differently."""

    def __init__(self, clause: Executable, on_mysql: Executable | None = None) -> None:
        self._clauses = {Dialect.SQLITE: clause, Dialect.MYSQL: on_mysql if on_mysql is not None else clause}
        self._texts: dict[Dialect, Text] = {}

    def text(self, dialect: Dialect) -> Text:
        """The statement as this dialect writes it; compiled when first asked for."""
        text = self._texts.get(dialect)
        if text is None:
            text = self._texts[dialect] = _compile(self._clauses[dialect], dialect)
        return text


class Insert(Query):
    """New rows of a table, in one statement however many there are."""

    def __init__(self, table: Table, *, unless_known: bool = False) -> None:
        """`unless_known`: rows whose unique key is already there are passed over."""
        names = [column.name for column in table.columns if column is not table.autoincrement_column]
        row = {name: given(name) for name in names}
        if unless_known:
            # Not INSERT IGNORE, which would also silence values that do not fit.
            known = next(iter(table.primary_key.columns))
            super().__init__(
                sqlite.insert(table).values(row).on_conflict_do_nothing(),
                mysql.insert(table).values(row).on_duplicate_key_update({known.name: known}),
            )
        else:
            super().__init__(insert(table).values(row))
        self._many = lru_cache(maxsize=128)(self._compile_many)

    def many(self, dialect: Dialect, count: int) -> str:
        """The statement for so many rows."""
        return self._many(dialect, count)

    def _compile_many(self, dialect: Dialect, count: int) -> str:
        one = self.text(dialect)
        row = "(" + ", ".join([_PLACEHOLDERS[dialect]] * len(one.names)) + ")"
        head, _, rest = one.sql.partition(" VALUES ")
        if not rest.startswith(row):
            raise AssertionError(f"This insert cannot be repeated for many rows: {one.sql}")
        return f"{head} VALUES {', '.join([row] * count)}{rest.removeprefix(row)}"


def _compile(clause: Executable, dialect: Dialect) -> Text:
    if not isinstance(clause, ClauseElement):
        raise TypeError(f"Not a statement: {clause!r}")
    compiled = clause.compile(dialect=_COMPILERS[dialect], compile_kwargs={"render_postcompile": True})
    names = tuple(compiled.positiontup or ())  # type: ignore[attr-defined]  # of text that has places
    fixed = {name: value for name, value in compiled.params.items() if value is not None}
    return Text(str(compiled), names, fixed)
