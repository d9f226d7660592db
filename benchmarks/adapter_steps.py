"""What do more steps of a fit bring, and what do they cost? M1 and M2 by steps, on the packages and windows of `adapters.py`.

    ./x bench adapter_steps [--repos NAME…] [--steps 28 56 112 224] [--windows 24] [--wrong NAME] [--minutes M] [--plot]

Each number of steps is a fit of its own, since the rate falls over a run. `--wrong` is a control: each repository under the adapter of that
one, at the same steps (and that one under the first other's). Cost is in processor seconds of one thread, without judging and scoring: on
two idle cores about half as many seconds pass. What was computed is kept below `--scratch`. `--plot` only draws what the last run reported,
and the table of `adapters.py`, as PNG (needs matplotlib).
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from _adapter_data import fetch, load, names
from _adapter_runs import Runs, add_run_arguments, begin
from _adapter_table import BODIES, MEASURES, NEW, TEXT, Subject, change, logs
from _common import RESULTS, report

from adapter_core.adapters.fitting.options import FitOptions
from adapter_core.adapters.fitting.split import BUILD

NAME = "adapter_steps"
_PARTS = (MEASURES[TEXT], MEASURES[BODIES])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repos", nargs="+", choices=names(), default=names())
    parser.add_argument("--steps", type=int, nargs="+", default=[28, 56, 112, 224])
    parser.add_argument("--windows", type=int, default=24, help="held-out windows of 1,024 tokens for each repository")
    parser.add_argument("--wrong", choices=names(), help="whose adapter the others are measured under, as a control")
    add_run_arguments(parser)
    parser.add_argument("--plot", action="store_true")
    args = parser.parse_args()
    if args.plot:
        draw()
        return
    runs, end = begin(args)
    loaded = runs.loaded
    folders = fetch(args.scratch)
    subjects: dict[str, Subject] = {}
    rows: list[dict[str, Any]] = []
    fits: dict[tuple[str, int], Any] = {}
    order = [args.wrong, *(n for n in args.repos if n != args.wrong)] if args.wrong else args.repos
    for steps in args.steps:
        for name in order:
            runs.offline = runs.offline or time.monotonic() > end
            if name not in subjects:
                repository = load(name, folders[name], loaded.tokenizer, args.scratch)
                subjects[name] = Subject(repository, loaded.tokenizer, args.windows, {})
            subject = subjects[name]
            if all(score(runs, subject, "none", None, part) for part in _PARTS) and not any(
                r["repository"] == name and r["steps"] == 0 for r in rows
            ):
                rows.append(row(subject, "none", 0, {}))
            fit = runs.fit(name, subject.repository.of(BUILD), FitOptions(steps=steps, questions=0.0))
            if fit is None:
                continue
            fits[name, steps] = fit
            condition = f"fitted {steps}"
            if all(score(runs, subject, condition, fit.adapter, part) for part in _PARTS):
                rows.append(row(subject, condition, steps, fit.record))
            wrong = args.wrong if name != args.wrong else None
            if wrong and (wrong, steps) in fits:
                condition = f"fitted {steps} to {wrong}"
                if all(score(runs, subject, condition, fits[wrong, steps].adapter, part) for part in _PARTS):
                    rows.append(row(subject, condition, steps, {}))
            options = FitOptions(steps=steps, questions=0.0)
            report(NAME, rows, {"model": loaded.info.name, "dtype": loaded.info.dtype, "batch": options.batch,
                                "length": options.length, "windows": args.windows})  # fmt: skip


def score(runs: Runs, subject: Subject, condition: str, adapter: Any, part: str) -> bool:
    key = f"{subject.name}-{condition}-known-{part}".replace(" ", "-")
    if adapter is not None:
        key += f"-{hash_of(adapter)}"
    found = runs.scores(key, subject.windows[part], adapter, subject.memory)
    if found is not None:
        subject.scores[condition, part] = found
    return found is not None


def hash_of(adapter: Any) -> str:
    import hashlib

    whole = hashlib.sha256()
    for layer in adapter.layers:
        for target in sorted(layer):
            whole.update(layer[target].up.tobytes())
    return whole.hexdigest()[:12]


def row(subject: Subject, condition: str, steps: int, record: Any) -> dict[str, Any]:
    """Changes in %, with intervals over windows: against the model alone, with the memory against the model alone, over the memory."""
    found: dict[str, Any] = {
        "repository": subject.name,
        "condition": condition,
        "steps": steps,
        "tokens": record.get("tokens"),
        "processor s": record.get("processor seconds"),
    }
    for measure in (TEXT, NEW, BODIES):
        none, memory = logs(measure, subject, "none"), logs(measure, subject, "memory")
        own, both = logs(measure, subject, condition), logs(measure, subject, f"{condition} + memory")
        short = "new lines" if measure == NEW else measure.split(" ")[0]
        if none is None or memory is None or own is None or both is None:
            continue
        if condition == "none":
            found[f"{short} with memory"] = _with_sign(change(measure, subject, memory, none))
            continue
        found[short] = _with_sign(change(measure, subject, own, none))
        found[f"{short} with memory"] = _with_sign(change(measure, subject, both, none))
        found[f"{short} over memory"] = _with_sign(change(measure, subject, both, memory))
    return found


def _with_sign(value: tuple[float, float, float]) -> str:
    return f"{value[0]:+.1f} ({value[1]:+.1f} to {value[2]:+.1f})"


def _number(text: str) -> float:
    return float(text.split(" ")[0])


# -- pictures ----------------------------------------------------------------------------------------------------------


def draw() -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    _draw_conditions(pyplot)
    _draw_steps(pyplot)


def _draw_steps(pyplot: Any) -> None:
    rows = json.loads((RESULTS / f"{NAME}.json").read_text("utf-8"))["rows"]
    if len({r["steps"] for r in rows if r["steps"]}) < 2:
        return  # no curve yet
    figure, axes = pyplot.subplots(figsize=(6.4, 4), layout="constrained")
    for name in dict.fromkeys(r["repository"] for r in rows):
        own = sorted((r for r in rows if r["repository"] == name and r["condition"] == f"fitted {r['steps']}"),
                     key=lambda r: r["steps"])  # fmt: skip
        if own:
            steps = [0, *(r["steps"] for r in own)]
            (line,) = axes.plot(steps, [0.0, *(_number(r["M1"]) for r in own)], marker="o", label=name)
            axes.plot(
                steps[1:], [_number(r["M1 over memory"]) for r in own], marker="x", ls=":", color=line.get_color()
            )
    axes.set_xlabel("steps of 512 tokens")
    axes.set_ylabel("change of bits per byte, %")
    axes.set_title("Fitted adapter on held-out directories; dotted: over the memory")
    axes.legend(fontsize=8)
    axes.grid(alpha=0.3)
    figure.savefig(RESULTS / "adapter-steps.png", dpi=110, metadata={"Software": None})
    pyplot.close(figure)


def _draw_conditions(pyplot: Any) -> None:
    """Plot the table of `adapters.py`: each repository under each condition."""
    table = json.loads((RESULTS / "adapters.json").read_text("utf-8"))["rows"]
    conditions = ("memory of another", "memory", "wrong", "shared", "mean", "fitted", "fitted + memory")
    rows = {r["condition"]: r for r in table if r["measure"] == TEXT and r.get("against") == "none"}
    repositories = [name for name in names() if any(name in r for r in rows.values())]
    figure, axes = pyplot.subplots(figsize=(8.4, 4), layout="constrained")
    width = 0.8 / len(conditions)
    for number, condition in enumerate(c for c in conditions if c in rows):
        found = [(i, _number(rows[condition][n])) for i, n in enumerate(repositories) if n in rows[condition]]
        axes.bar([i + number * width for i, _ in found], [v for _, v in found], width, label=condition)
    axes.set_xticks([i + 0.35 for i in range(len(repositories))], repositories, rotation=20, ha="right", fontsize=8)
    axes.set_ylabel("M1, %")
    axes.axhline(0, color="black", lw=0.8)
    axes.set_title("Bits per byte of held-out text against the model alone")
    figure.legend(fontsize=8, ncols=len(conditions), loc="outside lower center")
    figure.savefig(RESULTS / "adapter-conditions.png", dpi=110, metadata={"Software": None})
    pyplot.close(figure)


if __name__ == "__main__":
    main()
