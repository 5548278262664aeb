/* What answers say besides their result: allowances and warnings, by the manifest's `quota` and `warnings`. */
#pragma once
#include "answer.h"
#include "connector/call.h"

#define TL_NOTES_MAX 16

struct tl_notes {
    tl_str warnings[TL_NOTES_MAX]; /* in the arena */
    size_t warning_count;
    struct tl_quota_hint quotas[TL_NOTES_MAX]; /* of the last answer that had them */
    size_t quota_count;
};

void tl_notes_take(struct tl_notes *notes, const struct tl_json_value *manifest, struct tl_answer *answer,
                   struct tl_arena *arena);
