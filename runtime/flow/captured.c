#include "captured.h"
#include "base/buf.h"
#include "codec/json_writer.h"
#include "flow/intake.h"

static tl_str hint_payload(const struct tl_captured *captured, struct tl_arena *arena)
{
    struct tl_buf out;
    tl_buf_init(&out, 4 * TL_KEY_MAX);
    struct tl_json_writer w;
    tl_json_writer_init(&w, &out);
    tl_json_begin_object(&w);
    tl_json_key(&w, "key");
    tl_json_lossy(&w, captured->key);
    tl_json_key(&w, "object");
    tl_json_lossy(&w, captured->object);
    tl_json_end_object(&w);
    tl_str payload = tl_arena_str(arena, tl_buf_str(&out));
    tl_buf_free(&out);
    return payload;
}

/* What was polled begins a trace of its own, so that the calls it causes hang together. */
static const struct tl_trace *new_trace(struct tl_arena *arena)
{
    struct tl_trace *trace = TL_ARENA_NEW(arena, struct tl_trace);
    tl_trace_start(trace);
    return trace;
}

void tl_captured_event(const struct tl_plan *plan, int system, const struct tl_captured *captured,
                       const struct tl_trace *trace, struct tl_arena *arena, struct tl_event_in *in)
{
    const struct tl_plan_system *of = plan->systems[system];
    *in = (struct tl_event_in){.source = tl_str_z(of->name),
                               .dedupe = captured->dedupe,
                               .priority = TL_NORMAL,
                               .trace = trace != NULL && tl_trace_is_set(trace) ? trace : new_trace(arena),
                               .redelivers_for_ms = of->redelivers_ms};
    if (captured->hint) {
        in->type = TL_STR(TL_TYPE_HINT);
        in->key =
            tl_str_z(tl_arena_printf(arena, "%.*s/%.*s", TL_STR_ARGS(captured->object), TL_STR_ARGS(captured->key)));
        in->payload = hint_payload(captured, arena);
        return;
    }
    in->type = tl_str_z(tl_arena_printf(arena, "%s.%.*s", of->name, TL_STR_ARGS(captured->object)));
    in->key = captured->key;
    in->record_id = captured->key;
    in->record_version = captured->version;
    in->payload = captured->payload.len > 0 ? captured->payload : TL_STR("null");
    in->unwanted = !tl_plan_wants(plan, in->type);
}
