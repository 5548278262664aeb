/* What the connector needs to know of $metadata: sets, keys, types of properties. */
#ifndef ODATA_MODEL_H
#define ODATA_MODEL_H

#include <tidelock/connector.h>

struct od_property {
    tlc_slice name, type; /* "Edm.Decimal", or "SalesOrderItem" without its namespace for complex and navigation */
    int many, navigation;
    struct od_property *next;
};

struct od_key {
    tlc_slice name;
    struct od_key *next;
};

struct od_type {
    tlc_slice name, base; /* base: absent when none */
    struct od_key *keys;
    struct od_property *properties;
    struct od_type *next;
};

struct od_set {
    tlc_slice name, type;
    struct od_set *next;
};

struct od_model {
    struct od_type *types; /* NULL: the metadata could not be read, and nothing is known */
    struct od_set *sets;
};

/* Reads EDMX, leniently: letters of any case, any prefix, unknown elements skipped. Everything is copied into
 * the scope. Never NULL. */
struct od_model *od_model_read(const tlc_host *host, tlc_scope *scope, tlc_slice edmx);
/* NULL when unknown. */
const struct od_type *od_model_set(const struct od_model *model, tlc_slice set);
const struct od_type *od_model_type(const struct od_model *model, tlc_slice name);
/* Own or inherited. */
const struct od_property *od_model_property(const struct od_model *model, const struct od_type *type, tlc_slice name);
const struct od_key *od_model_keys(const struct od_model *model, const struct od_type *type);

#endif
