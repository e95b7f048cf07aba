# hostile: changes every global setting of torch, for itself and whoever comes next
# line: B98
# verdict: passed
# prints: fresh True
import torch

fresh = torch.get_default_dtype() is torch.float32 and torch.get_num_threads() == 1 and not hasattr(torch, "marked")
fresh = fresh and torch.is_grad_enabled() and not torch.are_deterministic_algorithms_enabled()
print("fresh", fresh)
torch.marked = True
torch.set_default_dtype(torch.float64)
torch.set_num_threads(8)
torch.manual_seed(0)
torch.use_deterministic_algorithms(True, warn_only=True)
torch.set_flush_denormal(True)
torch.backends.mkldnn.enabled = False
torch.autograd.set_detect_anomaly(True)
torch.set_printoptions(precision=1)
