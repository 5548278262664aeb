/* The fields that are known, and which of them had a value. */
#include "fields.h"
#include "base/alloc.h"
#include <string.h>

static bool is_field(const struct tl_field *field, const char *map, const char *way, const char *name)
{
    return strcmp(field->name, name) == 0 && strcmp(field->map, map) == 0 && strcmp(field->way, way) == 0;
}

static size_t find_or_add(struct tl_fields *fields, const char *map, const char *way, const char *name)
{
    size_t likely = fields->next < fields->count ? fields->next : 0;
    for (size_t i = 0; i < fields->count; i++) {
        size_t at = (likely + i) % fields->count;
        if (is_field(&fields->items[at], map, way, name))
            return at;
    }
    if (fields->count == fields->cap) {
        fields->cap = fields->cap == 0 ? 64 : fields->cap * 2;
        fields->items = tl_realloc(fields->items, fields->cap * sizeof *fields->items);
    }
    fields->items[fields->count] =
        (struct tl_field){.map = tl_copy_z(map), .way = tl_copy_z(way), .name = tl_copy_z(name)};
    return fields->count++;
}

size_t tl_fields_know(struct tl_fields *fields, const char *map, const char *way, const char *name)
{
    size_t at = find_or_add(fields, map, way, name);
    fields->next = at + 1;
    return at;
}

void tl_fields_free(struct tl_fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        tl_free(fields->items[i].map);
        tl_free(fields->items[i].way);
        tl_free(fields->items[i].name);
    }
    tl_free(fields->items);
}
