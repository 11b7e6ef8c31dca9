/*
 * The arena: blocks in a chain, the newest first.
 */

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "cxm_arena.h"


/*
 * Under AddressSanitizer every piece gets a block of its own, so that a
 * step over its end is seen.
 */
#if defined(__SANITIZE_ADDRESS__)
#define CXM_ARENA_FIRST  0
#define CXM_ARENA_BLOCK  0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CXM_ARENA_FIRST  0
#define CXM_ARENA_BLOCK  0
#endif
#endif

/* Most calls, beacons above all, need a few hundred bytes. */
#ifndef CXM_ARENA_BLOCK
#define CXM_ARENA_FIRST  (1024 - sizeof(cxm_arena_block_t))
#define CXM_ARENA_BLOCK  (8192 - sizeof(cxm_arena_block_t))
#endif


struct cxm_arena_block_s {
    cxm_arena_block_t     *prev;
    size_t                 used;
    size_t                 size;
    alignas(max_align_t)
    uint8_t                data[];
};


void
cxm_arena_free(cxm_arena_t *arena)
{
    cxm_arena_block_t  *block, *prev;

    for (block = arena->last; block != NULL; block = prev) {
        prev = block->prev;
        free(block);
    }

    arena->last = NULL;
    arena->total = 0;
}


static cxm_arena_block_t *
cxm_arena_block(cxm_arena_t *arena, size_t size)
{
    int                 large;
    size_t              usual;
    cxm_arena_block_t  *block, *last;

    usual = arena->last == NULL ? CXM_ARENA_FIRST : CXM_ARENA_BLOCK;
    large = size > usual / 4;

    if (!large) {
        size = usual;
    }

    if (size > SIZE_MAX - sizeof(cxm_arena_block_t)) {
        return NULL;
    }

    block = calloc(1, sizeof(cxm_arena_block_t) + size);

    if (block == NULL) {
        return NULL;
    }

    block->size = size;
    last = arena->last;

    /* a large piece goes behind, the room left in the last block stays */

    if (large && last != NULL) {
        block->prev = last->prev;
        last->prev = block;

    } else {
        block->prev = last;
        arena->last = block;
    }

    return block;
}


void *
cxm_arena_alloc(cxm_arena_t *arena, size_t size)
{
    size_t              start;
    cxm_arena_block_t  *block;

    if (size == 0) {
        size = 1;
    }

    block = arena->last;
    start = 0;

    if (block != NULL) {
        start = block->used + (alignof(max_align_t) - 1);
        start &= ~(alignof(max_align_t) - 1);
    }

    if (block == NULL || start > block->size || size > block->size - start) {
        block = cxm_arena_block(arena, size);

        if (block == NULL) {
            return NULL;
        }

        start = 0;
    }

    block->used = start + size;
    arena->total += size;

    return block->data + start;
}


cxm_str_t
cxm_arena_str(cxm_arena_t *arena, cxm_str_t s)
{
    char  *p;

    if (s.len == SIZE_MAX) {
        return (cxm_str_t) { 0, NULL };
    }

    p = cxm_arena_alloc(arena, s.len + 1);

    if (p == NULL) {
        return (cxm_str_t) { 0, NULL };
    }

    if (s.len != 0) {
        memcpy(p, s.data, s.len);
    }

    return (cxm_str_t) { s.len, p };
}


char *
cxm_arena_printf(cxm_arena_t *arena, const char *fmt, ...)
{
    int      n;
    char    *p;
    va_list  args;

    va_start(args, fmt);
    n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);

    if (n < 0) {
        return NULL;
    }

    p = cxm_arena_alloc(arena, (size_t) n + 1);

    if (p == NULL) {
        return NULL;
    }

    va_start(args, fmt);
    (void) vsnprintf(p, (size_t) n + 1, fmt, args);
    va_end(args);

    return p;
}
