// Package fakepg is PostgreSQL's wire protocol over the memory store, so that the real pgx client
// runs in one process with the rest.
package fakepg
