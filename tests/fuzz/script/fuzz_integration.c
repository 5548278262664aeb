/* The integration loader: arbitrary Lua source, its compiled chunk, and arbitrary dump bytes. */
#include "chunk.h"
#include "script/state.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char head[] = "integration \"t\" { steward = \"s\" } steward \"s\" {}\n"
                           "system \"crm\" { connector = \"salesforce@1\" }\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] & 1) {
        struct tl_arena arena;
        struct tl_proto *main;
        tl_arena_init(&arena);
        if (tl_chunk_read(tl_str_n(data + 1, size - 1), &arena, &main, NULL) == TL_OK)
            (void)tl_proto_local(main, 0, 0);
        tl_arena_free(&arena);
        return 0;
    }
    struct tl_bundle_file files[] = {{"integration.lua", tl_str_n(head, sizeof head - 1)},
                                     {"contracts/c.json", TL_STR("{}")},
                                     {"flows/f.lua", tl_str_n(data + 1, size - 1)},
                                     {"lookups/t.csv", tl_str_n(data + 1, size - 1)}};
    struct tl_bundle_options options = {.library = TIDELOCK_ROOT "/scripts/lib"};
    struct tl_bundle *bundle;
    struct tl_script *script;
    if (tl_bundle_load_files(files, 4, &options, &bundle, NULL) != TL_OK)
        return 0;
    if (tl_bundle_errors(bundle) == 0 && tl_script_new(bundle, NULL, &script, NULL) == TL_OK)
        tl_script_free(script);
    tl_bundle_free(bundle);
    return 0;
}
