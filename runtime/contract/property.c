/* Properties of an object schema, found by the hash of their name. Pure. */
#include "schema_node.h"

uint32_t tl_name_hash(tl_str name)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (uint8_t)name.ptr[i]) * 16777619u;
    return hash ^ hash >> 15;
}

const struct tl_property *tl_property_find(const struct tl_object_rules *rules, tl_str name)
{
    if (!rules->slots)
        return NULL;
    for (size_t slot = tl_name_hash(name) & rules->slot_mask; rules->slots[slot];
         slot = (slot + 1) & rules->slot_mask) {
        const struct tl_property *property = &rules->properties[rules->slots[slot] - 1];
        if (tl_str_eq(property->name, name))
            return property;
    }
    return NULL;
}
