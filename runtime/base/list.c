#include "base/list.h"

void tl_list_init(struct tl_list *list)
{
    list->head.prev = list->head.next = &list->head;
}

bool tl_list_empty(const struct tl_list *list)
{
    return list->head.next == &list->head;
}

void tl_list_insert(struct tl_link *at, struct tl_link *link)
{
    link->prev = at;
    link->next = at->next;
    at->next->prev = link;
    at->next = link;
}

void tl_list_push(struct tl_list *list, struct tl_link *link)
{
    tl_list_insert(list->head.prev, link);
}

void tl_list_push_front(struct tl_list *list, struct tl_link *link)
{
    tl_list_insert(&list->head, link);
}

void tl_list_remove(struct tl_link *link)
{
    if (link->prev == NULL)
        return;
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->prev = link->next = NULL;
}

struct tl_link *tl_list_first(const struct tl_list *list)
{
    return tl_list_empty(list) ? NULL : list->head.next;
}

struct tl_link *tl_list_after(const struct tl_list *list, const struct tl_link *link)
{
    return link->next == &list->head ? NULL : link->next;
}

struct tl_link *tl_list_pop(struct tl_list *list)
{
    struct tl_link *first = tl_list_first(list);
    if (first != NULL)
        tl_list_remove(first);
    return first;
}

struct tl_link *tl_list_last(const struct tl_list *list)
{
    return tl_list_empty(list) ? NULL : list->head.prev;
}

struct tl_link *tl_list_before(const struct tl_list *list, const struct tl_link *link)
{
    return link->prev == &list->head ? NULL : link->prev;
}
