package fakepg

import (
	"context"

	"stockproof/inventory/port"
)

// Database is what the protocol is spoken for.
type Database interface {
	// Connect opens a session. An *Error refuses it.
	Connect() (Session, error)
	// SystemID is the system identifier of pg_control_system().
	SystemID() string
}

// Session is one backend process of the database. Only one of its methods runs at a time. Each may
// wait for a lock; a ctx that ends while it waits ends it with ctx's error, and it has then done
// nothing.
type Session interface {
	// Begin opens a transaction.
	Begin(ctx context.Context) error
	// Exec runs one statement inside it. After an error nothing but Rollback is called.
	Exec(ctx context.Context, stmt port.Statement) error
	// Commit makes it durable. It is never interrupted. After an error there is no transaction.
	Commit(ctx context.Context) error
	// Rollback undoes it.
	Rollback()
}
