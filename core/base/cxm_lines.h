/*
 * Lines out of blocks of text, with a bound on the length of one.  Of CSV
 * they are records: an end of line between quotes is a part of a cell.
 */

#ifndef CXM_LINES_H
#define CXM_LINES_H

#include "cxm_str.h"


typedef struct {
    size_t     max;             /* longest line */
    int        csv;             /* to be set behind init */
    uint64_t   line;            /* number of the one that came last, of a
                                   record that of its first line */
    uint64_t   more;            /* lines that it has besides */
    cxm_buf_t  text;
    size_t     at;              /* in text: what is not yet taken */
    int        passing;         /* the rest of a line that is too long */
} cxm_lines_t;

void cxm_lines_init(cxm_lines_t *lines, size_t max);
void cxm_lines_free(cxm_lines_t *lines);

/*
 * Adds a block, once cxm_lines_next() has given all lines of those before;
 * lines->text.failed is set without memory.
 */
void cxm_lines_put(cxm_lines_t *lines, cxm_str_t block);

/*
 * 1: *line is the next one, without its end, good until the next put; data
 * NULL: it is too long.  0: the next block is wanted, or, at the `end` of all
 * blocks, there are no more.  A record whose last quote is missing is the one
 * line that it begins with, so that only this one is spoilt.
 */
int cxm_lines_next(cxm_lines_t *lines, int end, cxm_str_t *line);


#endif /* CXM_LINES_H */
