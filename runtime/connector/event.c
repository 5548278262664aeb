/* One form for what platforms report, and the dedupe key: the same from capture and webhook, so record id and version.
 */
#include "event.h"
#include "codec/hex.h"
#include "crypto/digest.h"
#include "host.h"

void tl_event_name(struct tl_captured *event, tl_str from_cursor, struct tl_arena *arena)
{
    if (event->dedupe.len || event->hint)
        return;
    const char *gone = event->deleted ? ":deleted" : "";
    if (event->version.len) {
        event->dedupe = tl_str_z(tl_arena_printf(arena, "%.*s:%.*s:%.*s%s", TL_STR_ARGS(event->object),
                                                 TL_STR_ARGS(event->key), TL_STR_ARGS(event->version), gone));
        return;
    }
    uint8_t digest[16];
    char hex[33];
    tl_sha256_short(event->payload, digest);
    tl_hex_write(hex, digest, sizeof digest);
    event->dedupe =
        tl_str_z(tl_arena_printf(arena, "%.*s:%.*s:#%s%s%s%.*s", TL_STR_ARGS(event->object), TL_STR_ARGS(event->key),
                                 hex, gone, from_cursor.len ? "@" : "", TL_STR_ARGS(from_cursor)));
}

void tl_event_from_code(const tlc_event *from, tl_str from_cursor, struct tl_arena *arena, struct tl_captured *out)
{
    *out = (struct tl_captured){
        .object = tl_arena_str(arena, tl_str_of(from->object)),
        .key = tl_arena_str(arena, tl_str_of(from->key)),
        .version = tl_arena_str(arena, tl_str_of(from->version)),
        .dedupe = tl_arena_str(arena, tl_str_of(from->dedupe)),
        .payload = from->payload.len ? tl_arena_str(arena, tl_str_of(from->payload)) : TL_STR("null"),
        .deleted = from->deleted,
        .hint = from->hint,
        .gap = from->gap,
        .changed_ms = from->changed_ms,
    };
    tl_event_name(out, from_cursor, arena);
}

bool tl_event_from_record(tl_str object, const struct tl_json_value *record, const struct tl_event_places *places,
                          const struct tl_vars *vars, tl_str from_cursor, struct tl_arena *arena,
                          struct tl_captured *out)
{
    *out = (struct tl_captured){.object = object, .payload = tl_json_raw(record)};
    if (!places->key || !tl_place_read_in(places->key, record, vars, arena, &out->key) || out->key.len == 0)
        return false;
    if (places->version && !tl_place_read_in(places->version, record, vars, arena, &out->version))
        out->version = TL_STR_NONE;
    out->deleted = places->deleted && tl_row_matches_in(places->deleted, record, arena);
    tl_event_name(out, from_cursor, arena);
    return true;
}
