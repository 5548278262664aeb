/* At home: what waits, what is out, what comes back. */
#include "batcher_int.h"
#include "base/alloc.h"
#include "base/clock.h"
#include <string.h>

static void flush(struct tl_line *line);

static struct tl_engine *engine_of(const struct tl_line *line)
{
    return line->batcher->lane->engine;
}

static struct tl_plan_system *system_of(const struct tl_line *line)
{
    return engine_of(line)->plan.systems[line->system];
}

/* ---- what waits ---- */

static void flush_mail(struct tl_mail *mail)
{
    struct tl_line *line = TL_CONTAINER_OF(mail, struct tl_line, flush);
    line->flush_posted = false;
    flush(line);
}

void tl_line_wake(struct tl_line *line)
{
    if (line->flush_posted || line->out_count > 0)
        return;
    line->flush_posted = true;
    tl_loop_post(line->batcher->lane->loop, &line->flush);
}

static void moment_over(struct tl_timer *timer)
{
    flush(TL_CONTAINER_OF(timer, struct tl_line, again));
}

struct tl_line *tl_line_of(struct tl_batcher *batcher, const char *name, int system)
{
    struct tl_line *line = tl_map_get(&batcher->lines, tl_str_z(name));
    if (line != NULL)
        return line;
    line = TL_NEW(struct tl_line);
    line->batcher = batcher;
    line->name = tl_copy_z(name);
    line->system = system;
    tl_list_init(&line->waiting);
    tl_map_init(&line->known);
    tl_mail_init(&line->flush, flush_mail);
    tl_timer_init(&line->again, moment_over);
    tl_map_put(&batcher->lines, tl_str_z(name), line);
    return line;
}

void tl_line_free(struct tl_line *line)
{
    size_t i = 0;
    tl_str key;
    void *row;
    struct tl_link *link;
    if (line->ticket.serial != 0) /* an engine that is abandoned */
        tl_gate_withdraw(system_of(line)->gate, line->ticket, tl_now());
    while (tl_map_next(&line->known, &i, &key, &row))
        tl_row_free(row);
    while ((link = tl_list_pop(&line->waiting)) != NULL)
        tl_row_free(TL_LIST_ITEM(link, struct tl_row, link));
    for (size_t o = 0; o < line->out_count; o++)
        tl_row_free(line->out[o]);
    tl_map_free(&line->known);
    tl_timer_stop(&line->again);
    tl_free(line->out);
    tl_free(line->saved);
    tl_free(line->name);
    tl_free(line);
}

/* It goes back as it came; the lane that stops, or its closed gate, knows what to do with it. */
static void set_unsent(struct tl_row *row, bool closed, int64_t until_ms)
{
    row->closed = closed;
    row->until_ms = until_ms;
    row->result =
        (struct tl_call_result){.failure = TL_FAIL_RETRY, .message = TL_STR("it was not sent: Tidelock stops")};
}

static void return_all(struct tl_line *line, bool closed, int64_t until_ms)
{
    struct tl_link *link;
    size_t count = 0;
    for (link = tl_list_first(&line->waiting); link != NULL; link = tl_list_after(&line->waiting, link))
        count++;
    struct tl_row **rows = tl_zalloc(count + 1, sizeof(struct tl_row *));
    count = 0;
    while ((link = tl_list_pop(&line->waiting)) != NULL) {
        rows[count] = TL_LIST_ITEM(link, struct tl_row, link);
        set_unsent(rows[count++], closed, until_ms);
    }
    tl_rows_return(rows, count);
    tl_free(rows);
}

void tl_line_return_waiting(struct tl_line *line)
{
    tl_timer_stop(&line->again);
    return_all(line, false, 0);
}

/* Behind what is as urgent; never in front of a refused call's rows. */
static void queue_up(struct tl_line *line, struct tl_row *row)
{
    struct tl_link *at = tl_list_last(&line->waiting);
    for (; at != NULL; at = tl_list_before(&line->waiting, at)) {
        const struct tl_row *before = TL_LIST_ITEM(at, struct tl_row, link);
        if (before->priority <= row->priority || before->part != 0)
            break;
    }
    if (at != NULL)
        tl_list_insert(at, &row->link);
    else
        tl_list_push_front(&line->waiting, &row->link);
}

void tl_line_add(struct tl_line *line, struct tl_row *row)
{
    if (line->batcher->lane->phase != TL_LANE_RUNNING) {
        set_unsent(row, false, 0);
        tl_rows_return(&row, 1);
        return;
    }
    queue_up(line, row);
    if (!tl_timer_is_set(&line->again))
        tl_line_wake(line);
}

/* ---- what goes out ---- */

/* The next rows that may go together: of one part, of different records, within the operation's bounds, and of no
 * parent that another call has locked. They leave the list. */
static size_t pick(struct tl_line *line, struct tl_row **rows, size_t most)
{
    struct tl_map keys;
    size_t count = 0, bytes = 0;
    unsigned part = 0;
    tl_map_init(&keys);
    struct tl_link *link = tl_list_first(&line->waiting), *after;
    for (; link != NULL && count < most; link = after) {
        struct tl_row *row = TL_LIST_ITEM(link, struct tl_row, link);
        after = tl_list_after(&line->waiting, link);
        part = count == 0 ? row->part : part;
        if (row->part != part)
            break;
        if (count > 0 && row->many.bytes > 0 && bytes + row->args.len > row->many.bytes)
            break;
        if (tl_map_put(&keys, row->key, row) != NULL)
            continue; /* of one record: behind the other's outcome. Those behind it keep their order. */
        if (tl_line_is_locked(line, row))
            continue; /* its key is noted, so that nothing of its record overtakes it */
        tl_list_remove(link);
        bytes += row->args.len;
        rows[count++] = row;
    }
    tl_map_free(&keys);
    tl_rows_group(rows, count);
    return count;
}

static void put_back(struct tl_line *line, struct tl_row **rows, size_t count)
{
    while (count-- > 0)
        tl_list_push_front(&line->waiting, &rows[count]->link);
}

/* What is less urgent may go along: the call is made for the most urgent of them. */
static enum tl_priority priority_of(struct tl_row **rows, size_t count)
{
    enum tl_priority most = TL_BULK;
    for (size_t i = 0; i < count; i++)
        most = rows[i]->priority < most ? rows[i]->priority : most;
    return most;
}

/* False: not now. Those who wait go back when that is for long, or try again in a moment. */
static bool enter(struct tl_line *line, struct tl_row **rows, size_t count)
{
    struct tl_gate_closed closed;
    if (tl_gate_enter_seldom(system_of(line)->gate, tl_now(), priority_of(rows, count), line, &line->ticket, &closed))
        return true;
    put_back(line, rows, count);
    if (tl_gate_reason_is_long(closed.why)) {
        return_all(line, true, closed.until_ms);
        return false;
    }
    int64_t wait_ms = closed.until_ms - tl_mono_ms();
    tl_timer_start(line->batcher->lane->loop, &line->again, wait_ms > 1 ? wait_ms : 1);
    return false;
}

/* What an earlier process found out of them is given first. */
static void give_known(struct tl_line *line)
{
    struct tl_link *link = tl_list_first(&line->waiting), *after;
    for (; link != NULL && line->known.count > 0; link = after) {
        after = tl_list_after(&line->waiting, link);
        (void)tl_line_knows(line, TL_LIST_ITEM(link, struct tl_row, link));
    }
}

/* ---- what comes back ---- */

static void leave(struct tl_line *line, const struct tl_call_result *result)
{
    if (line->ticket.serial != 0)
        tl_gate_leave(system_of(line)->gate, line->ticket, result->failure, result->wait_ms, tl_now());
    line->ticket = (struct tl_gate_ticket){0};
    tl_effect_hints(system_of(line), result);
    line->many = NULL;
    line->single = NULL;
}

/* Of several rows, refused for what is about a record, without a word about which. */
static bool is_to_be_halved(const struct tl_line *line, const struct tl_call_result *result)
{
    if (line->out_count < 2 || result->failure == TL_FAIL_NONE || tl_failure_is_endpoint(result->failure) ||
        result->failure == TL_FAIL_BUG || result->failure == TL_FAIL_GAP)
        return false;
    for (size_t i = 0; i < line->out_count; i++)
        if (line->out[i]->told)
            return false;
    return true;
}

/* Two parts, in front of everything else and in their order. */
static void halve(struct tl_line *line)
{
    unsigned parts[2] = {++line->parts, ++line->parts};
    for (size_t i = line->out_count; i-- > 0;) {
        line->out[i]->part = parts[2 * i >= line->out_count];
        tl_list_push_front(&line->waiting, &line->out[i]->link);
    }
}

static void return_out(struct tl_line *line)
{
    size_t count = 0;
    for (size_t i = 0; i < line->out_count; i++)
        if (!tl_line_keep(line, line->out[i]))
            line->out[count++] = line->out[i];
    tl_rows_return(line->out, count);
}

static void ended(struct tl_line *line, const struct tl_call_result *result)
{
    struct tl_lane *lane = line->batcher->lane;
    bool stops = lane->phase != TL_LANE_RUNNING;
    leave(line, result);
    tl_line_forget(line, !stops || result->failure == TL_FAIL_NONE);
    bool earlier = line->out[0]->step == NULL;
    if (!stops && !earlier && is_to_be_halved(line, result))
        halve(line);
    else
        return_out(line);
    line->out_count = 0;
    tl_free(line->out);
    line->out = NULL;
    lane->calls -= lane->calls > 0 ? 1 : 0;
    if (stops)
        tl_line_return_waiting(line);
    tl_lane_stop_step(lane);
    tl_line_unlocked(line); /* first, so that they get their turn */
    if (!tl_list_empty(&line->waiting))
        tl_line_wake(line);
}

static void row_ended(void *ctx, size_t row, const struct tl_call_result *result, bool told)
{
    struct tl_line *line = ctx;
    tl_row_set(line->out[row], result, told);
}

static void many_ended(void *ctx, const struct tl_call_result *result)
{
    ended(ctx, result);
}

static void single_ended(void *ctx, const struct tl_call_result *result)
{
    struct tl_line *line = ctx;
    tl_row_set(line->out[0], result, true);
    ended(line, result);
}

static void save(void *ctx, struct tl_many *many, tl_str state)
{
    tl_line_save(ctx, many, state);
}

/* ---- sending ---- */

static const struct tl_trace *trace_of(const struct tl_row *row)
{
    const struct tl_event *event = row->step != NULL ? &row->step->drive->event : NULL;
    return event != NULL && tl_trace_is_set(&event->trace) ? &event->trace : NULL;
}

void tl_line_send_many(struct tl_line *line, struct tl_row **rows, size_t count, tl_str saved)
{
    const struct tl_call_port *calls = engine_of(line)->calls;
    struct tl_lane *lane = line->batcher->lane;
    struct tl_many_owner owner = {row_ended, save, many_ended, line};
    tl_str *args = tl_zalloc(count, sizeof *args);
    for (size_t i = 0; i < count; i++)
        args[i] = rows[i]->args;
    struct tl_many_request request = {.operation = rows[0]->operation,
                                      .object = rows[0]->object,
                                      .rows = args,
                                      .count = count,
                                      .saved = saved,
                                      .timeout_ms = rows[0]->timeout_ms,
                                      .trace = trace_of(rows[0])};
    line->out = rows;
    line->out_count = count;
    lane->calls++;
    line->sent++;
    line->many = calls->many->start(calls->ctx, lane, tl_str_z(system_of(line)->name), &request, &owner);
    tl_free(args);
}

static void send_single(struct tl_line *line, struct tl_row **rows)
{
    const struct tl_call_port *calls = engine_of(line)->calls;
    struct tl_lane *lane = line->batcher->lane;
    struct tl_row *row = rows[0];
    struct tl_call_request request = {
        .operation = row->operation, .args = row->args, .timeout_ms = row->timeout_ms, .trace = trace_of(row)};
    line->out = rows;
    line->out_count = 1;
    lane->calls++;
    line->single = calls->start(calls->ctx, lane, tl_str_z(system_of(line)->name), &request, single_ended, line);
}

static void flush(struct tl_line *line)
{
    if (line->out_count > 0 || line->batcher->lane->phase != TL_LANE_RUNNING)
        return;
    give_known(line);
    if (system_of(line)->gone)
        return_all(line, true, 0);
    if (tl_list_empty(&line->waiting))
        return;
    struct tl_row *first = TL_LIST_ITEM(tl_list_first(&line->waiting), struct tl_row, link);
    size_t most = first->many.rows;
    struct tl_row **rows = tl_zalloc(most, sizeof(struct tl_row *));
    size_t count = pick(line, rows, most);
    if (count == 0 || !enter(line, rows, count)) /* 0: all are locked; the call that did it wakes us */
        tl_free(rows);
    else if (count == 1)
        send_single(line, rows);
    else
        tl_line_send_many(line, rows, count, TL_STR_NONE);
}
