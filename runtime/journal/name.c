/* Interned names. Thread: any; the lock is held for one look-up. */
#include "name.h"
#include "base/alloc.h"

void tl_names_init(struct tl_names *names)
{
    pthread_mutex_init(&names->lock, NULL);
    tl_map_init(&names->map);
}

void tl_names_free(struct tl_names *names)
{
    size_t i = 0;
    tl_str key;
    void *value;
    while (tl_map_next(&names->map, &i, &key, &value)) {
        struct tl_name *name = value;
        tl_free((char *)(uintptr_t)name->text.ptr);
        tl_free(name);
    }
    tl_map_free(&names->map);
    pthread_mutex_destroy(&names->lock);
}

struct tl_name *tl_names_get(struct tl_names *names, tl_str text)
{
    pthread_mutex_lock(&names->lock);
    struct tl_name *name = tl_map_get(&names->map, text);
    if (!name) {
        name = TL_NEW(struct tl_name);
        name->text = (tl_str){tl_copy(text.ptr, text.len), text.len};
        tl_map_put(&names->map, name->text, name);
    }
    pthread_mutex_unlock(&names->lock);
    return name;
}
