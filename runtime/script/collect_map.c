/* Maps and lenses: what their titles name. Thread: one at a time. */
#include "base/nearest.h"
#include "collect.h"
#include <string.h>

static bool has_entity(const struct tl_bundle *bundle, tl_str name, const char **nearest)
{
    *nearest = NULL;
    for (size_t i = 0; i < bundle->entities.count; i++) {
        if (tl_str_is(name, bundle->entities.items[i].name))
            return true;
        if (tl_nearest(name, &bundle->entities.items[i].name, 1))
            *nearest = bundle->entities.items[i].name;
    }
    return false;
}

bool tl_map_sides(const char *title, tl_str *left, tl_str *right)
{
    const char *arrow = strstr(title, "<-");
    if (!arrow)
        return false;
    *left = tl_str_trim(tl_str_n(title, (size_t)(arrow - title)));
    *right = tl_str_trim(tl_str_z(arrow + (arrow[2] == '>' ? 3 : 2)));
    return left->len && right->len;
}

static void check_side(struct tl_bundle *bundle, struct tl_place place, tl_str side)
{
    const char *nearest;
    char name[200];
    snprintf(name, sizeof name, "%.*s", TL_STR_ARGS(side));
    if (memchr(side.ptr, '@', side.len)) {
        if (!has_entity(bundle, side, &nearest))
            tl_complain(bundle, place, "there is no entity", name, nearest);
        return;
    }
    char *dot = strchr(name, '.');
    if (!dot) {
        tl_complain(bundle, place, "a side of a map is an entity@version or a system.Object, not", name, NULL);
        return;
    }
    *dot = '\0';
    tl_need_target(bundle, place, name);
}

void tl_check_map(struct tl_form *form)
{
    tl_str left, right;
    if (!tl_map_sides(form->name, &left, &right))
        return; /* refused when it was compiled */
    check_side(form->bundle, form->place, left);
    check_side(form->bundle, form->place, right);
    tl_check_map_fields(form, left, right);
}
