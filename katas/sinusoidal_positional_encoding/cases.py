"""Cases of sinusoidal_positional_encoding."""

from collections.abc import Iterator
from typing import Any

from torch import Tensor


def scaled_or_zero(noisy: Tensor, clean: Tensor, dropout: float, fewest: int, most: int) -> bool:
    """Every number is 0 or the clean one over 1 - dropout, and as many survive as 1024 coins allow but for 1 run in 1e9."""
    noisy, wanted = noisy.double(), clean.double() / (1 - dropout)
    kept = noisy != 0
    return bool(((noisy - wanted).abs()[kept] < 1e-5).all()) and fewest <= int(kept.sum()) <= most


def nothing_trained(facts: dict[str, Any]) -> bool:
    """No parameter that an optimiser would change."""
    return not any(trainable for _, _, trainable in facts["parameters"])


def registered(facts: dict[str, Any]) -> bool:
    """Something that follows the module to another device or dtype."""
    return bool(facts["buffers"] or facts["parameters"])


def cases(draw: Any) -> Iterator[Any]:
    """Values, batch-first, odd widths, the table's end, a buffer and not a parameter, dropout."""
    case = draw.case("a batch of sentences", "一批句子", visible=True)
    encode = case.unweighted(8, 50)
    encode(case.normal(2, 6, 8))
    yield case

    case = draw.case("zeros in, the table out", "输入全零，输出即位置表", visible=True)
    encode = case.unweighted(6, 16)
    encode(case.normal(1, 9, 6, scale=0.0))
    yield case

    case = draw.case("an odd width", "奇数宽度", visible=True)
    encode = case.unweighted(7, 20)
    encode(case.normal(2, 5, 7))
    yield case

    case = draw.case("positions up to sixty", "位置多达六十")
    encode = case.unweighted(6, 64)
    encode(case.normal(1, 60, 6))
    yield case

    case = draw.case("the default length of the table", "位置表取默认长度")
    encode = case.unweighted(4)
    encode(case.normal(2, 3, 4))
    yield case

    case = draw.case("a wide model", "较宽的模型")
    encode = case.unweighted(64, 8)
    encode(case.normal(1, 4, 64))
    yield case

    case = draw.case("as many sentences as tokens", "句子数恰好等于词数")
    encode = case.unweighted(4, 10)
    encode(case.normal(5, 5, 4))
    yield case

    case = draw.case("dropout is off in eval mode", "eval 模式下不做 dropout")
    encode = case.unweighted(6, 10, dropout=0.5)
    encode(case.normal(2, 5, 6))
    yield case

    case = draw.case("training without dropout adds the same table", "训练模式、dropout 为 0 时结果不变")
    encode = case.unweighted(6, 10)
    encode.train()
    encode(case.normal(2, 5, 6))
    yield case

    case = draw.case("in training, dropout 1 leaves nothing", "训练模式下 dropout 为 1 时一个不留", degenerate=True)
    encode = case.unweighted(4, 8, dropout=1.0)
    encode.train()
    encode(case.normal(2, 3, 4))
    yield case

    # -- gradients -------------------------------------------------------------------------------------------------

    case = draw.case("gradient of the tokens", "对词向量的梯度", group="gradient")
    encode = case.unweighted(6, 12)
    x = case.normal(2, 5, 6)
    case.backward(encode(x), wrt=(x,))
    yield case

    case = draw.case("gradient at an odd width", "奇数宽度时的梯度", group="gradient")
    encode = case.unweighted(5, 12)
    x = case.normal(3, 4, 5)
    case.backward(encode(x), wrt=(x,))
    yield case

    # -- properties ------------------------------------------------------------------------------------------------

    case = draw.case("every sentence receives the same table", "每个句子加的是同一张表", group="property")
    encode, x = case.unweighted(6, 10), case.normal(1, 4, 6)
    out = encode(x.expand(3, 4, 6))
    case.same(out[1], out[0], "equal sentences came out different", "相同的句子得到了不同的结果")
    case.same(out[2], out[0], "equal sentences came out different", "相同的句子得到了不同的结果")
    yield case

    case = draw.case("the same word differs from place to place", "同一个词在不同位置上结果不同", group="property")
    encode = case.unweighted(8, 20)
    out = encode(case.normal(1, 1, 8).expand(2, 12, 8))
    case.holds(
        lambda y: all(float((y[0, p] - y[0, q]).double().abs().max()) > 0.05 for p in range(12) for q in range(p)),
        out,
        en="two positions received the same vector",
        zh="有两个位置得到了相同的向量",
    )
    yield case

    case = draw.case("a prefix is encoded as in the whole", "前缀的编码与整句中一致", group="property")
    encode, x = case.unweighted(6, 16), case.normal(2, 9, 6)
    whole, prefix = encode(x), encode(x[:, :4])
    case.same(
        prefix, whole[:, :4], "what comes later changed the encoding of a position", "后面的词改变了前面位置的编码"
    )
    yield case

    case = draw.case("closeness depends on the distance alone", "两个位置的内积只取决于距离", group="property")
    encode = case.unweighted(8, 32)
    table = encode(case.normal(1, 30, 8, scale=0.0))

    def only_distance(y: Tensor) -> bool:
        rows = y[0].double()
        products = rows @ rows.T
        return all(float(products.diagonal(d).max() - products.diagonal(d).min()) < 1e-4 for d in (0, 1, 5, 17))

    case.holds(
        only_distance,
        table,
        en="table[p] @ table[p + d] must be the same for every p",
        zh="table[p] 与 table[p + d] 的内积不应随 p 变化",
    )
    yield case

    # -- shapes ----------------------------------------------------------------------------------------------------

    case = draw.case("one sentence of one token", "一个句子一个词", group="shapes")
    encode = case.unweighted(4, 5)
    encode(case.normal(1, 1, 4))
    yield case

    case = draw.case("the narrowest widths", "最窄的宽度", group="shapes")
    one, two, three = case.unweighted(1, 6), case.unweighted(2, 6), case.unweighted(3, 6)
    one(case.normal(2, 4, 1))
    two(case.normal(2, 4, 2))
    three(case.normal(2, 4, 3))
    yield case

    case = draw.case("more sentences than the table has positions", "句子数多于表中的位置数", group="shapes")
    encode = case.unweighted(4, 3)
    encode(case.normal(7, 2, 4))
    yield case

    case = draw.case("exactly as long as the table", "长度恰好等于 max_len", group="shapes")
    encode = case.unweighted(6, 7)
    encode(case.normal(2, 7, 6))
    yield case

    case = draw.case("tokens transposed from (L, B, D)", "由 (L, B, D) 转置而来的输入", group="shapes")
    encode = case.unweighted(6, 10)
    encode(case.normal(5, 2, 6).transpose(0, 1))
    yield case

    case = draw.case("bfloat16 in, bfloat16 out", "输入 bfloat16，输出 bfloat16", group="shapes", dtype="bfloat16")
    encode = case.unweighted(8, 16)
    encode(case.normal(2, 5, 8))
    yield case

    case = draw.case("float16 in, float16 out", "输入 float16，输出 float16", group="shapes", dtype="float16")
    encode = case.unweighted(7, 16)
    encode(case.normal(2, 5, 7))
    yield case

    # -- refusals, random results, hygiene -------------------------------------------------------------------------

    case = draw.case("one position too many", "多出一个位置", group="errors")
    encode = case.unweighted(6, 8)
    encode(case.normal(2, 9, 6))
    case.refused("9 positions for a table of max_len 8", "max_len 为 8，输入却有 9 个位置")
    yield case

    case = draw.case("one position more than the default table", "比默认的表多出一个位置", group="errors")
    encode = case.unweighted(2)
    encode(case.normal(1, 5001, 2))
    case.refused(
        "5001 positions for a table of the default max_len 5000", "max_len 取默认值 5000，输入却有 5001 个位置"
    )
    yield case

    case = draw.case("twice as long as an odd-width table", "奇数宽度、长度是 max_len 的两倍", group="errors")
    encode = case.unweighted(5, 4)
    encode(case.normal(1, 8, 5))
    case.refused("8 positions for a table of max_len 4", "max_len 为 4，输入却有 8 个位置")
    yield case

    case = draw.case("dropout falls on the sum", "dropout 作用在相加之后", group="distribution")
    encode, x = case.unweighted(16, 16, dropout=0.5), case.uniform(4, 16, 16, low=2.0, high=3.0)
    clean = encode(x)
    encode.train()
    case.holds(
        lambda noisy, quiet: scaled_or_zero(noisy, quiet, 0.5, 410, 614),  # 512, deviation 16
        case.unchecked(encode(x)),
        clean,
        en="with dropout 0.5, half of the numbers x + table become 0 and the others double",
        zh="dropout 为 0.5 时，x + table 的数应有一半变为 0，其余加倍",
    )
    yield case

    case = draw.case("a quarter is dropped", "四分之一被丢弃", group="distribution")
    encode, x = case.unweighted(16, 16, dropout=0.25), case.uniform(4, 16, 16, low=2.0, high=3.0)
    clean = encode(x)
    encode.train()
    case.holds(
        lambda noisy, quiet: scaled_or_zero(noisy, quiet, 0.25, 678, 858),  # 768, deviation 13.9
        case.unchecked(encode(x)),
        clean,
        en="with dropout 0.25, a quarter of the numbers become 0 and the others are divided by 0.75",
        zh="dropout 为 0.25 时，应有四分之一的数变为 0，其余除以 0.75",
    )
    yield case

    case = draw.case("a buffer and not a parameter", "是 buffer，不是参数", group="hygiene")
    encode = case.unweighted(6, 9)
    encode(case.normal(2, 4, 6))
    facts = encode.describe()
    case.holds(
        nothing_trained,
        facts,
        en="the table is a trainable parameter: an optimiser would change it",
        zh="位置表成了可训练的参数：优化器会改动它",
    )
    case.holds(
        registered,
        facts,
        en="nothing is registered as a buffer: the table stays behind when the module moves to another device or dtype",
        zh="没有注册任何 buffer：模块换设备或 dtype 时，位置表不会跟着走",
    )
    yield case

    case = draw.case("through a state_dict and back", "经 state_dict 存取一个来回", group="hygiene")
    encode, x = case.unweighted(5, 9), case.normal(2, 4, 5)
    first = encode(x)
    case.same(encode.reloaded()(x), first, "the reloaded module encodes otherwise", "重新载入之后编码变了")
    yield case

    case = draw.case("the same tokens encoded twice", "同一批词编码两次", group="hygiene")
    encode, x = case.unweighted(6, 9), case.normal(2, 4, 6)
    encode(x)
    encode(x)
    yield case
