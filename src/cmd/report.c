/* Build errors as go prints them. */
#include "cmd/compile.h"

#include <stdlib.h>
#include <unistd.h>

static bool holds(BuildPackage *p, SourceFile *f) {
    for (int i = 0; p && i < p->files.len; i++)
        if (p->files.at[i].ast && p->files.at[i].ast->src == f) return true;
    return false;
}

static BuildPackage *package_of(Loader *l, BuildPackage *extra, SourceFile *f) {
    if (holds(extra, f)) return extra;
    for (int i = 0; i < 2; i++)
        if (holds(l->tested[i], f)) return l->tested[i];
    for (int i = 0; i < l->order.len; i++)
        if (holds(l->order.at[i], f)) return l->order.at[i];
    for (int i = 0; i < l->packages.len; i++)
        if (holds(l->packages.entries[i].val, f)) return l->packages.entries[i].val;
    return NULL;
}

static void print_load_error(Session *syn, const DiagMsg *m) {
    Location at = pos_location(syn, m->pos);
    const char *file = at.file;
    if (file && !strncmp(file, "./", 2)) file += 2;
    if (file && at.line) fprintf(stderr, "%s:%d:%d: ", file, at.line, at.col);
    fprintf(stderr, "%.*s\n", STR_FMT(m->text));
}

int report_build_errors(Session *syn, DiagList *diags, Loader *l, BuildPackage *extra, int limit) {
    int n = diags->msgs.len, printed = 0;
    for (int i = 0; i < n; i++)
        if (diags->msgs.at[i].code == BUILD_LOAD_ERROR) {
            print_load_error(syn, &diags->msgs.at[i]);
            printed++;
        }
    if (printed && limit >= 0) return printed;
    bool *done = calloc((size_t)n + 1, 1);
    if (!done) base_oom();
    for (int i = 0; i < n; i++) done[i] = diags->msgs.at[i].code == BUILD_LOAD_ERROR;
    for (int i = 0; i < n; i++) {
        if (done[i]) continue;
        BuildPackage *p = package_of(l, extra, pos_file(syn, diags->msgs.at[i].pos));
        DiagList group = {0};
        for (int k = i; k < n; k++)
            if (!done[k] && (k == i || package_of(l, extra, pos_file(syn, diags->msgs.at[k].pos)) == p)) {
                vec_push(&group.msgs, diags->msgs.at[k]);
                done[k] = true;
            }
        if (p && l->tested[0] && p->is_test_variant)
            fprintf(stderr, "# %.*s [%.*s.test]\n", STR_FMT(p->path), STR_FMT(l->tested[0]->path));
        else if (p) fprintf(stderr, "# %.*s\n", STR_FMT(p->path));
        printed += diag_print(syn, &group, stderr, limit, true, isatty(2));
        vec_free(&group.msgs);
    }
    free(done);
    return printed;
}
