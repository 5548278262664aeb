/* $metadata and XML errors as the odata connector reads them: any bytes give a model that can be asked. */
#include "edmx.h"
#include "model.h"

#include <stdlib.h>
#include <string.h>

#define POOL (4u << 20)

static char pool[POOL];
static size_t used;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As the host gives it: zeroed, gone with its scope. */
static void *take(tlc_scope *scope, uint64_t size)
{
    (void)scope;
    size = (size + 15) & ~15u;
    if (used + size > POOL)
        abort();
    char *at = pool + used;
    used += size;
    memset(at, 0, size);
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tlc_host host = {.size = sizeof host, .alloc = take};
    tlc_slice text = {(const char *)data, size}, set = {"Products", 8}, name = {"ID", 2};
    struct od_tag tag;
    uint64_t at = 0, before;

    if (size > 20000)
        return 0;
    used = 0;
    struct od_model *model = od_model_read(&host, NULL, text);
    const struct od_type *type = od_model_set(model, set);
    od_model_property(model, type, name);
    od_model_keys(model, type);
    for (before = at; od_tag_next(text, &at, &tag); before = at) {
        if (at <= before)
            abort(); /* no progress */
        od_tag_attribute(&tag, "Name");
    }
    return 0;
}
