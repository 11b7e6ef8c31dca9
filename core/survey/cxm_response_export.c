/*
 * Answers as rows of an export.
 */

#include <stdlib.h>

#include "cxm_answer.h"
#include "cxm_response_view.h"
#include "cxm_response_walk.h"


static cxm_rc_t
export_row(cxm_txn_t *txn, const cxm_export_t *export, cxm_piece_t *piece,
    uint64_t survey, const cxm_response_row_t *row, int *more)
{
    cxm_rc_t             rc;
    cxm_response_view_t  view;

    rc = cxm_response_view(txn, survey, row, export->personal, &view,
                           &piece->err);

    if (rc == CXM_OK) {
        *more = cxm_export_row(export, piece, view.fields, &view.room);
    }

    return rc;
}


static cxm_rc_t
export_walk(cxm_txn_t *txn, const cxm_export_t *export, cxm_piece_t *piece)
{
    int                        more;
    uint64_t                   survey;
    cxm_rc_t                   rc;
    cxm_response_walk_t        walk;
    const cxm_response_row_t  *row;

    /* behind the one row that a number has comes the next number */

    rc = cxm_response_walk_up(&walk, txn, export->query,
                              piece->at.no + (piece->at.sub > 0), piece->end,
                              &piece->err);
    walk.max = piece->left;
    more = 1;

    while (rc == CXM_OK && more) {
        rc = cxm_response_walk_next(&walk, &survey, &row);

        if (rc == CXM_OK) {
            rc = export_row(txn, export, piece, survey, row, &more);
        }
    }

    piece->looked += walk.looked;
    piece->at = (cxm_place_t) { walk.at, 0 };
    cxm_response_walk_end(&walk);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


static void
export_free(void *query)
{
    cxm_response_choice_clear(query);
    free(query);
}


const cxm_export_rows_t  cxm_response_rows = {
    .fields = &cxm_response_shown,
    .walk = export_walk,
    .free = export_free
};


/* --- columns ------------------------------------------------------------ */

/* What was said in words is personal. */
static int
question_shown(const cxm_export_t *export, const cxm_question_t *question)
{
    return export->personal || (question->type != CXM_QUESTION_TEXT
                                && question->type != CXM_QUESTION_CONTACT);
}


static cxm_rc_t
name_questions(cxm_export_t *export, const cxm_question_t *questions,
    unsigned n)
{
    cxm_rc_t            rc;
    unsigned            i;
    const cxm_field_t  *member;

    rc = CXM_OK;

    for (i = 0; i < n && rc == CXM_OK; i++) {

        if (!question_shown(export, &questions[i])) {
            continue;
        }

        if (questions[i].type != CXM_QUESTION_CONTACT) {
            rc = cxm_export_column(export, CXM_SHOWN_ANSWERS, questions[i].id,
                                   NULL);
            continue;
        }

        for (member = cxm_contact_fields.fields;
             member->name != NULL && rc == CXM_OK;
             member++)
        {
            rc = cxm_export_column(export, CXM_SHOWN_ANSWERS, questions[i].id,
                                   member->name);
        }
    }

    return rc;
}


static cxm_rc_t
name_survey(cxm_export_t *export, const cxm_survey_t *survey)
{
    cxm_rc_t  rc;
    unsigned  i;

    rc = name_questions(export, survey->questions, survey->nquestions);

    if (rc == CXM_OK) {
        rc = name_questions(export, survey->retired, survey->nretired);
    }

    for (i = 0; i < survey->nsegments && rc == CXM_OK; i++) {
        rc = cxm_export_column(export, CXM_SHOWN_ATTRIBUTES,
                               survey->segments[i].name, NULL);
    }

    return rc;
}


static cxm_rc_t
name_columns(cxm_txn_t *txn, cxm_export_t *export, cxm_error_t *err)
{
    cxm_rc_t                      rc;
    unsigned                      i;
    const cxm_survey_t           *survey;
    const cxm_response_choice_t  *choice;

    choice = export->query;
    rc = CXM_OK;

    for (i = 0; i < choice->n && rc == CXM_OK; i++) {
        rc = cxm_survey_by_no(txn, choice->filters[i].survey, &survey, err);

        if (rc != CXM_OK) {
            return rc;
        }

        rc = name_survey(export, survey);
    }

    if (rc == CXM_OK && export->personal) {
        rc = cxm_export_rest(export, CXM_SHOWN_ATTRIBUTES);
    }

    if (rc == CXM_OK) {
        rc = cxm_export_ready(export);
    }

    return rc == CXM_OK ? CXM_OK
                        : cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
}


cxm_rc_t
cxm_response_export(cxm_txn_t *txn, const cxm_response_query_t *query,
    cxm_export_t *export, cxm_error_t *err)
{
    cxm_rc_t                rc;
    cxm_response_choice_t  *choice;

    choice = calloc(1, sizeof(*choice));

    if (choice == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
    }

    export->query = choice;
    rc = cxm_response_choose(txn, query, choice, err);

    return rc == CXM_OK && export->format == CXM_EXPORT_CSV
           ? name_columns(txn, export, err) : rc;
}


cxm_rc_t
cxm_response_place(cxm_txn_t *txn, const cxm_uuid_t *id, cxm_place_t *place)
{
    uint64_t  survey;

    place->sub = 0;

    return cxm_response_locate(txn, id, &survey, &place->no);
}
