"""Whether two copies of a model, on two devices, compute the same from the same codes.

Codes that are drawn part ways after one tie, so what is compared are the networks' outputs
for inputs that both are given. It knows no system: networks are found wherever they lie.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Final

import torch
from torch import Tensor, nn

from ...systems.contract import CodeGuesser, Generator

CALLS_KEPT: Final = 2
"""Calls of each network that are replayed."""

Path = tuple[str, ...]
"""Names of attributes from the generator down to a network."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a network was given on the CPU, and what it made of that."""

    path: Path
    inputs: tuple[tuple[Any, ...], dict[str, Any]]
    output: Any


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the other device is from the CPU."""

    guesses: float
    """Largest difference of a log-probability of a hidden base code, nats."""

    features: float
    """Largest difference of a decoded feature beside the features' own spread."""

    networks: dict[str, float]
    """For each network the largest difference beside its output's own spread."""


def find_networks(thing: Any, path: Path = ()) -> Iterator[tuple[Path, nn.Module]]:
    """Yield every network in a tree of dataclasses with the names that lead to it."""
    if isinstance(thing, nn.Module):
        yield path, thing
    elif is_dataclass(thing):
        for field in fields(thing):
            yield from find_networks(getattr(thing, field.name), (*path, field.name))


def network_at(thing: Any, path: Path) -> nn.Module:
    """Return the network to which names lead; a number or name inside a network, too."""
    for name in path:
        thing = getattr(thing, name)
    assert isinstance(thing, nn.Module)
    return thing


@contextmanager
def recorded_calls(generator: Generator) -> Iterator[list[Call]]:
    """Record what the networks are given and return, of each the first few calls.

    A network's parts count by themselves where they are called without the whole.
    """
    recorder = _Recorder()
    hooks = []
    seen: set[int] = set()
    for path, network in find_networks(generator):
        for name, part in network.named_modules():
            if id(part) in seen:  # one network may lie at two places
                continue
            seen.add(id(part))
            place = (*path, *(name.split(".") if name else ()))
            recorder.places[id(part)] = place
            hooks.append(part.register_forward_pre_hook(recorder.enter, with_kwargs=True))
            hooks.append(part.register_forward_hook(recorder.leave, always_call=True))
    try:
        yield recorder.calls
    finally:
        for hook in hooks:
            hook.remove()


class _Recorder:
    """Keeps the outermost calls: a call inside another one is part of that."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.places: dict[int, Path] = {}
        self._counts: dict[Path, int] = {}
        self._depth = 0
        self._inputs: Any = None

    def enter(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        """Copy the inputs of an outermost call: what they hold may be written to."""
        place = self.places[id(module)]
        if self._depth == 0:
            is_kept = self._counts.get(place, 0) < CALLS_KEPT
            self._inputs = deepcopy((args, kwargs)) if is_kept else None
        self._depth += 1

    def leave(self, module: nn.Module, _: Any, output: Any) -> None:
        """Keep the call, if it was an outermost one of the first few."""
        self._depth -= 1
        if self._depth == 0 and self._inputs is not None:
            place = self.places[id(module)]
            self._counts[place] = self._counts.get(place, 0) + 1
            self.calls.append(Call(place, self._inputs, deepcopy(output)))


@torch.inference_mode()
def replay(calls: list[Call], generator: Generator) -> dict[str, float]:
    """Give another copy's networks the recorded inputs; return how far each is from the CPU.

    Networks are told apart by the first names of their places.
    """
    found: dict[str, float] = {}
    for call in calls:
        network = network_at(generator, call.path)
        kind = next((p.dtype for p in network.parameters() if p.is_floating_point()), None)
        args, kwargs = moved(call.inputs, generator.device, kind)
        name = ".".join(call.path[:3])
        found[name] = max(found.get(name, 0.0), difference(call.output, network(*args, **kwargs)))
    return found


def moved(values: Any, device: torch.device, kind: torch.dtype | None) -> Any:
    """Return tensors in tuples, lists, dictionaries and dataclasses on a device.

    Args:
        values: tensors, or what holds some.
        device: where they go.
        kind: what numbers with a point become; None leaves them.
    """
    if isinstance(values, Tensor):
        return values.to(device, kind if values.is_floating_point() else None)
    if isinstance(values, tuple | list):
        return type(values)(moved(value, device, kind) for value in values)
    if isinstance(values, dict):
        return {name: moved(value, device, kind) for name, value in values.items()}
    if is_dataclass(values) and not isinstance(values, type):
        names = [field.name for field in fields(values)]
        return replace(values, **{n: moved(getattr(values, n), device, kind) for n in names})
    return values


def difference(expected: Any, found: Any) -> float:
    """Return the largest difference of two outputs beside the first one's spread.

    Where both are not finite, as at codes that are forbidden, they agree.
    """
    if isinstance(expected, tuple | list):
        each = [difference(e, f) for e, f in zip(expected, found, strict=True)]
        return max(each, default=0.0)
    if not isinstance(expected, Tensor) or expected.numel() == 0:
        return 0.0
    wanted, got = expected.detach().float().cpu(), found.detach().float().cpu()
    apart = torch.where(wanted == got, torch.zeros_like(wanted), (wanted - got).abs())
    spread = float(wanted[wanted.isfinite()].std(unbiased=False)) if wanted.numel() > 1 else 0.0
    return float(apart.max()) / max(spread, 1e-6)


@torch.inference_mode()
def compare(cpu: Generator, other: Generator, calls: list[Call], prompt: str) -> Agreement:
    """Compare two copies of a model that offers guesses of base codes.

    Args:
        cpu: the copy on the CPU.
        other: the one on the other device.
        calls: recorded on the CPU's copy.
        prompt: what the guesses are told.
    """
    assert isinstance(cpu, CodeGuesser)
    assert isinstance(other, CodeGuesser)
    codes, hidden = _codes(cpu)
    expected, _ = cpu.guess_codes(codes, hidden, prompt)
    found, _ = other.guess_codes(codes, hidden, prompt)
    apart = torch.where(expected == found, torch.zeros_like(expected), (expected - found).abs())
    features = [
        each.main_tokenizer.decode(codes[None].to(each.device)) for each in (cpu, other)
    ]
    return Agreement(float(apart.max()), difference(*features), replay(calls, other))


def _codes(guesser: CodeGuesser, steps: int = 45) -> tuple[Tensor, Tensor]:
    """Return random codes (S, P, Q) of 6 s, and which base codes (S, P) are hidden: half."""
    random = torch.Generator().manual_seed(0)
    tokenizer = guesser.main_tokenizer
    shape = steps, len(tokenizer.parts), tokenizer.stages
    codes = torch.randint(tokenizer.codebook_size, shape, generator=random)
    return codes, torch.rand(shape[:2], generator=random) < 0.5
