// Stands in for CUDA's header of this name: threadIdx and its like are in cuda_runtime.h already.
#pragma once
#include "cuda_runtime.h"
