/* Between marking (mem_mark.c) and the workers that do it together (mem_workers.c). */
#ifndef VOLE_MEM_MARK_H
#define VOLE_MEM_MARK_H

#include "rt/mem_int.h"

enum { BLOCK_ITEMS = 510, BLOCK_POINTERS = 2 * BLOCK_ITEMS };
enum { NO_PART = MARK_PARTS };

typedef struct MarkItem { uint8_t *obj; Span *span; } MarkItem;
struct MarkBlock {
    MarkBlock *next;
    uint32_t n;
    union {
        MarkItem items[BLOCK_ITEMS];          /* to scan */
        const void *pointers[BLOCK_POINTERS]; /* to mark */
    };
};

MarkBlock *block_take(MarkBlock **spare); /* empty, from the spare ones if there are any; belongs to who gets it */
void blocks_free(MarkBlock *b);
void blocks_trim(MarkBlock *b); /* keeps a few for the next time */
/* At least n objects, if there are so many, from the queue to blocks: anybody may scan them there. */
void queue_to_blocks(Marker *mk, uint32_t n);
void mark_block(Marker *mk, const MarkBlock *b); /* pointers into the worker's own part */

/* What mk found in another part, to its inbox. */
void workers_send(Marker *mk, uint32_t part);
/* Marks what is in the inbox of mk's own part. */
void workers_receive(Marker *mk);
/* To the hungry: all that mk found for others, and a whole block, or the older half of its only one. */
void workers_share(Marker *mk);
/* What the roots in mk's blocks and queue lead to, and the goroutines from slab on. */
void mark_together(Marker *mk, struct GSlab *slab);

#endif
