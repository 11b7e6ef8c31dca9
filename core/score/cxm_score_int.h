/*
 * What the files of score/ share: groups of counts, and their figures.
 */

#ifndef CXM_SCORE_INT_H
#define CXM_SCORE_INT_H

#include "cxm_score.h"


/* A group (all answers, a bucket, a segment's value): what its form counts. */
typedef uint64_t  cxm_score_group_t;

typedef struct {
    json_t      *object;
    const char  *value;     /* name of the figure: "value" or "score" */
    int          failed;    /* memory was short */
} cxm_score_json_t;

/*
 * What a group counts, and what is said of it.  Series 0 is that of the
 * question, the others are the items of a CSI.
 */
typedef struct {
    size_t    (*width)(const cxm_score_query_t *query);
    void      (*add)(const cxm_score_query_t *query, cxm_score_group_t *group,
                     unsigned series, uint32_t point, uint64_t count);
    uint64_t  (*n)(const cxm_score_query_t *query,
                   const cxm_score_group_t *group);
    void      (*put)(const cxm_score_query_t *query,
                     const cxm_score_group_t *group, cxm_score_json_t *out);
} cxm_score_form_t;

extern const cxm_score_form_t  cxm_score_form_scale;
extern const cxm_score_form_t  cxm_score_form_csi;
extern const cxm_score_form_t  cxm_score_form_touch;

/* A query at work. */
typedef struct {
    cxm_txn_t                *txn;
    const cxm_score_query_t  *query;
    const cxm_score_form_t   *form;
    int                       any;      /* 0: there is nothing to be read */
    cxm_ms_t                  from, to;
    size_t                    width;    /* of a group */

    size_t                    nbuckets;
    cxm_ms_t                 *starts;   /* nbuckets + 1; NULL: none */
    size_t                    at;       /* the bucket of the last cell */

    /* groups of one value: all of it, then its buckets */

    cxm_score_group_t        *total;
    cxm_score_group_t       **values;   /* by number; NULL: none */
    size_t                    nvalues;  /* that there are */
    cxm_score_group_t        *none;     /* an empty group */

    unsigned                  series;   /* being read */
    int                       too_many;     /* values with buckets */
    int                       failed;   /* memory was short */
} cxm_score_t;


/* cxm_score_collect.c: fills total and values. */
cxm_rc_t cxm_score_collect(cxm_score_t *score, cxm_error_t *err);
void cxm_score_free(cxm_score_t *score);

static inline const cxm_score_group_t *
cxm_score_bucket(const cxm_score_t *score, const cxm_score_group_t *groups,
    size_t bucket)
{
    return groups + (bucket + 1) * score->width;
}

/* cxm_score_figure.c */
void cxm_score_put(cxm_score_json_t *out, const char *name, json_t *value);
void cxm_score_put_time(cxm_score_json_t *out, const char *name, int has,
    cxm_ms_t t);

/* Figures of a group, or its n alone when it is below the floor. */
void cxm_score_put_group(const cxm_score_t *score,
    const cxm_score_group_t *group, cxm_score_json_t *out);

/* cxm_score_list.c: lists of buckets and of segments, new references. */
json_t *cxm_score_buckets(const cxm_score_t *score,
    const cxm_score_group_t *groups);
cxm_rc_t cxm_score_segments(const cxm_score_t *score, json_t **out);


#endif /* CXM_SCORE_INT_H */
