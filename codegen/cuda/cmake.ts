/** `CMakeLists.txt` of a package with the CUDA driver: one executable of the package's name. */

/** The units that are compiled; `plan.cu` includes the kernels. */
const UNITS = ["cuda/main.cu", "cuda/plan.cu"];

export function cmakeText(name: string): string {
  return `# cmake -B build && cmake --build build && build/${name} --tokens 1,2,3
cmake_minimum_required(VERSION 3.18)

# Ampere and Hopper unless told otherwise: cmake -B build -DCMAKE_CUDA_ARCHITECTURES=89
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES AND NOT DEFINED ENV{CUDAARCHS})
  set(CMAKE_CUDA_ARCHITECTURES 80 90)
endif()
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release)
endif()

project(${name} LANGUAGES CXX CUDA)

# The target's own name is never one that CMake keeps for itself, as \`test\` is.
add_executable(llm_driver ${UNITS.join(" ")})
set_target_properties(llm_driver PROPERTIES
  OUTPUT_NAME ${name}
  CXX_STANDARD 17
  CXX_STANDARD_REQUIRED ON
  CXX_EXTENSIONS OFF
  CUDA_STANDARD 17
  CUDA_STANDARD_REQUIRED ON
  CUDA_EXTENSIONS OFF
  # A kernel called like a function of a library must not take its place.
  CUDA_VISIBILITY_PRESET hidden
)
if(NOT MSVC)
  target_compile_options(llm_driver PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra>)
endif()
`;
}
