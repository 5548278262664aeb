/* An intrusive doubly linked list: the link is a field of the object, the list owns nothing. Thread: one at a time. */
#pragma once
#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>

struct tl_link {
    struct tl_link *prev, *next; /* borrow; both NULL when in no list */
};

struct tl_list {
    struct tl_link head;
};

void tl_list_init(struct tl_list *list);
bool tl_list_empty(const struct tl_list *list);
void tl_list_push(struct tl_list *list, struct tl_link *link);       /* at the end */
void tl_list_push_front(struct tl_list *list, struct tl_link *link); /* at the start */
/* Takes it out of whatever list it is in; nothing happens when it is in none. */
void tl_list_remove(struct tl_link *link);
/* The first link, taken out; NULL when empty. */
struct tl_link *tl_list_pop(struct tl_list *list);
struct tl_link *tl_list_first(const struct tl_list *list);
/* NULL at the end. */
struct tl_link *tl_list_after(const struct tl_list *list, const struct tl_link *link);
/* The last link; NULL when empty. */
struct tl_link *tl_list_last(const struct tl_list *list);
/* NULL at the start. */
struct tl_link *tl_list_before(const struct tl_list *list, const struct tl_link *link);
/* Behind `at`, which is in a list. */
void tl_list_insert(struct tl_link *at, struct tl_link *link);

#define TL_LIST_ITEM(link, type, member) TL_CONTAINER_OF(link, type, member)
