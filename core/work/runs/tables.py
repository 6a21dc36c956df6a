"""Optuna's tables, as far as runs are read from them and written to them; whose version Optuna checks when it opens them."""

import sqlalchemy as sa

# PostgreSQL has types of these names.
_STATE = sa.Enum("COMPLETE", name="trialstate")
_KIND = sa.Enum("FINITE", name="trialvaluetype")


def _columns(*names: str) -> list["sa.ColumnClause[object]"]:
    return [sa.column(name) for name in names]


STUDIES = sa.table("studies", *_columns("study_id", "study_name"))
STUDY_ATTRIBUTES = sa.table("study_user_attributes", *_columns("study_id", "key", "value_json"))
TRIALS = sa.table(
    "trials",
    *_columns("trial_id", "number", "study_id"),
    sa.column("state", _STATE),
    sa.column("datetime_start", sa.DateTime()),
    sa.column("datetime_complete", sa.DateTime()),
)
VALUES = sa.table("trial_values", *_columns("trial_id", "objective", "value"), sa.column("value_type", _KIND))
PARAMS = sa.table("trial_params", *_columns("trial_id", "param_name", "param_value", "distribution_json"))
USER_ATTRIBUTES = sa.table("trial_user_attributes", *_columns("trial_id", "key", "value_json"))
SYSTEM_ATTRIBUTES = sa.table("trial_system_attributes", *_columns("trial_id", "key", "value_json"))
