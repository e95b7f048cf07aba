"""What a forbidden name stands for inside this torch: its operators, their lower kernels, and functions written in Python.

Computed on the trusted side, once a kata; the jail (graders/refusal.py) makes each of them refuse. Kernels are read from
torch's own dispatcher, so that those of a new torch are found too.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from types import FunctionType
from typing import Any

import torch

from graders.policy import canonical

# how torch marks the parts that one operator is made of
PREFIXES = r"^(native_|special_|fused_|cudnn_|miopen_|mkldnn_|thnn_|triton_|quantized_|nested_|sparse_)"
SUFFIXES = r"(_out|_forward|_backward|_backward_data|_nd|_functional|_fwd|_)$"

# where the kernels below an operator are named otherwise: canonical name -> whole names of operators, without namespace
KERNELS = {
    "scaleddotproductattention": r"_?(scaled_dot_product|flash|efficient|cudnn|triton_scaled)_\w*attention\w*",
    "sparse.softmax": r"_sparse_softmax\w*",
    "sparse.logsoftmax": r"_sparse_log_softmax\w*",
    "softmax": r"_(safe|masked|nested_tensor)_softmax\w*",
    "batchnorm": r"\w*batch_norm\w*",
    "nll": r"nll_loss\w*",
    # oneDNN's tensors have a layer norm in TorchScript alone, prim::MKLDNNLayerNorm, which no dispatcher knows: none are made
    "layernorm": r"to_mkldnn|(mkldnn)?_reorder_\w+",
    "multiheadattention": r"_transformer_encoder_layer_fwd|_\w+_multi_head_attention",
}

# functions in Python that do the work under another name, imported already or not: (module, function)
BELOW = {
    "scaleddotproductattention": (
        ("torch.onnx.ops", "attention"),
        ("torch.onnx.ops._impl", "attention_23._init_fn"),  # an operator of torch.library: what it was made of
        # what torch.compile looks for in order to fuse it: attention by hand, thirty times
        *(("torch._inductor.fx_passes.fuse_attention", f"_sfdp_pattern_{number}") for number in range(1, 40)),
    ),
    "layernorm": (
        ("torch._refs", "_normalize"),
        ("torch._C", "_jit_to_static_module"),  # the static runtime has kernels of its own
        ("torch._C", "_fuse_to_static_module"),
    ),
    "batchnorm": (("torch._decomp.decompositions", "native_batch_norm_helper"),),
    "nll": (("torch.distributed.tensor.parallel.loss", "_nll_loss_forward"),),  # on a mesh of one process
    "attention.flexattention": (
        ("torch.nn.attention.flex_attention", "flex_attention"),
        ("torch._higher_order_ops.flex_attention", "math_attention"),
        ("torch._higher_order_ops.flex_attention", "_math_attention_inner"),
        ("torch._higher_order_ops.flex_attention", "sdpa_dense"),
    ),
}

# Dispatch keys whose kernels compute on a CPU. Autograd, autocast and the like only hand on to one of these; a composite
# kernel answers for every key that has none of its own.
COMPUTING = (
    "CPU",
    "SparseCPU",
    "SparseCsrCPU",
    "QuantizedCPU",
    "MkldnnCPU",
    "NestedTensorCPU",
    "CompositeImplicitAutograd",
    "CompositeImplicitAutogradNestedTensor",
    "CompositeExplicitAutograd",
    "CompositeExplicitAutogradNonFunctional",
    "FuncTorchBatched",
    "FuncTorchBatchedDecomposition",
    "FuncTorchVmapMode",
)
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
        name = _meant(rule)
        for operator in _operators().get(name, []) + _kernels(name):
            if keys := _keys(operator):
                operators.setdefault(operator, [rule, operator, keys])
        for place in _functions(rule, name, operators):
            functions.setdefault(place, rule)
    return {
        "operators": list(operators.values()),
        "functions": [[rule, module, path] for (module, path), rule in functions.items()],
    }


def _meant(rule: str) -> str:
    """The family that a forbidden name means; `masked.softmax` is none of softmax's."""
    whole = canonical(rule)
    return whole if "." in whole else _short(rule.rpartition(".")[2])


def _family(name: str) -> str:
    """nn.KLDivLoss and kl_div, nn.BatchNorm2d and batch_norm, multi_head_attention_forward and its module are one."""
    name = re.sub(r"(norm|loss)[123]d$", r"\1", name)
    return re.sub(r"(?<=multiheadattention)forward$|(?<=.)loss$", "", name)


def _short(name: str) -> str:
    """The family of an operator or function, by its name without what marks a part of it: native_, _forward, ..."""
    name = name.strip("_")
    while (shorter := re.sub(PREFIXES, "", re.sub(SUFFIXES, "", name))) != name:
        name = shorter
    return _family(name.replace("_", "").lower())


@cache
def _operators() -> dict[str, list[str]]:
    """Family -> full names of operators with their overloads."""
    found: dict[str, list[str]] = {}
    for whole in torch._C._dispatch_get_all_op_names():
        found.setdefault(_short(whole.split("::")[1].split(".")[0]), []).append(whole)
    return found


def _kernels(name: str) -> list[str]:
    pattern = KERNELS.get(name)
    if pattern is None:
        return []
    every = (whole for wholes in _operators().values() for whole in wholes)
    return [whole for whole in every if re.fullmatch(pattern, whole.split("::")[1].split(".")[0])]


def _keys(operator: str) -> list[str]:
    """The keys under which this operator has a kernel that computes; where none is left there is none that could be called."""
    return [key for key in COMPUTING if torch._C._dispatch_has_kernel_for_dispatch_key(operator, key)]


# -- functions and classes written in Python --------------------------------------------------------------------------


def _functions(rule: str, name: str, operators: dict[str, list[Any]]) -> set[tuple[str, str]]:
    """(module, path) of what does the same in Python: the name itself, its other homes, and torch's decompositions."""
    home, _, last = rule.rpartition(".")
    found = set(BELOW.get(name, ()))
    values = [*_namesakes().get(name, []), getattr(sys.modules.get(home), last, None)]
    for table in torch._decomp.global_decomposition_table.values():
        for overload, function in table.items():
            if isinstance(overload, torch._ops.OpOverload) and operators.get(_full_name(overload), [""])[0] == rule:
                values.append(function)
    for value in {id(value): value for value in values}.values():
        found |= _places(value)
    return found


def _full_name(overload: Any) -> str:
    return str(overload.name())


@cache
def _namesakes() -> dict[str, list[Any]]:
    """Family -> functions and classes of torch with that name, in all its homes but torch.masked, which has its own softmax."""
    found: dict[str, list[Any]] = {}
    for module, name, value in _members():
        if not module.startswith("torch.masked"):
            found.setdefault(_short(name), []).append(value)
    return found


@cache
def _members() -> list[tuple[str, str, Any]]:
    """(module, name, value) of every function and class that torch wrote in Python, wherever a module knows it."""
    modules = [(name, module) for name, module in sys.modules.items() if name == "torch" or name.startswith(HOMES)]
    return [
        (module_name, name, value)
        for module_name, module in modules
        for name, value in list(vars(module).items())
        if isinstance(value, FunctionType | type) and str(value.__module__).startswith("torch")
    ]


def _places(value: Any) -> set[tuple[str, str]]:
    """Where the jail finds a function or a class again: torch is imported there too."""
    if not isinstance(value, FunctionType | type) or value.__module__ == "torch._meta_registrations":  # shapes only
        return set()
    thing: Any = sys.modules.get(value.__module__)
    for part in value.__qualname__.split("."):
        thing = getattr(thing, part, None)
    if thing is value:
        return {(value.__module__, value.__qualname__)}
    return {(module, name) for module, name, other in _members() if other is value}  # wrapped, or renamed
