# hostile: downloads by torch and starts a process group; each must be a clean error, and soon
# line: B62
# verdict: passed
# prints: refused 4
import torch
import torch.distributed

refused = 0
for attempt in (
    lambda: torch.hub.load("pytorch/vision", "resnet18", trust_repo=True),
    lambda: torch.hub.load_state_dict_from_url("https://example.com/x.pth", model_dir="/tmp"),
    lambda: torch.hub.download_url_to_file("https://example.com/x.pth", "/tmp/x"),
    lambda: torch.distributed.init_process_group("gloo", init_method="tcp://127.0.0.1:29500", rank=0, world_size=1),
):
    try:
        attempt()
        print("ESCAPED")
    except Exception as error:
        print(type(error).__name__, str(error)[:100])
        refused += 1
print("refused", refused)
