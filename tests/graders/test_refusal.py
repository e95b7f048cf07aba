"""Forbidden operators refuse in a real jail, however their name is hidden; what is allowed works beside them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from graders.grade import Grader
from graders.operators import plan
from graders.selfcheck import reference_code
from graders.verdict import Report, Verdict
from katas.bank import Bank

BANK = Bank.open()
HEAD = """

import torch

def name(hidden):
    return hidden[::-1]

x = torch.ones(2, 3, 4)
"""


def grade(grader: Grader, kata: str, code: str) -> Report:
    """The report on the right answer with `code` after it, carried out while the file is loaded."""
    right = reference_code(BANK.kata(kata)).decode()
    return grader.grade(BANK.kata(kata), (right + HEAD + code + "\n").encode(), seed=1)


ATTENTION = "noitnetta_tcudorp_tod_delacs"
REFUSED = {
    "the function": ("scaled_dot_product_attention", f"getattr(torch.nn.functional, name('{ATTENTION}'))(x, x, x)"),
    "with gradients": (
        "scaled_dot_product_attention",
        f"getattr(torch.nn.functional, name('{ATTENTION}'))(x.requires_grad_(), x, x)",
    ),
    "torch.ops": ("scaled_dot_product_attention", f"getattr(torch.ops.aten, name('{ATTENTION}'))(x, x, x)"),
    "the kernel for CPUs": (
        "scaled_dot_product_attention",
        f"getattr(torch.ops.aten, '_' + name('{ATTENTION}'.replace('tcud', 'tcud')) + '_math')(x, x, x)",
    ),
    "vmap": (
        "scaled_dot_product_attention",
        f"torch.vmap(getattr(torch.nn.functional, name('{ATTENTION}')))(x[None], x[None], x[None])",
    ),
    "nested tensors": (
        "scaled_dot_product_attention",
        f"n = torch.nested.nested_tensor([x, x]); getattr(torch.nn.functional, name('{ATTENTION}'))(n, n, n)",
    ),
    "without dispatch keys": (
        "scaled_dot_product_attention",
        "with torch._C._ExcludeDispatchKeyGuard(torch._C._dispatch_keys(x)):\n"
        f"    getattr(torch.nn.functional, name('{ATTENTION}'))(x, x, x)",
    ),
    "inference mode": (
        "scaled_dot_product_attention",
        f"with torch.inference_mode():\n    getattr(torch.nn.functional, name('{ATTENTION}'))(x, x, x)",
    ),
    "caught": (
        "scaled_dot_product_attention",
        f"try:\n    getattr(torch.nn.functional, name('{ATTENTION}'))(x, x, x)\nexcept RuntimeError:\n    pass",
    ),
    "a module": ("multi_head_attention", "getattr(torch.nn, name('noitnettAdaehitluM'))(4, 2)"),
    "a function in Python": (
        "multi_head_attention",
        "getattr(torch.nn.functional, name('drawrof_noitnetta_daeh_itlum'))(x, x, x)",
    ),
    "a native kernel": ("layer_norm", "getattr(torch, name('mron_reyal_evitan'))(x, (4,), None, None, 1e-5)"),
    "a reference in Python": (
        "layer_norm",
        "getattr(torch._refs.nn.functional, name('mron_reyal'))(x, (4,), None, None, 1e-5)",
    ),
    "a decomposition": (
        "cross_entropy",
        "getattr(torch._decomp.decompositions, name('drawrof_ssol_lln'))(x[0], torch.tensor([0, 1, 2]), None, 1, -100)",
    ),
    "a masked operator": ("masked_softmax", "getattr(torch.masked, name('xamtfos'))(x, -1, mask=x > 0)"),
    "a masked operator of the negative": (
        "masked_softmax",
        "getattr(torch.masked, name('nimtfos'))(-x, -1, mask=x > 0)",
    ),
    "a sparse operator": (
        "masked_softmax",
        "getattr(torch.ops.aten, '_' + name('xamtfos_esraps'))(x.to_sparse(), -1, False)",
    ),
    "an operator on oneDNN's tensors": (
        "layer_norm",
        "getattr(torch.ops.aten, name('mron_hctab_evitan'))(\n"
        "    torch.empty(1, 6, 4, 1, layout=torch._mkldnn), x[0, 0], x[0, 0], None, None, True, 0.1, 1e-5)",
    ),
    "an operator of TorchScript alone": (
        "layer_norm",
        "m = [torch.ones(4).to_mkldnn()] * 3\n"
        "getattr(torch.ops.prim, name('mroNreyaLNNDLKM'))(m[0], [4], m[1], m[2], 1e-5, False)",
    ),
    "the static runtime": (
        "layer_norm",
        "unit = torch.jit.CompilationUnit(\n"
        "    'def f(x):\\n    # type: (Tensor) -> Tensor\\n    return torch.' + name('mron_reyal') + '(x, [4]) + 0\\n')\n"
        "torch._C._jit_to_static_module(unit.f.graph)(x)",
    ),
    "below a decomposition": (
        "layer_norm",
        "getattr(torch._decomp.decompositions, name('repleh_mron_hctab_evitan'))(\n"
        "    x.reshape(1, 6, 4), None, None, None, None, True, 0.1, 1e-5, False)",
    ),
    "an operator of ONNX": (
        "scaled_dot_product_attention",
        "import importlib; table = importlib.import_module('torch.onnx.ops._impl').ONNX_ATEN_DECOMP_TABLE\n"
        "f = next(f for operator, f in table.items() if name('noitnettA') in str(operator))\n"
        "f(x[None], x[None], x[None], softcap=9.0)",
    ),
    "a loss of a device mesh": (
        "cross_entropy",
        "import importlib\n"
        "f = importlib.import_module('torch.distributed.tensor.parallel.loss')\n"
        "getattr(f, name('drawrof_ssol_lln_'))(x, None, None, None, 0, -100, x.shape, 1, None, 0)",
    ),
    "an alignment of one step": (
        "cross_entropy",
        "one = torch.ones(3, dtype=torch.int64)\n"
        "getattr(torch.nn.functional, name('ssol_ctc'))(x[:1].log_softmax(-1), one[:, None], one, one)",
    ),
    "a distribution": ("cross_entropy", "getattr(torch.distributions, name('lacirogetaC'))(logits=x)"),
    "a distribution made of another": (
        "cross_entropy",
        "getattr(torch.distributions, name('hguorhTthgiartSlacirogetaCtoHenO'))(logits=x)",
    ),
    "another method of a module": (
        "multi_head_attention",
        "from torch.ao.nn.quantizable.modules import activation\n"
        "kind = getattr(activation, name('noitnettAdaehitluM'))\n"
        "kind._forward_impl(kind.__new__(kind), x, x, x)",
    ),
    "imported late": (
        "multi_head_attention",
        "import importlib; f = importlib.import_module('torch.nn.attention.' + name('noitnetta_xelf'))\n"
        "getattr(f, name('noitnetta_xelf'))(x[None], x[None], x[None])",
    ),
}


@pytest.mark.parametrize("way", REFUSED)
def test_a_forbidden_operator_refuses_however_it_is_called(grader: Grader, way: str) -> None:
    kata, code = REFUSED[way]
    report = grade(grader, kata, code)
    assert report.verdict is Verdict.FORBIDDEN, (report.message, report.cases[:1])
    finding = report.policy[0]
    assert finding.rule in BANK.kata(kata).forbidden
    assert finding.line > 5
    assert finding.text
    assert report.message is not None
    assert finding.rule in report.message.en
    assert f"line {finding.line} calls" in report.message.en


ALLOWED = {
    "layers and softmax": ("multi_head_attention", "torch.softmax(torch.nn.Linear(4, 4)(x), -1).sum().backward()"),
    "attention where only its module is forbidden": (
        "transformer_encoder_layer",
        "torch.nn.functional.scaled_dot_product_attention(x, x, x)\ntorch.nn.LayerNorm(4)(x)",
    ),
    "log_softmax beside the losses": (
        "cross_entropy",
        "torch.nn.functional.log_softmax(x, -1).gather(-1, torch.zeros(2, 3, 1, dtype=torch.int64))\n"
        "torch.nn.functional.binary_cross_entropy(x.sigmoid(), x)\n"
        "torch.distributions.Normal(x, 1.0).log_prob(x), torch.special.entr(x)",
    ),
    "softmax beside the masked one": ("masked_softmax", "torch.softmax(x, -1), torch.nn.Softmax(-1)(x)"),
    "moments beside the norms": (
        "layer_norm",
        "torch.var_mean(x, -1), torch.linalg.vector_norm(x, dim=-1), torch.nn.functional.normalize(x)",
    ),
}


@pytest.mark.parametrize("what", ALLOWED)
def test_what_is_allowed_works_beside_the_forbidden(grader: Grader, what: str) -> None:
    report = grade(grader, *ALLOWED[what])
    assert report.verdict is Verdict.PASSED, (report.message, report.policy)


def test_every_attention_that_the_compiler_looks_for_refuses() -> None:
    """Read from the file: to import it in a jail takes seconds."""
    home = "torch._inductor.fx_passes.fuse_attention"
    source = Path(torch.__file__).parent.parent.joinpath(*home.split(".")).with_suffix(".py").read_text("utf-8")
    patterns = set(re.findall(r"(?m)^def (_sfdp_pattern_\w+)", source))
    assert len(patterns) >= 30
    functions = plan(BANK.kata("scaled_dot_product_attention").forbidden)["functions"]
    assert patterns <= {path for _, module, path in functions if module == home}


def test_the_next_submission_finds_its_operators_whole(grader: Grader) -> None:
    kata, code = REFUSED["the function"]
    assert grade(grader, kata, code).verdict is Verdict.FORBIDDEN
    assert grade(grader, *ALLOWED["attention where only its module is forbidden"]).verdict is Verdict.PASSED


def test_a_submission_that_claims_refusals_of_other_names_is_judged_as_usual(grader: Grader) -> None:
    code = "from graders import refusal\nrefusal._told += [['torch.exp', 1, ''], 5, [1, 2, 3], ['x', 'y', []]]"
    assert grade(grader, "layer_norm", code).verdict is Verdict.PASSED
