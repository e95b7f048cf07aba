// What torch offers and a Transformer needs, with signatures: one line a namespace, `name(signature)` between bars.
// Kept short on purpose; names that a kata forbids are left out by completion.ts.

export const TORCH = `
arange(start=0, end, step=1, *, dtype=None, device=None)|argmax(input, dim=None, keepdim=False)|allclose(input, other, rtol=1e-05, atol=1e-08)
argsort(input, dim=-1, descending=False)|baddbmm(input, batch1, batch2, *, beta=1, alpha=1)|bernoulli(input, *, generator=None)|bfloat16|bmm(input, mat2)
bool|broadcast_to(input, shape)|cat(tensors, dim=0)|chunk(input, chunks, dim=0)|clamp(input, min=None, max=None)|complex(real, imag)|cos(input)
cumsum(input, dim)|device(type)|diag(input, diagonal=0)|diagonal(input, offset=0, dim1=0, dim2=1)|einsum(equation, *operands)
empty(*size, dtype=None, device=None)|empty_like(input)|equal(input, other)|erf(input)|exp(input)|eye(n, m=None, *, dtype=None, device=None)
finfo(type)|flatten(input, start_dim=0, end_dim=-1)|flip(input, dims)|float16|float32|float64|full(size, fill_value, *, dtype=None, device=None)
full_like(input, fill_value)|gather(input, dim, index)|Generator(device='cpu')|inf|int32|int64|isfinite(input)|isinf(input)|isnan(input)|linspace(start, end, steps)
log(input)|log_softmax(input, dim)|logical_and(input, other)|logical_not(input)|logical_or(input, other)|logsumexp(input, dim, keepdim=False)|long
masked_fill(input, mask, value)|masked_select(input, mask)|matmul(input, other)|max(input, dim, keepdim=False)|maximum(input, other)|mean(input, dim, keepdim=False)
meshgrid(*tensors, indexing='ij')|min(input, dim, keepdim=False)|minimum(input, other)|multinomial(input, num_samples, replacement=False, *, generator=None)|mv(input, vec)
nan|nan_to_num(input, nan=0.0, posinf=None, neginf=None)|no_grad()|norm(input, p='fro', dim=None)|numel(input)|ones(*size, dtype=None, device=None)|ones_like(input)
outer(input, vec2)|permute(input, dims)|polar(abs, angle)|pow(input, exponent)|rand(*size, generator=None)|randint(low, high, size)|randn(*size, generator=None)
repeat_interleave(input, repeats, dim=None)|reshape(input, shape)|roll(input, shifts, dims)|rsqrt(input)|scatter(input, dim, index, src)|sigmoid(input)|sin(input)
softmax(input, dim, dtype=None)|sort(input, dim=-1, descending=False)|split(tensor, split_size_or_sections, dim=0)|sqrt(input)|square(input)|squeeze(input, dim)
stack(tensors, dim=0)|std(input, dim, correction=1)|sum(input, dim, keepdim=False)|swapaxes(input, axis0, axis1)|take_along_dim(input, indices, dim)|tanh(input)
tensor(data, *, dtype=None, device=None)|Tensor|tile(input, dims)|topk(input, k, dim=-1, largest=True, sorted=True)|transpose(input, dim0, dim1)|tril(input, diagonal=0)
triu(input, diagonal=0)|unbind(input, dim=0)|unsqueeze(input, dim)|var(input, dim, correction=1)|view_as_complex(input)|view_as_real(input)|where(condition, input, other)
zeros(*size, dtype=None, device=None)|zeros_like(input)`;

export const FUNCTIONAL = `
binary_cross_entropy_with_logits(input, target)|cross_entropy(input, target, ignore_index=-100, reduction='mean')|dropout(input, p=0.5, training=True)
elu(input, alpha=1.0)|embedding(input, weight, padding_idx=None)|gelu(input, approximate='none')|glu(input, dim=-1)|kl_div(input, target, reduction='batchmean')
layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-05)|leaky_relu(input, negative_slope=0.01)|linear(input, weight, bias=None)
log_softmax(input, dim=None, dtype=None)|logsigmoid(input)|mse_loss(input, target)|nll_loss(input, target, ignore_index=-100, reduction='mean')
normalize(input, p=2.0, dim=1, eps=1e-12)|one_hot(tensor, num_classes=-1)|pad(input, pad, mode='constant', value=None)|relu(input)|rms_norm(input, normalized_shape, weight=None, eps=None)
scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None)|sigmoid(input)|silu(input)|softmax(input, dim=None, dtype=None)
softplus(input)|tanh(input)|unfold(input, kernel_size)`;

export const NN = `
Conv1d(in_channels, out_channels, kernel_size)|CrossEntropyLoss(ignore_index=-100, reduction='mean')|Dropout(p=0.5)|Embedding(num_embeddings, embedding_dim, padding_idx=None)
functional|GELU(approximate='none')|Identity()|init|LayerNorm(normalized_shape, eps=1e-05)|Linear(in_features, out_features, bias=True)|Module
ModuleDict(modules=None)|ModuleList(modules=None)|MultiheadAttention(embed_dim, num_heads, batch_first=False)|Parameter(data, requires_grad=True)|ParameterList(values=None)|ReLU()
RMSNorm(normalized_shape, eps=None)|Sequential(*modules)|SiLU()|Softmax(dim=None)|Tanh()`;

export const INIT = `
constant_(tensor, val)|kaiming_normal_(tensor)|kaiming_uniform_(tensor, a=0)|normal_(tensor, mean=0.0, std=1.0)|ones_(tensor)|uniform_(tensor, a=0.0, b=1.0)
xavier_normal_(tensor, gain=1.0)|xavier_uniform_(tensor, gain=1.0)|zeros_(tensor)`;

export const TENSOR = `
abs()|all(dim, keepdim=False)|amax(dim, keepdim=False)|any(dim, keepdim=False)|argmax(dim=None, keepdim=False)|bool()|chunk(chunks, dim=0)|clamp(min=None, max=None)|clone()
contiguous()|cos()|cumsum(dim)|detach()|device|diagonal(offset=0, dim1=0, dim2=1)|dim()|dtype|exp()|expand(*sizes)|expand_as(other)|flatten(start_dim=0, end_dim=-1)|flip(dims)
float()|gather(dim, index)|grad|half()|index_select(dim, index)|isnan()|item()|log()|log_softmax(dim)|logsumexp(dim, keepdim=False)|long()|masked_fill(mask, value)
masked_fill_(mask, value)|matmul(other)|max(dim, keepdim=False)|mean(dim, keepdim=False)|min(dim, keepdim=False)|movedim(source, destination)|mT|narrow(dim, start, length)
ndim|new_full(size, fill_value)|new_ones(size)|new_zeros(size)|norm(p='fro', dim=None)|numel()|permute(*dims)|pow(exponent)|repeat(*repeats)
repeat_interleave(repeats, dim=None)|requires_grad|requires_grad_(requires_grad=True)|reshape(*shape)|rsqrt()|scatter(dim, index, src)|scatter_(dim, index, src)|shape|sigmoid()|sin()|size(dim=None)
softmax(dim, dtype=None)|sort(dim=-1, descending=False)|split(split_size, dim=0)|sqrt()|squeeze(dim)|std(dim, correction=1)|stride()|sum(dim, keepdim=False)|T|tanh()|to(dtype)|to(other)
tolist()|topk(k, dim=-1)|transpose(dim0, dim1)|tril(diagonal=0)|triu(diagonal=0)|type_as(tensor)|unbind(dim=0)|unflatten(dim, sizes)|unfold(dimension, size, step)
unsqueeze(dim)|var(dim, correction=1)|view(*shape)|where(condition, other)`;

export const MODULE = `
add_module(name, module)|buffers()|children()|eval()|forward(x)|load_state_dict(state_dict)|modules()|named_modules()|named_parameters()|parameters()
register_buffer(name, tensor, persistent=True)|register_parameter(name, param)|state_dict()|to(dtype)|train(mode=True)|training|zero_grad()`;

export const MATH = `
ceil(x)|cos(x)|erf(x)|exp(x)|floor(x)|inf|isclose(a, b)|isqrt(n)|log(x)|log2(x)|nan|pi|pow(x, y)|prod(iterable)|sin(x)|sqrt(x)|tanh(x)`;
