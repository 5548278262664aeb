/* 64-bit ELF of this machine's byte order and architecture; headers are copied out before use, so alignment is no
 * matter. */
#include "section.h"
#include "base/alloc.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#error "say which ELF machine this is"
#endif
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BYTE_ORDER_HERE ELFDATA2LSB
#else
#define BYTE_ORDER_HERE ELFDATA2MSB
#endif

#define FILE_MAX (256u << 20)
#define SECTIONS_MAX 10000

static bool inside(tl_str file, uint64_t offset, uint64_t size)
{
    return offset <= file.len && size <= file.len - offset;
}

static tl_code check_header(tl_str file, Elf64_Ehdr *header, struct tl_error *err)
{
    if (file.len < sizeof *header || memcmp(file.ptr, ELFMAG, SELFMAG) != 0)
        return tl_fail(err, TL_ECONFIG, "not a shared object (no ELF file)");
    memcpy(header, file.ptr, sizeof *header);
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != BYTE_ORDER_HERE ||
        header->e_machine != MACHINE)
        return tl_fail(err, TL_ECONFIG, "built for another machine (ELF machine %u, here it is %u)",
                       (unsigned)header->e_machine, (unsigned)MACHINE);
    if (header->e_type != ET_DYN)
        return tl_fail(err, TL_ECONFIG, "not a shared object (ELF type %u); link it with -shared",
                       (unsigned)header->e_type);
    if (header->e_shentsize != sizeof(Elf64_Shdr) || header->e_shnum == 0 || header->e_shnum > SECTIONS_MAX ||
        !inside(file, header->e_shoff, (uint64_t)header->e_shnum * sizeof(Elf64_Shdr)) ||
        header->e_shstrndx >= header->e_shnum)
        return tl_fail(err, TL_ECONFIG, "its section table is missing or damaged; do not strip section headers");
    return TL_OK;
}

static void section_header(tl_str file, const Elf64_Ehdr *header, unsigned index, Elf64_Shdr *out)
{
    memcpy(out, file.ptr + header->e_shoff + (size_t)index * sizeof *out, sizeof *out);
}

static bool name_is(tl_str names, uint32_t offset, const char *wanted)
{
    size_t len = strlen(wanted);
    return offset < names.len && names.len - offset > len && memcmp(names.ptr + offset, wanted, len + 1) == 0;
}

tl_code tl_elf_section(tl_str file, const char *name, tl_str *section, struct tl_error *err)
{
    Elf64_Ehdr header;
    Elf64_Shdr names, at;
    tl_code code = check_header(file, &header, err);
    if (code != TL_OK)
        return code;
    section_header(file, &header, header.e_shstrndx, &names);
    if (!inside(file, names.sh_offset, names.sh_size))
        return tl_fail(err, TL_ECONFIG, "its section names are damaged");
    tl_str all_names = {file.ptr + names.sh_offset, (size_t)names.sh_size};
    for (unsigned i = 0; i < header.e_shnum; i++) {
        section_header(file, &header, i, &at);
        if (!name_is(all_names, at.sh_name, name))
            continue;
        if (at.sh_type == SHT_NOBITS || !inside(file, at.sh_offset, at.sh_size) || at.sh_size > TL_ELF_SECTION_MAX)
            return tl_fail(err, TL_ECONFIG, "its section %s is damaged or larger than %u bytes", name,
                           TL_ELF_SECTION_MAX);
        *section = (tl_str){file.ptr + at.sh_offset, (size_t)at.sh_size};
        return TL_OK;
    }
    return tl_fail(err, TL_ECONFIG, "not a connector: it has no section %s", name);
}

static tl_code map_file(const char *path, tl_str *file, struct tl_error *err)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return tl_fail(err, errno == ENOENT ? TL_ENOTFOUND : TL_EIO, "%s: %s", path, strerror(errno));
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0 || info.st_size > (off_t)FILE_MAX) {
        close(fd);
        return tl_fail(err, TL_ECONFIG, "%s: not a shared object (no regular file, empty, or over %u MB)", path,
                       FILE_MAX >> 20);
    }
    void *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED)
        return tl_fail(err, TL_EIO, "%s: %s", path, strerror(errno));
    *file = (tl_str){bytes, (size_t)info.st_size};
    return TL_OK;
}

tl_code tl_elf_read_section(const char *path, const char *name, char **bytes, size_t *len, struct tl_error *err)
{
    tl_str file, section;
    tl_code code = map_file(path, &file, err);
    if (code != TL_OK)
        return code;
    code = tl_elf_section(file, name, &section, err);
    if (code == TL_OK) {
        *bytes = tl_copy(section.ptr, section.len);
        *len = section.len;
    } else {
        tl_error_prefix(err, "%s", path);
    }
    munmap((void *)(uintptr_t)file.ptr, file.len);
    return code;
}
