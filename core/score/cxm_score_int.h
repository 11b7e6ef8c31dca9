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
    void      (*figure)(const cxm_score_query_t *query,
                        const cxm_score_group_t *group, cxm_figure_t *out);
    void      (*put)(const cxm_score_query_t *query,
                     const cxm_score_group_t *group, cxm_score_json_t *out);
} cxm_score_form_t;

extern const cxm_score_form_t  cxm_score_form_scale;
extern const cxm_score_form_t  cxm_score_form_csi;
extern const cxm_score_form_t  cxm_score_form_touch;
extern const cxm_score_form_t  cxm_score_form_rate;
extern const cxm_score_form_t  cxm_score_form_event;

static inline uint16_t
cxm_score_question(const cxm_score_query_t *query, unsigned series)
{
    return series == 0 ? query->question : query->items[series - 1].question;
}

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


/*
 * cxm_score.c: the form of an answered question; range, buckets and counts of
 * a query, cxm_score_free() then, whatever it returns.
 */
const cxm_score_form_t *cxm_score_form(const cxm_score_query_t *query);
cxm_rc_t cxm_score_begin(cxm_score_t *score, const cxm_score_form_t *form,
    cxm_txn_t *txn, const cxm_score_query_t *query, cxm_error_t *err);

/* cxm_score_collect.c: fills total and values. */
cxm_rc_t cxm_score_collect(cxm_score_t *score, cxm_error_t *err);
void cxm_score_free(cxm_score_t *score);

static inline const cxm_score_group_t *
cxm_score_bucket(const cxm_score_t *score, const cxm_score_group_t *groups,
    size_t bucket)
{
    return groups + (bucket + 1) * score->width;
}

/* cxm_score_figure.c: of what is below the floor there is only n. */
int cxm_score_withheld(const cxm_score_t *score,
    const cxm_score_group_t *group);
void cxm_score_put_group(const cxm_score_t *score,
    const cxm_score_group_t *group, cxm_score_json_t *out);
void cxm_score_figure(const cxm_score_t *score,
    const cxm_score_group_t *group, cxm_figure_t *out);

/* cxm_score_list.c: lists of buckets and of segments, new references. */
json_t *cxm_score_buckets(const cxm_score_t *score,
    const cxm_score_group_t *groups);
cxm_rc_t cxm_score_segments(const cxm_score_t *score, json_t **out);

/* Values by number of answers in a, and in b unless it is NULL; null last. */
size_t cxm_score_rank(const cxm_score_t *a, const cxm_score_t *b,
    uint32_t values[CXM_DICT_VALUES]);

/* Text of a value of the query's segment, as "value". */
cxm_rc_t cxm_score_put_value(const cxm_score_t *score, uint32_t value,
    cxm_score_json_t *out);

/* cxm_score_json.c; a value is stolen. */
void cxm_score_put(cxm_score_json_t *out, const char *name, json_t *value);
void cxm_score_put_text(cxm_score_json_t *out, const char *name,
    cxm_str_t text);
void cxm_score_put_time(cxm_score_json_t *out, const char *name, int has,
    cxm_ms_t t);
void cxm_score_put_count(cxm_score_json_t *out, const char *name, uint64_t n);
void cxm_score_put_real(cxm_score_json_t *out, const char *name, int has,
    double v);
/* All that a figure is but its n, the figure itself as out->value. */
void cxm_score_put_figure(cxm_score_json_t *out, const cxm_figure_t *f);
void cxm_score_put_comparison(cxm_score_json_t *out,
    const cxm_comparison_t *c);

/* The query's benchmark, if it has one, against all answers. */
void cxm_score_put_benchmark(cxm_score_json_t *out, const cxm_score_t *score);

/* Metric, survey, question and variant; from and to. */
void cxm_score_put_head(cxm_score_json_t *out,
    const cxm_score_query_t *query);
void cxm_score_put_range(cxm_score_json_t *out, const cxm_score_t *score);

/* Appends what out holds to a list. */
void cxm_score_add(json_t *list, cxm_score_json_t *out, int *failed);

/* The answer, or CXM_INTERNAL when memory was short. */
cxm_rc_t cxm_score_end(cxm_score_json_t *answer, json_t **out,
    cxm_error_t *err);


#endif /* CXM_SCORE_INT_H */
