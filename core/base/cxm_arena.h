/*
 * An arena: memory of one lifetime (a call, a transaction), freed at once.
 * It owns heap blocks; cxm_arena_free() may be called on a zeroed arena.
 */

#ifndef CXM_ARENA_H
#define CXM_ARENA_H

#include <stddef.h>

#include "cxm_str.h"


typedef struct cxm_arena_block_s  cxm_arena_block_t;

typedef struct {
    cxm_arena_block_t  *last;
    size_t              total;      /* bytes handed out */
} cxm_arena_t;

void cxm_arena_free(cxm_arena_t *arena);

/* Zeroed, aligned for any type; NULL when memory is short. */
void *cxm_arena_alloc(cxm_arena_t *arena, size_t size);

/* A copy that ends in NUL (not counted in len); data NULL when short. */
cxm_str_t cxm_arena_str(cxm_arena_t *arena, cxm_str_t s);

char *cxm_arena_printf(cxm_arena_t *arena, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));


#endif /* CXM_ARENA_H */
