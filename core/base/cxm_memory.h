/*
 * Whether JSON was lost for want of memory.
 *
 * jansson itself passes over failed allocations when it copies or updates
 * objects, so that looking at every result is not enough: a value may lack
 * members.  Who is about to say that all went well asks here first.
 */

#ifndef CXM_MEMORY_H
#define CXM_MEMORY_H


/* Lets jansson allocate through us; before threads use it. */
void cxm_memory_watch(void);

/*
 * Whether an allocation of jansson has failed in this thread since this was
 * asked the last time.
 */
int cxm_memory_failed(void);


#endif /* CXM_MEMORY_H */
