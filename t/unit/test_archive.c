/*
 * Sealed files: what is written is read, and no change of a file goes
 * unnoticed.
 */

#include <fcntl.h>

#include "unit_store.h"

#include "cxm_archive.h"


static char              root[200];
static cxm_key_t         key;
static cxm_archive_id_t  id;
static cxm_error_t       err;


static int
setup(void **state)
{
    (void) state;

    snprintf(root, sizeof(root), "/tmp/cxm-unit-XXXXXX");
    assert_non_null(mkdtemp(root));
    assert_int_equal(cxm_crypto_init(), CXM_OK);

    cxm_random(key.b, sizeof(key.b));
    memset(&id, 0, sizeof(id));
    id.type = CXM_ARCHIVE_JOURNAL;
    id.seq = 77;
    id.key = &key;
    cxm_random(id.uuid.b, sizeof(id.uuid.b));
    cxm_error_init(&err);

    return 0;
}


static int
teardown(void **state)
{
    (void) state;
    assert_int_equal(nftw(root, unit_remove, 8, FTW_DEPTH | FTW_PHYS), 0);

    return 0;
}


static char *
path_of(const char *name)
{
    static char  path[400];

    snprintf(path, sizeof(path), "%s/%s", root, name);

    return path;
}


/* Record i: as long as it says, its bytes are of its number. */
static size_t
length_of(unsigned i)
{
    static const size_t  lengths[] = { 0, 1, 127, 128, 4080, 300000, 17 };

    return lengths[i % (sizeof(lengths) / sizeof(lengths[0]))];
}


static void
put(cxm_archive_writer_t *writer, unsigned i)
{
    char  *data;

    data = malloc(length_of(i) + 1);
    memset(data, 'a' + (int) (i % 26), length_of(i));
    assert_int_equal(cxm_archive_put(writer,
                                     (cxm_str_t) { length_of(i), data },
                                     &err), CXM_OK);
    free(data);
}


static void
write_file(const char *name, unsigned n, cxm_archive_sum_t *sum)
{
    unsigned               i;
    cxm_archive_writer_t  *writer;

    assert_int_equal(cxm_archive_create(root, &id, 0, &writer, &err), CXM_OK);

    for (i = 0; i < n; i++) {
        put(writer, i);
    }

    assert_int_equal(cxm_archive_finish(writer, name, sum, &err), CXM_OK);
}


/* What reading the file says; *n counts the records that came out. */
static cxm_rc_t
read_file(const char *path, unsigned *n)
{
    size_t                 i;
    cxm_rc_t               rc;
    cxm_str_t              record;
    cxm_archive_reader_t  *reader;

    *n = 0;
    rc = cxm_archive_open(path, &id, &reader, &err);

    if (rc != CXM_OK) {
        return rc;
    }

    for ( ;; ) {
        rc = cxm_archive_next(reader, &record, &err);

        if (rc != CXM_OK) {
            break;
        }

        assert_int_equal(record.len, length_of(*n));

        for (i = 0; i < record.len; i++) {
            assert_int_equal(record.data[i], 'a' + (int) (*n % 26));
        }

        ++*n;
    }

    if (rc == CXM_NOT_FOUND) {
        /* the end stays the end */
        assert_int_equal(cxm_archive_next(reader, &record, &err),
                         CXM_NOT_FOUND);
    }

    cxm_archive_close(reader);

    return rc;
}


static void
what_is_written_is_read(void **state)
{
    unsigned           i, n;
    struct stat        st;
    cxm_archive_sum_t  sum;

    (void) state;

    for (i = 0; i < 40; i += 13) {
        write_file("some", i, &sum);
        id.sum = &sum;
        assert_int_equal(read_file(path_of("some"), &n), CXM_NOT_FOUND);
        assert_int_equal(n, i);
        id.sum = NULL;
        assert_int_equal(read_file(path_of("some"), &n), CXM_NOT_FOUND);

        assert_int_equal(stat(path_of("some"), &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal((uint64_t) st.st_size, sum.size);
        assert_int_equal(access(path_of("new-1.tmp"), F_OK), -1);
    }
}


static void
hash_is_that_of_b2sum(void **state)
{
    char               command[600], hex[2 * CXM_ARCHIVE_HASH + 1];
    char               line[100];
    FILE              *pipe;
    cxm_archive_sum_t  sum;

    (void) state;
    write_file("some", 20, &sum);
    cxm_hex_encode(sum.hash, sizeof(sum.hash), hex);

    snprintf(command, sizeof(command), "b2sum -l 256 < %s", path_of("some"));
    pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(line, sizeof(line), pipe));
    assert_int_equal(pclose(pipe), 0);
    assert_memory_equal(line, hex, 2 * CXM_ARCHIVE_HASH);
}


static void
longest_record(void **state)
{
    char                  *data;
    cxm_str_t              record;
    cxm_archive_sum_t      sum;
    cxm_archive_writer_t  *writer;
    cxm_archive_reader_t  *reader;

    (void) state;
    data = malloc(CXM_ARCHIVE_RECORD + 1);
    memset(data, 'x', CXM_ARCHIVE_RECORD + 1);
    record = (cxm_str_t) { CXM_ARCHIVE_RECORD, data };

    /* behind text that was one byte short of a frame */

    assert_int_equal(cxm_archive_create(root, &id, 0, &writer, &err), CXM_OK);
    assert_int_equal(cxm_archive_put(writer,
                                     (cxm_str_t) { CXM_ARCHIVE_FRAME - 4,
                                                   data }, &err), CXM_OK);
    assert_int_equal(cxm_archive_put(writer, record, &err), CXM_OK);
    record.len++;
    assert_int_equal(cxm_archive_put(writer, record, &err), CXM_TOO_LARGE);
    assert_int_equal(cxm_archive_finish(writer, "long", &sum, &err), CXM_OK);

    id.sum = &sum;
    assert_int_equal(cxm_archive_open(path_of("long"), &id, &reader, &err),
                     CXM_OK);
    assert_int_equal(cxm_archive_next(reader, &record, &err), CXM_OK);
    assert_int_equal(record.len, CXM_ARCHIVE_FRAME - 4);
    assert_int_equal(cxm_archive_next(reader, &record, &err), CXM_OK);
    assert_int_equal(record.len, CXM_ARCHIVE_RECORD);
    assert_int_equal(cxm_archive_next(reader, &record, &err), CXM_NOT_FOUND);
    cxm_archive_close(reader);
    free(data);
}


static char *
slurp(const char *path, size_t *len)
{
    FILE  *f;
    char  *data;

    f = fopen(path, "rb");
    assert_non_null(f);
    data = malloc(1 << 20);
    *len = fread(data, 1, 1 << 20, f);
    assert_int_equal(fclose(f), 0);

    return data;
}


static void
spew(const char *path, const char *data, size_t len)
{
    FILE  *f;

    f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}


/* With and without the recorded sum: the stream alone tells it, too. */
static void
assert_damaged(const char *path, const cxm_archive_sum_t *sum)
{
    unsigned  n;
    cxm_rc_t  rc;

    id.sum = NULL;
    rc = read_file(path, &n);
    assert_true(rc == CXM_CORRUPT || rc == CXM_FORMAT);
    id.sum = sum;
    rc = read_file(path, &n);
    assert_true(rc == CXM_CORRUPT || rc == CXM_FORMAT);
    id.sum = NULL;
}


static void
every_change_is_found(void **state)
{
    char               *data;
    size_t              i, len;
    cxm_archive_sum_t   sum;

    (void) state;
    write_file("some", 3, &sum);
    data = slurp(path_of("some"), &len);
    assert_int_equal(len, sum.size);
    assert_true(len < 300);

    for (i = 0; i < len * 8; i++) {
        data[i / 8] ^= (char) (1 << i % 8);
        spew(path_of("flipped"), data, len);
        assert_damaged(path_of("flipped"), &sum);
        data[i / 8] ^= (char) (1 << i % 8);
    }

    for (i = 0; i < len; i++) {
        spew(path_of("cut"), data, i);
        assert_damaged(path_of("cut"), &sum);
    }

    data[len] = 0;
    spew(path_of("longer"), data, len + 1);
    assert_damaged(path_of("longer"), &sum);

    /* the whole stream once more behind the end of it */

    memcpy(data + len, data + CXM_ARCHIVE_HEADER, len - CXM_ARCHIVE_HEADER);
    spew(path_of("twice"), data, 2 * len - CXM_ARCHIVE_HEADER);
    assert_damaged(path_of("twice"), &sum);
    free(data);
}


static void
another_file_does_not_pass(void **state)
{
    unsigned           n;
    cxm_key_t          other;
    cxm_archive_id_t   right;
    cxm_archive_sum_t  first, second;

    (void) state;
    write_file("first", 3, &first);
    write_file("second", 3, &second);
    right = id;

    /* sealed in the same way, but not the one that was recorded */

    assert_int_equal(first.size, second.size);
    id.sum = &second;
    assert_int_equal(read_file(path_of("first"), &n), CXM_CORRUPT);
    id.sum = &first;
    assert_int_equal(read_file(path_of("first"), &n), CXM_NOT_FOUND);

    id.type = CXM_ARCHIVE_TABLES;
    assert_int_equal(read_file(path_of("first"), &n), CXM_CORRUPT);
    id = right;
    id.seq++;
    assert_int_equal(read_file(path_of("first"), &n), CXM_CORRUPT);
    id = right;
    id.uuid.b[3] ^= 1;
    assert_int_equal(read_file(path_of("first"), &n), CXM_CORRUPT);
    id = right;
    other = key;
    other.b[0] ^= 1;
    id.key = &other;
    assert_int_equal(read_file(path_of("first"), &n), CXM_CORRUPT);
    id = right;
    assert_int_equal(read_file(path_of("none"), &n), CXM_NOT_FOUND);
    assert_int_equal(read_file(root, &n), CXM_CORRUPT);

    /* a link is not followed */

    assert_int_equal(symlink("first", path_of("link")), 0);
    assert_int_equal(read_file(path_of("link"), &n), CXM_IO);
}


static void
a_name_is_taken_only_from_ourselves(void **state)
{
    unsigned               n;
    cxm_archive_sum_t      sum;
    cxm_archive_writer_t  *writer;

    (void) state;
    write_file("some", 3, &sum);
    write_file("some", 8, &sum);
    assert_int_equal(read_file(path_of("some"), &n), CXM_NOT_FOUND);
    assert_int_equal(n, 8);

    id.uuid.b[0] ^= 1;
    assert_int_equal(cxm_archive_create(root, &id, 0, &writer, &err), CXM_OK);
    assert_int_equal(cxm_archive_finish(writer, "some", &sum, &err),
                     CXM_CONFLICT);
    assert_int_equal(access(path_of("new-1.tmp"), F_OK), -1);
    id.uuid.b[0] ^= 1;
    assert_int_equal(read_file(path_of("some"), &n), CXM_NOT_FOUND);
    assert_int_equal(n, 8);

    spew(path_of("letter"), "Dear Sir", 8);
    assert_int_equal(cxm_archive_create(root, &id, 0, &writer, &err), CXM_OK);
    assert_int_equal(cxm_archive_finish(writer, "letter", &sum, &err),
                     CXM_CONFLICT);
}


static void
no_space_and_no_directory(void **state)
{
    cxm_archive_writer_t  *writer;

    (void) state;
    assert_int_equal(cxm_archive_create(root, &id, UINT64_MAX / 2, &writer,
                                        &err), CXM_FULL);
    assert_int_equal(access(path_of("new-1.tmp"), F_OK), -1);
    assert_int_equal(cxm_archive_create(path_of("none"), &id, 0, &writer,
                                        &err), CXM_IO);

    /* what a killed writer left is written over */

    spew(path_of("new-1.tmp"), "half of a file", 14);
    assert_int_equal(cxm_archive_create(root, &id, 0, &writer, &err), CXM_OK);
    put(writer, 2);
    assert_int_equal(cxm_archive_written(writer), length_of(2));
    cxm_archive_abort(writer);
    assert_int_equal(access(path_of("new-1.tmp"), F_OK), -1);
    cxm_archive_abort(NULL);
    cxm_archive_close(NULL);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_read, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(hash_is_that_of_b2sum, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(longest_record, setup, teardown),
        cmocka_unit_test_setup_teardown(every_change_is_found, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(another_file_does_not_pass, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_name_is_taken_only_from_ourselves,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(no_space_and_no_directory, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
