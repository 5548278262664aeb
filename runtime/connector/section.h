/* Reads one section of a shared object without loading it. The file is outside data: every offset is checked. Thread:
 * any. */
#pragma once
#include "base/error.h"
#include "base/str.h"

#define TL_ELF_SECTION_MAX (4u << 20)

/* The section's bytes out of a file's bytes, borrowed. TL_ECONFIG says what is wrong: no ELF, not for this machine, not
 * a shared object, no such section. */
TL_MUST_CHECK tl_code tl_elf_section(tl_str file, const char *name, tl_str *section, struct tl_error *err);
/* The same from a path; *bytes is tl_free'd by the caller, NUL-terminated. Also TL_EIO. */
TL_MUST_CHECK tl_code tl_elf_read_section(const char *path, const char *name, char **bytes, size_t *len,
                                          struct tl_error *err);
