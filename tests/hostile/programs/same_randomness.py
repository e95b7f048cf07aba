# hostile: draws random numbers, to know those of the next run
# line: B116
# verdict: passed
# prints: drawn
import os
import random

import numpy
import torch

print("drawn", torch.initial_seed(), torch.rand(1).item(), random.random(), numpy.random.rand(), os.urandom(4).hex())
