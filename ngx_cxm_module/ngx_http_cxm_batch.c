/*
 * Group commit.
 */

#include "ngx_http_cxm_batch.h"
#include "ngx_http_cxm_metrics.h"
#include "ngx_http_cxm_store.h"


static void ngx_http_cxm_batch_start(ngx_event_t *ev);
static ngx_http_cxm_job_t *ngx_http_cxm_batch_pop(ngx_http_cxm_batch_t *batch);
static ngx_uint_t ngx_http_cxm_batch_gather(ngx_http_cxm_batch_t *batch);
static size_t ngx_http_cxm_batch_more(void *ctx, cxm_op_t **ops, size_t max);
static void ngx_http_cxm_batch_task(void *data, ngx_log_t *log);
static void ngx_http_cxm_batch_done(ngx_event_t *ev);
static void ngx_http_cxm_batch_take(ngx_http_cxm_batch_t *batch,
    ngx_queue_t *jobs);
static void ngx_http_cxm_batch_each(ngx_queue_t *jobs,
    void (*handler)(ngx_http_cxm_job_t *job));
static void ngx_http_cxm_batch_finish(ngx_http_cxm_job_t *job);
static void ngx_http_cxm_batch_pop_expired(ngx_http_cxm_batch_t *batch,
    ngx_queue_t *expired);
static void ngx_http_cxm_batch_abandon(ngx_http_cxm_batch_t *batch);


ngx_int_t
ngx_http_cxm_batch_init(ngx_http_cxm_batch_t *batch,
    ngx_http_cxm_store_t *store, ngx_thread_pool_t *pool, ngx_log_t *log)
{
    batch->store = store;
    batch->pool = pool;
    batch->log = log;

    ngx_queue_init(&batch->queued);
    ngx_queue_init(&batch->running);

    batch->start.data = batch;
    batch->start.handler = ngx_http_cxm_batch_start;
    batch->start.log = log;

    batch->growing.ops = batch->ops;
    batch->growing.max = NGX_HTTP_CXM_BATCH_OPS + NGX_HTTP_CXM_BATCH_OWN;
    batch->growing.more = ngx_http_cxm_batch_more;
    batch->growing.ctx = batch;

    return ngx_thread_mutex_create(&batch->lock, log);
}


ngx_int_t
ngx_http_cxm_batch_add(ngx_http_cxm_job_t *job)
{
    size_t                     size, bytes;
    ngx_uint_t                 nqueued;
    ngx_http_cxm_batch_t      *batch;
    ngx_http_cxm_job_state_e   state;

    batch = ngx_http_cxm_store_batch(job->store);
    size = cxm_call_size(job->call);

    /* all of it before the thread may see the job */

    state = job->state;
    job->state = NGX_HTTP_CXM_JOB_WRITE;
    job->size = size;
    job->since = ngx_current_msec;

    (void) ngx_thread_mutex_lock(&batch->lock, batch->log);

    nqueued = batch->nqueued;
    bytes = batch->bytes;

    if (nqueued < NGX_HTTP_CXM_QUEUE_OPS
        && size <= NGX_HTTP_CXM_QUEUE_BYTES - bytes)
    {
        ngx_queue_insert_tail(&batch->queued, &job->queue);
        batch->nqueued++;
        batch->bytes += size;

        (void) ngx_thread_mutex_unlock(&batch->lock, batch->log);

        ngx_http_cxm_batch_wake(batch);

        return NGX_OK;
    }

    (void) ngx_thread_mutex_unlock(&batch->lock, batch->log);

    job->state = state;

    if (batch->overload != ngx_time()) {
        batch->overload = ngx_time();

        ngx_log_error(NGX_LOG_WARN, batch->log, 0,
                      "cxm: the queue of writes is full: "
                      "%ui operations, %uz bytes; refusing more",
                      nqueued, bytes);
    }

    return NGX_DECLINED;
}


void
ngx_http_cxm_batch_wake(ngx_http_cxm_batch_t *batch)
{
    if (batch->busy || batch->exiting) {
        return;
    }

    /*
     * Behind the events of this iteration, so that all requests that are
     * ready now share a commit; a no-op when it is posted already.
     */

    ngx_post_event(&batch->start, &ngx_posted_events);
}


static void
ngx_http_cxm_batch_start(ngx_event_t *ev)
{
    ngx_queue_t            jobs;
    ngx_thread_task_t     *task;
    ngx_http_cxm_batch_t  *batch;

    batch = ev->data;

    if (batch->busy || ngx_http_cxm_batch_gather(batch) == 0) {
        return;
    }

    task = &batch->task;
    ngx_memzero(task, sizeof(ngx_thread_task_t));

    task->ctx = batch;
    task->handler = ngx_http_cxm_batch_task;
    task->event.data = batch;
    task->event.handler = ngx_http_cxm_batch_done;
    task->event.log = batch->log;

    batch->done = 0;
    batch->busy = 1;
    batch->since = ngx_current_msec;

    if (ngx_thread_task_post(batch->pool, task) == NGX_OK) {
        return;
    }

    ngx_http_cxm_batch_take(batch, &jobs);
    ngx_http_cxm_batch_each(&jobs, ngx_http_cxm_job_refuse);

    if (batch->nqueued > 0) {
        ngx_http_cxm_batch_wake(batch);
    }
}


/* Moves what is queued into the batch; returns its number of operations. */

static ngx_uint_t
ngx_http_cxm_batch_gather(ngx_http_cxm_batch_t *batch)
{
    size_t     n;
    cxm_op_t  *upkeep, *edge;

    n = ngx_http_cxm_batch_more(batch, batch->ops, NGX_HTTP_CXM_BATCH_OPS);

    upkeep = ngx_http_cxm_store_upkeep(batch->store);

    if (upkeep != NULL) {
        batch->ops[n++] = upkeep;
    }

    edge = batch->store->edge == NULL
           ? NULL : ngx_http_cxm_edge_op(batch->store->edge);

    if (edge != NULL) {
        batch->ops[n++] = edge;
    }

    batch->growing.n = n;
    batch->handle = ngx_http_cxm_store_running(batch->store);

    return n;
}


/* Also in the pool thread, when it has the writer's lock. */

static size_t
ngx_http_cxm_batch_more(void *ctx, cxm_op_t **ops, size_t max)
{
    ngx_http_cxm_batch_t  *batch = ctx;

    size_t               n;
    ngx_http_cxm_job_t  *job;

    (void) ngx_thread_mutex_lock(&batch->lock, batch->log);

    for (n = 0; n < max && batch->nqueued > 0; n++) {
        job = ngx_http_cxm_batch_pop(batch);

        ngx_queue_insert_tail(&batch->running, &job->queue);
        ops[n] = cxm_call_op(job->call);
    }

    (void) ngx_thread_mutex_unlock(&batch->lock, batch->log);

    return n;
}


/* Under the lock. */

static ngx_http_cxm_job_t *
ngx_http_cxm_batch_pop(ngx_http_cxm_batch_t *batch)
{
    ngx_queue_t         *q;
    ngx_http_cxm_job_t  *job;

    q = ngx_queue_head(&batch->queued);
    job = ngx_queue_data(q, ngx_http_cxm_job_t, queue);

    ngx_queue_remove(q);
    batch->nqueued--;
    batch->bytes -= job->size;

    return job;
}


/* In a pool thread: touches the batch and the calls in it, nothing else. */

static void
ngx_http_cxm_batch_task(void *data, ngx_log_t *log)
{
    ngx_http_cxm_batch_t  *batch = data;

    cxm_batch_run_growing(batch->handle, &batch->growing, &batch->stat);

    __atomic_store_n(&batch->done, 1, __ATOMIC_RELEASE);
}


static void
ngx_http_cxm_batch_done(ngx_event_t *ev)
{
    ngx_queue_t            jobs;
    ngx_http_cxm_batch_t  *batch;

    batch = ev->data;

    ngx_log_debug4(NGX_LOG_DEBUG_HTTP, batch->log, 0,
                   "cxm batch: %uz operations, %ui transactions, %ui done, "
                   "commit %uLus", batch->growing.n,
                   (ngx_uint_t) batch->stat.runs,
                   (ngx_uint_t) batch->stat.committed,
                   (uint64_t) batch->stat.commit_us);

    ngx_http_cxm_metrics_batch(batch->store, batch);
    ngx_http_cxm_batch_take(batch, &jobs);
    ngx_http_cxm_store_upkeep_done(batch->store);
    ngx_http_cxm_store_work(batch->store, batch->stat.due);
    ngx_http_cxm_store_revive(batch->store);

    /* first give the disk its work, then answer */

    ngx_http_cxm_batch_start(&batch->start);
    ngx_http_cxm_batch_each(&jobs, ngx_http_cxm_batch_finish);
}


/* Ends the batch: its jobs go to the list that the caller has. */

static void
ngx_http_cxm_batch_take(ngx_http_cxm_batch_t *batch, ngx_queue_t *jobs)
{
    ngx_queue_init(jobs);

    if (!ngx_queue_empty(&batch->running)) {
        ngx_queue_add(jobs, &batch->running);
        ngx_queue_init(&batch->running);
    }

    batch->busy = 0;

    if (batch->store->edge != NULL) {
        ngx_http_cxm_edge_done(batch->store->edge);
    }
}


static void
ngx_http_cxm_batch_each(ngx_queue_t *jobs,
    void (*handler)(ngx_http_cxm_job_t *job))
{
    ngx_queue_t         *q;
    ngx_http_cxm_job_t  *job;

    while (!ngx_queue_empty(jobs)) {
        q = ngx_queue_head(jobs);
        job = ngx_queue_data(q, ngx_http_cxm_job_t, queue);

        ngx_queue_remove(q);
        handler(job);
    }
}


static void
ngx_http_cxm_batch_finish(ngx_http_cxm_job_t *job)
{
    ngx_http_cxm_job_run(job, CXM_NEXT_DONE);
}


void
ngx_http_cxm_batch_expire(ngx_http_cxm_batch_t *batch)
{
    ngx_queue_t     expired;
    ngx_msec_int_t  age;

    if (!batch->busy) {
        return;
    }

    ngx_queue_init(&expired);
    ngx_http_cxm_batch_pop_expired(batch, &expired);
    ngx_http_cxm_batch_each(&expired, ngx_http_cxm_job_refuse);

    age = (ngx_msec_int_t) (ngx_current_msec - batch->since);

    if (age >= NGX_HTTP_CXM_WAIT_MSEC) {
        ngx_http_cxm_batch_abandon(batch);
    }
}


static void
ngx_http_cxm_batch_pop_expired(ngx_http_cxm_batch_t *batch,
    ngx_queue_t *expired)
{
    ngx_queue_t         *q;
    ngx_msec_int_t       age;
    ngx_http_cxm_job_t  *job;

    (void) ngx_thread_mutex_lock(&batch->lock, batch->log);

    while (batch->nqueued > 0) {
        q = ngx_queue_head(&batch->queued);
        job = ngx_queue_data(q, ngx_http_cxm_job_t, queue);

        age = (ngx_msec_int_t) (ngx_current_msec - job->since);

        if (age < NGX_HTTP_CXM_WAIT_MSEC) {
            break;
        }

        (void) ngx_http_cxm_batch_pop(batch);
        ngx_queue_insert_tail(expired, q);
    }

    (void) ngx_thread_mutex_unlock(&batch->lock, batch->log);
}


/*
 * An answer may lead to the next request, and that one to the lock: so the
 * jobs are looked up first.  They stay while the batch is in flight.
 */

static void
ngx_http_cxm_batch_abandon(ngx_http_cxm_batch_t *batch)
{
    ngx_uint_t            i, n;
    ngx_queue_t          *q;
    ngx_http_cxm_job_t  **jobs;

    jobs = ngx_alloc(batch->growing.max * sizeof(ngx_http_cxm_job_t *),
                     batch->log);
    if (jobs == NULL) {
        return;
    }

    (void) ngx_thread_mutex_lock(&batch->lock, batch->log);

    for (q = ngx_queue_head(&batch->running), n = 0;
         q != ngx_queue_sentinel(&batch->running);
         q = ngx_queue_next(q))
    {
        jobs[n++] = ngx_queue_data(q, ngx_http_cxm_job_t, queue);
    }

    (void) ngx_thread_mutex_unlock(&batch->lock, batch->log);

    for (i = 0; i < n; i++) {
        if (jobs[i]->request != NULL) {
            ngx_http_cxm_job_abandon(jobs[i]);
        }
    }

    ngx_free(jobs);
}


/*
 * nginx calls exit_process in the order of its modules, and its thread pool
 * is a core module: by now each thread has run what was queued before the
 * task that ended it, so a batch in flight is finished, but the event loop
 * has not been told and never will be.  (Only where the pool's own queue was
 * full has nginx left threads behind; hence the wait.)  Connections are
 * still open: a reply of usual size goes into the socket at once.
 */

void
ngx_http_cxm_batch_exit(ngx_http_cxm_batch_t *batch)
{
    ngx_queue_t  jobs;

    batch->exiting = 1;

    if (batch->start.posted) {
        ngx_delete_posted_event(&batch->start);
    }

    if (batch->busy) {

        if (ngx_http_cxm_wait(&batch->done) != NGX_OK) {
            ngx_log_error(NGX_LOG_ALERT, batch->log, 0,
                          "cxm: a commit does not end; its %uz operations "
                          "and %ui queued ones get no reply",
                          batch->growing.n, batch->nqueued);
            return;
        }

        ngx_http_cxm_batch_take(batch, &jobs);
        ngx_http_cxm_batch_each(&jobs, ngx_http_cxm_batch_finish);
    }

    while (ngx_http_cxm_batch_gather(batch) > 0) {
        batch->busy = 1;
        ngx_http_cxm_batch_task(batch, batch->log);
        ngx_http_cxm_batch_take(batch, &jobs);
        ngx_http_cxm_batch_each(&jobs, ngx_http_cxm_batch_finish);
    }
}
