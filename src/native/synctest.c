/* internal/synctest outside of bubbles. Running bubbles is not done yet: Run fails loudly. */
#include "native/native.h"

RtResult native_in_bubble(M *m, uint64_t *args) {
    args[0] = m->g->bubble != NULL;
    return RT_OK;
}
RtResult native_bubble_associate(M *m, uint64_t *args) { /* (p) int: 0 means no bubble */
    args[1] = 0;
    return RT_OK;
}
