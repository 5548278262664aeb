/* Puts a manifest file into the ELF section the host reads, and gives describe() for the table. Used once in a
 * connector, by one of its source files:
 *
 *     #include <tidelock/manifest.h>
 *     TLC_EMBED_MANIFEST(TIDELOCK_MANIFEST_FILE)       // tl_plugin() defines this: the path as a string
 *     static const tlc_connector table = {sizeof table, TLC_ABI, tlc_manifest, open, close, begin, step, end}; */
#ifndef TIDELOCK_MANIFEST_H
#define TIDELOCK_MANIFEST_H

#include <tidelock/connector.h>

/* The assembler copies the file, so it may be of any size and its bytes are the same in section and describe(). */
#define TLC_EMBED_MANIFEST(file)                                                                                       \
    __asm__(".pushsection " TLC_MANIFEST_SECTION ",\"a\",@progbits\n"                                                  \
            ".globl tlc_manifest_begin\n.hidden tlc_manifest_begin\ntlc_manifest_begin:\n"                             \
            ".incbin \"" file "\"\n"                                                                                   \
            ".globl tlc_manifest_end\n.hidden tlc_manifest_end\ntlc_manifest_end:\n"                                   \
            ".popsection\n");                                                                                          \
    extern const char tlc_manifest_begin[] __attribute__((visibility("hidden")));                                      \
    extern const char tlc_manifest_end[] __attribute__((visibility("hidden")));                                        \
    static tlc_slice tlc_manifest(void)                                                                                \
    {                                                                                                                  \
        tlc_slice s;                                                                                                   \
        s.ptr = tlc_manifest_begin;                                                                                    \
        s.len = (uint64_t)(tlc_manifest_end - tlc_manifest_begin);                                                     \
        return s;                                                                                                      \
    }

#endif
