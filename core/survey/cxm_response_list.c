/*
 * Lists of answers, newest first.
 */

#include "cxm_json.h"
#include "cxm_response_walk.h"


#define CXM_LIST_ROWS  10000        /* looked at in one transaction */


typedef struct {
    cxm_txn_t           *txn;
    const cxm_caller_t  *caller;
    unsigned             limit;
    json_t              *items;
    int                 *personal;
    cxm_error_t         *err;
} cxm_list_t;


/* *next is where the next page begins, 0 at the end. */
static cxm_rc_t
list_rows(cxm_list_t *list, cxm_response_walk_t *walk, uint64_t *next)
{
    json_t                    *item;
    uint64_t                   survey;
    cxm_rc_t                   rc;
    const cxm_response_row_t  *row;

    walk->max = CXM_LIST_ROWS;

    for ( ;; ) {

        /* a full page only looks whether anything is behind it */

        if (json_array_size(list->items) >= list->limit) {
            walk->max = walk->looked;
        }

        rc = cxm_response_walk_next(walk, &survey, &row);

        if (rc != CXM_OK) {
            break;
        }

        rc = cxm_response_row_json(list->txn, list->caller, survey, row,
                                   &item, list->personal, list->err);
        if (rc != CXM_OK) {
            break;
        }

        if (json_array_append_new(list->items, item) != 0) {
            rc = cxm_fail(list->err, CXM_INTERNAL, NULL, "No memory.");
            break;
        }
    }

    *next = walk->at;

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


cxm_rc_t
cxm_response_list(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_response_query_t *query, json_t **items, uint64_t *next,
    int *personal, cxm_error_t *err)
{
    uint64_t               from;
    cxm_rc_t               rc;
    cxm_list_t             list;
    cxm_response_walk_t    walk;
    cxm_response_choice_t  choice = { 0 };

    from = query->before == 0 ? UINT64_MAX : query->before;
    list = (cxm_list_t) { txn, caller, query->limit, json_array(), personal,
                          err };
    *items = NULL;
    *next = 0;
    *personal = 0;

    rc = cxm_response_choose(txn, query, &choice, err);

    if (rc == CXM_OK) {
        rc = cxm_response_walk_down(&walk, txn, &choice, from, err);

        if (rc == CXM_OK) {
            rc = list_rows(&list, &walk, next);
        }

        cxm_response_walk_end(&walk);
    }

    cxm_response_choice_clear(&choice);

    if (rc != CXM_OK) {
        json_decref(list.items);
        return rc;
    }

    *items = list.items;

    return CXM_OK;
}
