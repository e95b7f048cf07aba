"""What a forbidden name stands for inside this torch: its operators, their lower kernels, and functions written in Python.

Computed on the trusted side, once a kata; the jail (graders/refusal.py) makes each of them refuse. The names of kernels are torch's
own, read from its dispatcher, so that a new torch's kernels are found too.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

import torch

from graders.policy import canonical

# how torch marks the parts that one operator is made of
PREFIXES = r"^(native_|special_|fused_|cudnn_|miopen_|mkldnn_|thnn_|triton_|quantized_|nested_|sparse_)"
SUFFIXES = r"(_out|_forward|_backward|_backward_data|_nd|_functional|_fwd|_)$"

# where the kernels below an operator are named otherwise: canonical name -> whole names of operators, without namespace
KERNELS = {
    "scaleddotproductattention": r"_?(scaled_dot_product|flash|efficient|cudnn|triton_scaled)_\w*attention\w*",
    "softmax": r"_(safe|masked|nested_tensor)_softmax\w*",
    "batchnorm": r"\w*batch_norm\w*",
    "nll": r"nll_loss\w*",
    "multiheadattention": r"_transformer_encoder_layer_fwd|_\w+_multi_head_attention",
}

# what does the work below a function of torch that is imported late: (module, function)
LATE = {
    "attention.flexattention": (
        ("torch.nn.attention.flex_attention", "flex_attention"),
        ("torch._higher_order_ops.flex_attention", "math_attention"),
        ("torch._higher_order_ops.flex_attention", "_math_attention_inner"),
        ("torch._higher_order_ops.flex_attention", "sdpa_dense"),
    )
}
HOMES = ("torch.nn", "torch._refs", "torch._decomp", "torch.functional", "torch.special", "torch.masked", "torch.ao.nn")

Plan = dict[str, list[list[Any]]]


@cache
def plan(forbidden: tuple[str, ...]) -> Plan:
    """What the jail is told: "operators" [rule, name, dispatch keys], "functions" [rule, module, path of attributes]."""
    operators: dict[str, list[Any]] = {}
    functions: dict[tuple[str, str], str] = {}
    for rule in forbidden:
        if rule.startswith("torch.Tensor."):  # only the method: an operator knows not how it was called
            functions.setdefault(("torch", rule.removeprefix("torch.")), rule)
            continue
        name = _family(canonical(rule))
        for operator in _operators().get(name, []) + _kernels(name):
            operators.setdefault(operator, [rule, operator, _keys(operator)])
        for place in _functions(rule, name, operators):
            functions.setdefault(place, rule)
    return {
        "operators": list(operators.values()),
        "functions": [[rule, module, path] for (module, path), rule in functions.items()],
    }


def _family(name: str) -> str:
    """nn.KLDivLoss and kl_div, nn.BatchNorm2d and batch_norm, multi_head_attention_forward and its module are one."""
    name = re.sub(r"(norm|loss)[123]d$", r"\1", name)
    return re.sub(r"(?<=multiheadattention)forward$|(?<=.)loss$", "", name)


@cache
def _operators() -> dict[str, list[str]]:
    """Family -> full names of operators with their overloads."""
    found: dict[str, list[str]] = {}
    for whole in torch._C._dispatch_get_all_op_names():
        name = whole.split("::")[1].split(".")[0].strip("_")
        while (shorter := re.sub(PREFIXES, "", re.sub(SUFFIXES, "", name))) != name:
            name = shorter
        found.setdefault(_family(name.replace("_", "").lower()), []).append(whole)
    return found


def _kernels(name: str) -> list[str]:
    pattern = KERNELS.get(name)
    if pattern is None:
        return []
    every = (whole for wholes in _operators().values() for whole in wholes)
    return [whole for whole in every if re.fullmatch(pattern, whole.split("::")[1].split(".")[0])]


@cache
def _dispatch_keys() -> tuple[str, ...]:
    """Keys that an operator can have a kernel for on a machine without other devices."""
    keys = []
    for key in dir(torch._C.DispatchKey):
        if key.startswith("_") or key in ("name", "value", "Autograd") or re.search(r"[A-Z]{3}(?<!CPU)$|HIP|Lazy", key):
            continue
        try:
            torch._C._dispatch_has_kernel_for_dispatch_key("aten::add.Tensor", key)
        except RuntimeError:  # a number of the enumeration, no key
            continue
        keys.append(key)
    return tuple(keys)


def _keys(operator: str) -> list[str]:
    """Every key under which a kernel would answer, and those that a plain CPU tensor has."""
    has = torch._C._dispatch_has_kernel_for_dispatch_key
    return ["CPU", "AutogradCPU", *(k for k in _dispatch_keys() if k not in ("CPU", "AutogradCPU") and has(operator, k))]


# -- functions and classes written in Python --------------------------------------------------------------------------


def _functions(rule: str, name: str, operators: dict[str, list[Any]]) -> set[tuple[str, str]]:
    """(module, path) of what does the same in Python: the name itself, its other homes, and torch's decompositions."""
    found = set(LATE.get(canonical(rule), ()))
    home, _, last = rule.rpartition(".")
    if rule in sys.modules or (home in sys.modules and not hasattr(sys.modules[home], last)):
        if _is_module(rule):  # the function of the same name in it, when it is imported
            found.add((rule, last))
    values = {id(value): value for value in _namesakes().get(name, [])}
    known = getattr(sys.modules.get(home), last, None)
    values[id(known)] = known
    for table in torch._decomp.global_decomposition_table.values():
        for overload, function in table.items():
            if isinstance(overload, torch._ops.OpOverload) and operators.get(_full_name(overload), [""])[0] == rule:
                values[id(function)] = function
    for value in values.values():
        found |= _places(value)
    return found


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _full_name(overload: Any) -> str:
    return str(overload.name())


@cache
def _namesakes() -> dict[str, list[Any]]:
    """Family -> functions and classes of torch with that name, in all its homes."""
    found: dict[str, list[Any]] = {}
    for module in [m for n, m in sys.modules.items() if n == "torch" or n.startswith(HOMES)]:
        for name, value in list(vars(module).items()):
            if isinstance(value, FunctionType | type) and str(value.__module__).startswith("torch"):
                if isinstance(module, ModuleType) and not (module.__name__ == "torch.masked._ops"):
                    found.setdefault(_family(name.replace("_", "").lower()), []).append(value)
    return found


def _places(value: Any) -> set[tuple[str, str]]:
    """Where the jail finds a function or a class again: the same import gives the same places there."""
    if not isinstance(value, FunctionType | type):
        return set()
    return {(value.__module__, value.__qualname__)} if _found_again(value) else _search(value)


def _found_again(value: Any) -> bool:
    thing: Any = sys.modules.get(value.__module__)
    for part in value.__qualname__.split("."):
        thing = getattr(thing, part, None)
    return thing is value


def _search(value: Any) -> set[tuple[str, str]]:
    """A function that was wrapped or renamed is known under another name than its own."""
    modules = [(n, m) for n, m in sys.modules.items() if n == "torch" or n.startswith(HOMES)]
    return {(n, name) for n, m in modules for name, other in list(vars(m).items()) if other is value}
