/*
 * Customers as rows of an export.
 */

#include <limits.h>
#include <stdlib.h>

#include "cxm_customer_int.h"
#include "cxm_field_site.h"
#include "cxm_json.h"
#include "cxm_pack.h"


#define CXM_CUSTOMER_TEXT     (4u << 20)    /* of one, packed */
#define CXM_CUSTOMER_MEMBERS  (64 + CXM_SITE_FIELDS)
#define CXM_CUSTOMER_CELLS    32            /* fields of a row */

static const cxm_field_t  csv_fields[] = {
    CXM_CUSTOMER_ROW,
    CXM_CUSTOMER_PROFILE,
    CXM_CUSTOMER_LABELS,
    CXM_CUSTOMER_CONSENTS,
    { .name = "version", .type = CXM_FIELD_INT },
    { .name = "created_at", .type = CXM_FIELD_TIME },
    { .name = "updated_at", .type = CXM_FIELD_TIME },
    { .name = "erased", .type = CXM_FIELD_BOOL },
    { .name = NULL }
};

static const cxm_fields_t  csv_table = { "CustomerCells", csv_fields };

/* The record as it is answered, and what consents stand. */
static const cxm_field_t  row_fields[] = {
    CXM_CUSTOMER_PROFILE,
    CXM_CUSTOMER_LEADS,
    CXM_CUSTOMER_LABELS,
    CXM_CUSTOMER_ALIASED,
    CXM_CUSTOMER_CONSENTS,
    CXM_RECORD_ROWS,
    { .name = NULL }
};

static const cxm_fields_t  row_table = { "CustomerExport", row_fields };

typedef struct {
    cxm_txn_t           *txn;
    const cxm_export_t  *export;
    cxm_piece_t         *piece;
    cxm_find_t           find;
    uint64_t             next;          /* number to go on with */
    cxm_rc_t             rc;
} cxm_customer_walk_t;


/* --- one row ------------------------------------------------------------ */

static json_t *
values_of(const json_t *identifiers, const char *type, int verified)
{
    size_t         i;
    json_t        *list;
    const json_t  *item;

    list = json_array();

    for (i = 0; i < json_array_size(identifiers); i++) {
        item = json_array_get(identifiers, i);

        if (verified ? cxm_json_get_bool(item, "verified", 0)
                     : cxm_str_eqz(cxm_json_get_str(item, "type"), type))
        {
            (void) json_array_append(list, json_object_get(item, "value"));
        }
    }

    return list;
}


/* Accounts have no column: they cannot be brought anywhere. */
static int
cells(json_t *shown)
{
    int      bad;
    size_t   i;
    json_t  *list;

    bad = 0;
    list = json_object_get(shown, "identifiers");

    for (i = 0; cxm_customer_row_types[i] != NULL; i++) {
        bad |= json_object_set_new(shown, cxm_customer_row_types[i],
                   values_of(list, cxm_customer_row_types[i], 0));
    }

    if (json_object_size(json_object_get(shown, CXM_SITE_MEMBER)) == 0) {
        (void) json_object_del(shown, CXM_SITE_MEMBER);
    }

    return bad | json_object_set_new(shown, "verified",
                                     values_of(list, NULL, 1));
}


static cxm_rc_t
export_row(cxm_customer_walk_t *walk, const json_t *shown, int *more)
{
    size_t               i;
    cxm_rc_t             rc;
    cxm_buf_t            packed;
    cxm_value_t          row, values[CXM_CUSTOMER_CELLS];
    cxm_member_t         members[CXM_CUSTOMER_MEMBERS];
    cxm_members_t        room = { members, 0, CXM_CUSTOMER_MEMBERS };
    const cxm_field_t   *field;

    cxm_buf_init(&packed, CXM_CUSTOMER_TEXT);
    cxm_pack(&packed, shown);

    rc = packed.failed ? CXM_INTERNAL
                       : cxm_value_unpack(cxm_buf_str(&packed), &room, &row);

    if (rc == CXM_OK) {
        field = walk->export->rows->fields->fields;

        for (i = 0; field[i].name != NULL; i++) {
            values[i] = cxm_value_get(&row, cxm_strz(field[i].name));
        }

        *more = cxm_export_row(walk->export, walk->piece, values, &room);
    }

    cxm_buf_free(&packed);

    return rc;
}


/* Of most there are none. */
static cxm_rc_t
add_consents(cxm_customer_walk_t *walk, const cxm_doc_t *doc, json_t *shown)
{
    json_t    *facts;
    cxm_rc_t   rc;

    if (doc->erased) {
        return CXM_OK;
    }

    rc = cxm_consent_facts(walk->txn, &doc->id, walk->export->personal,
                           &facts, &walk->piece->err);

    if (rc == CXM_OK && json_object_size(facts) > 0
        && json_object_set(shown, "consents", facts) != 0)
    {
        rc = CXM_INTERNAL;
    }

    json_decref(facts);

    return rc;
}


static cxm_rc_t
export_customer(cxm_customer_walk_t *walk, const cxm_doc_t *doc, int *more)
{
    json_t    *shown;
    cxm_rc_t   rc;

    shown = cxm_record_json(doc, walk->find.fields,
                            cxm_record_see(doc, walk->export->personal));
    rc = shown == NULL ? CXM_INTERNAL : add_consents(walk, doc, shown);

    if (rc != CXM_OK) {
        json_decref(shown);
        return rc;
    }

    if ((walk->export->format == CXM_EXPORT_CSV
         && cells(shown)))
    {
        json_decref(shown);
        return CXM_INTERNAL;
    }

    rc = export_row(walk, shown, more);
    json_decref(shown);

    return rc;
}


/* --- all ---------------------------------------------------------------- */

/* A cxm_doc_pt. */
static int
walk_customer(void *ctx, const cxm_doc_t *doc)
{
    int                   more;
    cxm_uuid_t            into;
    cxm_customer_walk_t  *walk;

    walk = ctx;

    if (doc->no >= walk->piece->end) {
        return 1;
    }

    if (!cxm_export_look(walk->piece)) {
        walk->next = doc->no;
        return 1;
    }

    more = 1;

    /* what was merged into another one is told of by that */

    if (!cxm_record_merged(&cxm_record_customer, doc->body, &into)
        && cxm_find_has(cxm_txn_store(walk->txn), &walk->find, doc))
    {
        walk->rc = export_customer(walk, doc, &more);
    }

    if (!more) {
        walk->next = doc->no + 1;
    }

    return walk->rc != CXM_OK || !more;
}


static cxm_rc_t
export_walk(cxm_txn_t *txn, const cxm_export_t *export, cxm_piece_t *piece)
{
    cxm_rc_t             rc;
    uint64_t             from;
    cxm_customer_walk_t  walk;

    walk.txn = txn;
    walk.export = export;
    walk.piece = piece;
    cxm_find_copy(&walk.find, export->query);
    walk.next = piece->end;
    walk.rc = CXM_OK;

    /* behind the one row that a number has comes the next number */

    from = piece->at.no + (piece->at.sub > 0);

    rc = cxm_record_fields(txn, &cxm_record_customer, &walk.find.fields,
                           &piece->err);
    if (rc == CXM_OK) {
        rc = cxm_doc_list(txn, CXM_KIND_CUSTOMER, from - (from > 0), UINT_MAX,
                          walk_customer, &walk, &piece->err);
    }

    if (rc == CXM_OK) {
        rc = walk.rc;
    }

    if (rc != CXM_OK) {
        return cxm_fail(&piece->err, rc, NULL, "Customers cannot be read.");
    }

    piece->at = (cxm_place_t) { walk.next, 0 };

    return CXM_OK;
}


const cxm_export_rows_t  cxm_customer_rows = {
    .fields = &row_table,
    .walk = export_walk,
    .free = free
};

static const cxm_export_rows_t  csv_rows = {
    .fields = &csv_table,
    .walk = export_walk,
    .free = free
};


/* A column for each of the site's fields. */
static cxm_rc_t
name_columns(cxm_export_t *export, const cxm_fields_t *record,
    cxm_error_t *err)
{
    cxm_rc_t            rc;
    unsigned            no;
    const cxm_field_t  *field;

    for (no = 0; strcmp(csv_fields[no].name, CXM_SITE_MEMBER) != 0; no++) {
        /* void */
    }

    rc = CXM_OK;
    field = cxm_field_find(record, cxm_str(CXM_SITE_MEMBER))->object->fields;

    for (/* void */; field->name != NULL && rc == CXM_OK; field++) {
        if (export->personal || !(field->flags & CXM_FIELD_PERSONAL)) {
            rc = cxm_export_column(export, no, cxm_strz(field->name), NULL);
        }
    }

    if (rc == CXM_OK) {
        rc = cxm_export_ready(export);
    }

    return rc == CXM_OK ? CXM_OK : cxm_fail(err, rc, NULL, "No memory.");
}


cxm_rc_t
cxm_customer_export(const cxm_find_t *find, cxm_export_t *export,
    cxm_error_t *err)
{
    cxm_find_t  *query;

    query = malloc(sizeof(*query));

    if (query == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
    }

    cxm_find_copy(query, find);
    export->query = query;

    if (export->format != CXM_EXPORT_CSV) {
        return CXM_OK;
    }

    export->rows = &csv_rows;

    return name_columns(export, find->fields, err);
}


cxm_rc_t
cxm_customer_place(cxm_txn_t *txn, const cxm_uuid_t *id, cxm_place_t *place)
{
    place->sub = 0;

    return cxm_doc_no(txn, CXM_KIND_CUSTOMER, id, &place->no);
}
