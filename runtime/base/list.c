#include "base/list.h"

void tl_list_init(struct tl_list *list)
{
    list->head.prev = list->head.next = &list->head;
}

bool tl_list_empty(const struct tl_list *list)
{
    return list->head.next == &list->head;
}

static void insert(struct tl_link *before, struct tl_link *link)
{
    link->prev = before;
    link->next = before->next;
    before->next->prev = link;
    before->next = link;
}

void tl_list_push(struct tl_list *list, struct tl_link *link)
{
    insert(list->head.prev, link);
}

void tl_list_push_front(struct tl_list *list, struct tl_link *link)
{
    insert(&list->head, link);
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
