/*
 * What the files of score/ share: groups of counts, and their figures.
 */

#ifndef CXM_SCORE_INT_H
#define CXM_SCORE_INT_H

#include "cxm_score.h"


/*
 * A group (all answers, a bucket, a segment's value) is an array: counts of
 * the points, of min first, then n and sum of points for each item.
 */
typedef uint64_t  cxm_score_group_t;

typedef struct {
    json_t      *object;
    const char  *value;     /* name of the figure: "value" or "score" */
    int          failed;    /* memory was short */
} cxm_score_json_t;

/* Adds the figures of a group to an object. */
typedef void (*cxm_score_figures_pt)(const cxm_score_query_t *query,
    const cxm_score_group_t *group, cxm_score_json_t *out);

/* A query at work. */
typedef struct {
    cxm_txn_t                *txn;
    const cxm_score_query_t  *query;
    cxm_score_figures_pt      figures;
    int                       any;      /* 0: there is nothing to be read */
    cxm_ms_t                  from, to;
    size_t                    npoints;
    size_t                    width;    /* of a group */

    size_t                    nbuckets;
    cxm_ms_t                 *starts;   /* nbuckets + 1 */
    size_t                    at;       /* the bucket being filled */
    cxm_score_group_t        *total;
    cxm_score_group_t        *none;     /* an empty one */
    cxm_score_group_t        *bucket;
    cxm_score_group_t        *bucket_items;     /* nbuckets x 2 nitems */
    unsigned                  item;     /* being read */

    cxm_score_group_t       **values;   /* by number; NULL: none */
    size_t                    nvalues;

    json_t                   *buckets;
    json_t                   *segments;
    int                       failed;   /* memory was short */
} cxm_score_t;


/* cxm_score_collect.c: fills total, buckets and segments. */
cxm_rc_t cxm_score_collect(cxm_score_t *score);
void cxm_score_free(cxm_score_t *score);

/* Figures of a group, or its n alone when it is below the floor. */
void cxm_score_figures(const cxm_score_t *score,
    const cxm_score_group_t *group, cxm_score_json_t *out);

/* cxm_score_figure.c */
void cxm_score_put(cxm_score_json_t *out, const char *name, json_t *value);
void cxm_score_put_time(cxm_score_json_t *out, const char *name, int has,
    cxm_ms_t t);
uint64_t cxm_score_n(const cxm_score_group_t *group, size_t npoints);
void cxm_score_figures_scale(const cxm_score_query_t *query,
    const cxm_score_group_t *group, cxm_score_json_t *out);
void cxm_score_figures_csi(const cxm_score_query_t *query,
    const cxm_score_group_t *group, cxm_score_json_t *out);
void cxm_score_figures_touch(const cxm_score_query_t *query,
    const cxm_score_group_t *group, cxm_score_json_t *out);


#endif /* CXM_SCORE_INT_H */
