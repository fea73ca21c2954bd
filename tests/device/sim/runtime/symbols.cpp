// The shared arrays of the compiled text, from the symbol table of this executable: `_ZZ4stepE4part`, an object in the
// section "cuda_sim_shared", is the array `part` of the kernel `step`.
#include <cxxabi.h>
#include <elf.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "memory.h"

namespace cuda_sim {

namespace {

// [begin, end)
using Ranges = std::vector<std::pair<uintptr_t, uintptr_t>>;

struct Symbols {
  std::vector<Region> shared;
  // The guards of static variables that have a constructor, such as an array of __half.
  Ranges guards;
  // Sections that cannot be written, and `__constant__` variables.
  Ranges constants;
};

bool isIn(const Ranges& ranges, uintptr_t address) {
  for (const auto& [begin, end] : ranges)
    if (address >= begin && address < end) return true;
  return false;
}

std::vector<char> ownFile() {
  std::vector<char> bytes;
  FILE* file = fopen("/proc/self/exe", "rb");
  if (file == nullptr) return bytes;
  fseek(file, 0, SEEK_END);
  bytes.resize(static_cast<size_t>(ftell(file)));
  rewind(file);
  if (fread(bytes.data(), 1, bytes.size(), file) != bytes.size()) bytes.clear();
  fclose(file);
  return bytes;
}

std::string demangled(const char* name) {
  int status = 0;
  char* text = abi::__cxa_demangle(name, nullptr, nullptr, &status);
  const std::string result = status == 0 ? text : name;
  free(text);
  return result;
}

void addShared(Symbols& found, const char* name, uintptr_t address, size_t size) {
  if (strstr(name, "cuda_sim_red_zone_") != nullptr) return;
  Region region;
  region.begin = address;
  region.end = address + size;
  region.space = Space::shared;
  region.name = "shared " + demangled(name);
  region.filled = static_cast<uint8_t*>(calloc(size, 1));
  found.shared.push_back(region);
}

Symbols readSymbols() {
  Symbols found;
  const std::vector<char> file = ownFile();
  if (file.size() < sizeof(Elf64_Ehdr)) return found;
  const auto* header = reinterpret_cast<const Elf64_Ehdr*>(file.data());
  const auto* sections = reinterpret_cast<const Elf64_Shdr*>(file.data() + header->e_shoff);
  const char* sectionNames = file.data() + sections[header->e_shstrndx].sh_offset;
  for (int i = 0; i < header->e_shnum; i++) {
    const auto flags = sections[i].sh_flags;
    const bool isConstant = strcmp(sectionNames + sections[i].sh_name, "cuda_sim_constant") == 0;
    if ((flags & SHF_ALLOC) != 0 && ((flags & SHF_WRITE) == 0 || isConstant))
      found.constants.emplace_back(sections[i].sh_addr, sections[i].sh_addr + sections[i].sh_size);
    if (sections[i].sh_type != SHT_SYMTAB) continue;
    const auto* symbols = reinterpret_cast<const Elf64_Sym*>(file.data() + sections[i].sh_offset);
    const char* names = file.data() + sections[sections[i].sh_link].sh_offset;
    for (size_t n = 0; n < sections[i].sh_size / sizeof(Elf64_Sym); n++) {
      const Elf64_Sym& symbol = symbols[n];
      if (ELF64_ST_TYPE(symbol.st_info) != STT_OBJECT || symbol.st_shndx >= header->e_shnum) continue;
      const char* name = names + symbol.st_name;
      if (strncmp(name, "_ZGV", 4) == 0) found.guards.emplace_back(symbol.st_value, symbol.st_value + symbol.st_size);
      if (strcmp(sectionNames + sections[symbol.st_shndx].sh_name, "cuda_sim_shared") == 0)
        addShared(found, name, symbol.st_value, symbol.st_size);
    }
  }
  return found;
}

Symbols& symbols() {
  static Symbols found = readSymbols();
  return found;
}

}  // namespace

std::vector<Region>& sharedRegions() { return symbols().shared; }

size_t sharedBytesOf(const std::string& kernel) {
  size_t bytes = 0;
  for (const Region& region : symbols().shared)
    if (region.name.rfind("shared " + kernel + "::", 0) == 0) bytes += region.size();
  return bytes;
}

bool isStatic(uintptr_t address, bool isWrite) {
  return isIn(symbols().guards, address) || (!isWrite && isIn(symbols().constants, address));
}

}  // namespace cuda_sim
