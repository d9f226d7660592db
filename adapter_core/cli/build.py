"""`pathline build`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ModelError, UsageError
from ..paths import cache_dir
from .common import (
    EXIT_OK,
    add_model_argument,
    add_repo_arguments,
    add_root_argument,
    ctrl_c,
    note,
    print_json,
    printable,
    with_graph,
)
from .progress import Bar

if TYPE_CHECKING:
    from ..adapters.available import ForAnswers
    from ..adapters.fitting.options import FitOptions
    from ..adapters.manifest import Manifest
    from ..adapters.options import BuildOptions
    from ..adapters.remembering.sync import StoredMemory
    from ..adapters.targets import Shape
    from ..adapters.watching import Watcher
    from ..build import BuildModel, BuildReport
    from ..code_graph import CodeGraph
    from ..types import CancelToken

_EXAMPLE = "pathline build --repo . --fit --seconds 120"
_STAGES = {
    "embedding": "Embedding",
    "modules": "Modules",
    "memory": "Memory",
    "tokens": "Tokens",
    "fit": "Fitting",
    "judge": "Judging",
    "reading": "Reading",
}
_MANY_STEPS = 1_000_000  # with a budget in seconds, the text is the only other limit
_MAX_BUDGET, _SEEDS = 1e12, 1 << 63
_SCORES = {
    "text": "bits per byte of text",
    "bodies": "of bodies",
    "general": "of other prose",
    "mean_reciprocal_rank": "mean reciprocal rank of the right place for a question",
}
_NOTE = "it is the null model: kept for comparison, and mixed into nothing by itself"


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "build",
        help="build the memory and the adapters of a repository",
        description="Build what fits a model to a repository, into the cache folder or --out: an embedding with the adapter that is "
        "generated from it and a memory of what follows what in its files, in seconds, and with --fit an adapter that is trained on them, "
        "in minutes. Broken off with Ctrl-C, a fit goes on where it was.",
        epilog=f"example: {_EXAMPLE}",
    )
    add_repo_arguments(parser)
    _add_options(parser)
    parser.set_defaults(func=run)


def main(argv: Sequence[str] | None = None) -> int:
    """`python -I -m adapter_core.build`. Returns the exit code."""
    from .main import run_parser

    return run_parser(_module_parser, argv)


def _module_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -I -m adapter_core.build",
        description="Build what fits a model to a repository; the same as `pathline build`.",
        epilog=f"example: {_EXAMPLE.replace('pathline build --repo', 'python -I -m adapter_core.build')}",
    )
    add_root_argument(parser)
    _add_options(parser)
    parser.set_defaults(func=run)
    return parser


def _add_options(parser: argparse.ArgumentParser) -> None:
    add_model_argument(parser)
    parser.add_argument("--out", metavar="DIR", help="write there instead of into the cache folder")
    parser.add_argument(
        "--fit",
        action="store_true",
        help="also train an adapter on the repository's files, and keep it if it improves files that it has not seen",
    )
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--steps", type=int, metavar="N", help="steps of the fit, of 512 tokens each (default: 112)")
    budget.add_argument("--tokens", type=int, metavar="N", help="fit on this many tokens, instead of --steps")
    budget.add_argument("--seconds", type=float, metavar="S", help="fit for about this long, instead of --steps")
    parser.add_argument(
        "--questions",
        type=float,
        metavar="SHARE",
        help="share of the steps that train reading for questions made from docstrings, comments and tests (default: 0)",
    )
    parser.add_argument("--no-memory", action="store_true", help="leave the memory as it is")
    parser.add_argument("--rank", type=int, metavar="N", help="rank of the adapter's factors (default: 8)")
    parser.add_argument("--seed", type=int, metavar="N", help="seed of the adapter's first numbers (default: 0)")
    parser.add_argument(
        "--targets",
        metavar="NAMES",
        help="which layers are adapted: q_proj,v_proj and so on, attention, mlp or all (default: all)",
    )
    parser.add_argument(
        "--target-shapes",
        metavar="SHAPES",
        help="shapes of the targets, such as q_proj=4096:4096, instead of those of the model's configuration",
    )
    parser.add_argument(
        "--layer-gate", metavar="GATE", help="how strong each layer is: zmean, cosine, hump or linear (default: zmean)"
    )
    parser.add_argument(
        "--transport", metavar="FORM", help="store numbers as float32, float16 or int8 (default: float32)"
    )
    parser.add_argument("--modules", action="store_true", help="also embed each module, for a bank of adapters")
    parser.add_argument("--priors", action="store_true", help="weigh targets by what the graph holds")
    parser.add_argument("--scale-rank", action="store_true", help="let the repository's entropy choose the rank")
    parser.add_argument(
        "--report",
        metavar="PNG",
        help="draw where the adapter acts, with the model where it is installed (needs matplotlib)",
    )
    parser.add_argument("--rebuild", action="store_true", help="build it anew though nothing changed")


@dataclass(frozen=True, slots=True)
class _BuildRequest:
    """What to build, as parsed from the flags. `fit` None: no fit; `shapes` None: those of the model's configuration."""

    options: BuildOptions
    fit: FitOptions | None
    shapes: Mapping[str, Shape] | None


def run(args: argparse.Namespace) -> int:
    from ..models.sources import absolute_name

    options = _build_options(args)
    request = _BuildRequest(options, _fit_options(args, options), _target_shapes(args))
    # Relative to the working folder, which `with_graph` leaves.
    args.model = absolute_name(args.model)
    args.out = str(Path(args.out).expanduser().absolute()) if args.out else None
    args.report = str(Path(args.report).expanduser().absolute()) if args.report else None
    if args.report:
        from ..adapters.report import check_library

        check_library()
    with ctrl_c() as cancel:
        return with_graph(args, cancel, lambda graph: _build(graph, args, request, cancel))


def _build_options(args: argparse.Namespace) -> BuildOptions:
    from dataclasses import replace

    from ..adapters.options import LAYER_GATES, BuildOptions
    from ..adapters.targets import parse_targets
    from ..adapters.transport import TRANSPORTS

    options = BuildOptions(priors=args.priors, modules=args.modules)
    generator = options.generator
    if args.rank is not None:
        if not 1 <= args.rank <= 512:
            raise UsageError("--rank must be from 1 to 512.")
        if args.scale_rank:
            raise UsageError("--scale-rank chooses the rank, and --rank gives it; use one of them.")
        generator = replace(generator, rank=args.rank)
    if args.seed is not None:
        if not 0 <= args.seed < _SEEDS:
            raise UsageError("--seed must be from 0 to 2**63 - 1.")
        generator = replace(generator, seed=args.seed)
    if args.targets is not None:
        generator = replace(generator, targets=parse_targets(args.targets))
    for name, value, allowed in (
        ("layer-gate", args.layer_gate, LAYER_GATES),
        ("transport", args.transport, TRANSPORTS),
    ):
        if value is not None and value not in allowed:
            raise UsageError(f"--{name} must be one of {', '.join(allowed)}.")
    if args.layer_gate is not None:
        generator = replace(generator, layer_gate=args.layer_gate)
    if args.transport is not None:
        options = replace(options, transport=args.transport)
    return replace(options, generator=generator, capacity=replace(options.capacity, enabled=args.scale_rank))


def _fit_options(args: argparse.Namespace, options: BuildOptions) -> FitOptions | None:
    """None without `--fit`."""
    from dataclasses import replace

    from ..adapters.fitting.options import FitOptions

    budgets = {"steps": args.steps, "tokens": args.tokens, "seconds": args.seconds}
    for name, value in budgets.items():
        if value is not None and not args.fit:
            raise UsageError(f"--{name} is the budget of a fit: give --fit, too.")
        if value is not None and not 0 < value < _MAX_BUDGET:
            raise UsageError(f"--{name} must be more than 0 and less than {_MAX_BUDGET:.0e}.")
    if args.questions is not None and (not args.fit or not 0 <= args.questions <= 1):
        raise UsageError("--questions is the share, 0 to 1, of a fit's steps: give --fit, too.")
    if not args.fit:
        return None
    if args.target_shapes is not None:
        raise UsageError("--fit trains the model itself, whose shapes are known; it does not go with --target-shapes.")
    fit = FitOptions(rank=options.generator.rank, targets=options.generator.targets, low_priority=True)
    if args.seed is not None:
        fit = replace(fit, seed=args.seed)
    if args.questions is not None:
        fit = replace(fit, questions=args.questions)
    if args.steps is not None:
        return replace(fit, steps=args.steps)
    if args.tokens is not None:
        return replace(fit, steps=max(args.tokens // (fit.batch * fit.length), 1))
    return replace(fit, steps=_MANY_STEPS, seconds=args.seconds) if args.seconds is not None else fit


def _target_shapes(args: argparse.Namespace) -> dict[str, Shape] | None:
    from ..adapters.targets import parse_target_shapes

    return parse_target_shapes(args.target_shapes) if args.target_shapes is not None else None


@dataclass(frozen=True, slots=True)
class _BuildResult:
    """`memory`: None if it was left as it is or could not be built; `problem` then says why. `fitted`: None without --fit."""

    report: BuildReport
    memory: StoredMemory | None
    fitted: BuildReport | None
    problem: str


def _build(graph: CodeGraph, args: argparse.Namespace, request: _BuildRequest, cancel: CancelToken) -> int:
    from ..adapters.available import for_answers
    from ..build import find_model
    from ..graph.cache.folder import enforce_cap

    model = find_model(args.model, request.shapes)
    result = _run_builds(graph, model, args, request, cancel)
    if args.out is None and graph.store.path is not None:
        enforce_cap(cache_dir(), graph.store.path)
    if args.report:
        _draw(graph, args, result, cancel)
    available = for_answers(graph, model.name, model.digest, result.report.folder)
    if args.json:
        print_json(_result_dict(result, available))
        return EXIT_OK
    _print(result.report, args.report)
    _print_available(result.memory, result.fitted, available)
    for text in (result.problem, *available.notes):
        note(text)
    return EXIT_OK


def _run_builds(
    graph: CodeGraph, model: BuildModel, args: argparse.Namespace, request: _BuildRequest, cancel: CancelToken
) -> _BuildResult:
    """Build everything that was requested, with a progress bar for each stage."""
    from ..adapters.watching import Watcher
    from ..build import build_adapters
    from ..build_fitted import FittedOptions, build_fitted

    fitted = None
    with Bar() as bar:
        watcher = Watcher(lambda stage, *at: bar.show(_STAGES.get(stage, stage), *at), cancel)
        report = build_adapters(graph, model, args.out, request.options, rebuild=args.rebuild, watcher=watcher)
        memory, problem = (None, "") if args.no_memory else _memory(graph, model, report.folder, watcher)
        if request.fit is not None:
            options = FittedOptions(request.fit, transport=request.options.transport)
            fitted = build_fitted(graph, model, report.folder, options, rebuild=args.rebuild, watcher=watcher)
    return _BuildResult(report, memory, fitted, problem)


def _result_dict(result: _BuildResult, available: ForAnswers) -> dict[str, Any]:
    return {
        "schema": 1,
        **_report_dict(result.report),
        "memory": _memory_dict(result.memory),
        "fitted": _report_dict(result.fitted) if result.fitted is not None else None,
        "for_answers": available.as_dict(),
        "notes": [result.problem] if result.problem else [],
    }


def _memory(graph: CodeGraph, model: BuildModel, folder: Path, watcher: Watcher) -> tuple[StoredMemory | None, str]:
    """The memory, or None and the reason: everything else can be built without the model's tokenizer."""
    from ..build_fitted import build_memory
    from ..errors import AdapterError

    try:
        return build_memory(graph, model, folder, watcher), ""
    except ModelError as error:
        return None, str(error)
    except OSError as error:
        raise AdapterError(f"The folder {folder} cannot be written ({error}): name another one with --out.") from error


def _report_dict(report: BuildReport) -> dict[str, Any]:
    return {
        "folder": str(report.folder),
        "reused": report.reused,
        "seconds": report.seconds,
        "manifest": report.manifest.as_dict(),
    }


def _memory_dict(stored: StoredMemory | None) -> dict[str, Any] | None:
    if stored is None:
        return None
    return {
        "file": str(stored.file),
        "files": len(stored.memory.files),
        "read": stored.read,
        "tokens": stored.memory.token_count,
        "bytes": stored.file.stat().st_size,
    }


def _draw(graph: CodeGraph, args: argparse.Namespace, result: _BuildResult, cancel: CancelToken) -> None:
    """Draw the fitted adapter, if one was asked for, else the generated one."""
    from ..adapters.report import compare, draw_report

    folder = (result.fitted or result.report).folder
    try:
        changed = compare(graph, args.model, folder, cancel)
    except ModelError as error:
        changed = []
        note(f"the picture does not show which tokens it changes: {error}")
    draw_report(folder, args.report, changed, result.report.folder)


def _print(report: BuildReport, drawn: str | None) -> None:
    manifest = report.manifest
    data, took = manifest.data, sum(report.seconds.values())
    what = "Nothing has changed since it was built" if report.reused else f"Built in {took:.1f} s"
    print(printable(f"{what}: {report.folder}"))
    print(
        printable(
            f"  for {manifest.model['name']}: {manifest.model['layers']} layers, rank {manifest.rank}, "
            f"{', '.join(manifest.target_shapes)}"
        )
    )
    modules = f", {data['modules']:,} modules" if data["modules"] else ""
    print(f"  from {data['files']:,} files, {data['bytes'] / 1e6:.1f} MB{modules}")
    print(f"  {manifest.kind}{': ' + _NOTE if manifest.kind == 'generated' else ''}")
    if drawn:
        print(printable(f"  drawn in {drawn}"))
    note(manifest.reason)


def _print_available(memory: StoredMemory | None, fitted: BuildReport | None, available: ForAnswers) -> None:
    if memory is not None:
        size = memory.file.stat().st_size / 1e6
        read = f"{memory.read:,} read anew" if memory.read else "nothing has changed"
        print(
            f"Memory of {len(memory.memory.files):,} files, {memory.memory.token_count:,} tokens, {size:.1f} MB; {read}"
        )
    manifest = fitted.manifest if fitted is not None else available.manifest
    if manifest is None:
        return
    settings, took = manifest.settings, ""
    if fitted is not None:
        took = (
            "; nothing has changed since" if fitted.reused else f", {sum(fitted.seconds.values()):.0f} s with judging"
        )
    steps, tokens = settings.get("steps", 0), settings.get("tokens", 0)
    print(f"Fitted adapter, rank {manifest.rank}: {steps} steps, {tokens:,} tokens{took}")
    for score in manifest.scores:
        figures = ", ".join(f"{score[name]:.4f} {what}" for name, what in _SCORES.items() if name in score)
        print(printable(f"  {score.get('condition', '')!s:<30} {figures}"))
    print(f"  {_verdict(manifest)}")


def _verdict(manifest: Manifest) -> str:
    if manifest.kept:
        return (
            f"kept at scale {manifest.scale:g}, the best of those at which it improves text and function bodies of files that it has not "
            "seen, by whatever amount: answers may use it"
        )
    return "not kept: it does not improve both text and function bodies of files that it has not seen without harm to other prose"
