"""A run to report on, made in no time."""

from datetime import UTC, datetime

from core.method import pipeline
from core.method.version import code_version
from core.params import MethodParams, preset
from core.report.reported import ReportedRun
from core.sample import Sample

HOSTILE = '</script><script>alert(1)</script>"""\nimport os; os.abort() #{{ 7*7 }}<img src=x onerror=alert(2)>@LABELS@ %(prog)s é\x1b[2J'
"""A name as nobody would choose it in good faith."""


def reported(sample: Sample, params: MethodParams | None = None, **facts) -> ReportedRun:
    """Run, and tell of it."""
    result = pipeline.run(sample, params or preset("paper", n_clusters=3))
    known = {"name": "A run", "created": datetime(2026, 5, 4, 3, 2, tzinfo=UTC), "code_version": code_version()}
    return ReportedRun(
        result=result, content_hash=sample.content_hash, annotation_hash=sample.annotation_hash, **{**known, **facts}
    )
