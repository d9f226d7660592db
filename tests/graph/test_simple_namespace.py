"""`SimpleNamespace`: it gives what it was given, and is no container."""

from __future__ import annotations

from pathlib import Path

from adapter_core import CodeGraph

SOURCE = """\
from types import SimpleNamespace


class Job:
    def run(self):
        return 1

    def stop(self):
        return 2


def start(job):
    return job.run()


def stop(jobs, first, _):
    for job in jobs:
        job.stop()
    first.stop()


def main():
    given = SimpleNamespace(job=Job(), name="x")
    start(given.job)
    stop(given, given[0], 1)
    stop(list(given), next(given), *given)
"""


def test_its_fields_lead_on_and_it_is_no_container(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(SOURCE, "utf-8")
    with CodeGraph.load_or_build(tmp_path) as graph:
        run = [str(site.span) for site in graph.who_calls("Job.run").items if site.resolved]
        stopped = [site for site in graph.who_calls("Job.stop").items if site.resolved]
        assert run == ["app.py:13"]
        assert stopped == []
        assert graph.link() is not None
        assert [str(s.span) for s in graph.who_calls("Job.run").items if s.resolved] == run
