package fakepg

import "stockproof/inventory/port"

// Fate is what becomes of one request.
type Fate uint8

const (
	// Deliver answers it.
	Deliver Fate = iota
	// LoseRequest ends the connection before the server executes it. An open transaction rolls back.
	LoseRequest
	// LoseResponse executes it and ends the connection before the answer. A COMMIT has its effect;
	// any other request's transaction rolls back.
	LoseResponse
	// Late ends the client's connection, and then the server executes the request and what else of
	// the same flight has reached it. A COMMIT behind it takes effect after the client has its error.
	Late
	// TerminateBefore ends the backend with FATAL 57P01 before it executes the request.
	TerminateBefore
	// TerminateAfter executes it and answers FATAL 57P01 all the same, as for a COMMIT that is killed
	// while it waits for a synchronous standby: it has its effect.
	TerminateAfter
)

// Step says which moment of a conversation a request is.
type Step uint8

// The steps.
const (
	Connect  Step = iota + 1 // the startup message
	Prepare                  // Parse
	Execute                  // of a statement; SQL and Statement are known
	Begin                    // of an explicit transaction
	Commit                   // COMMIT, or the end of a flight that is one implicit transaction
	Rollback                 // ROLLBACK
)

// Request is what a fault decides about. With Commit of an implicit transaction SQL is empty.
type Request struct {
	PID       uint32 // of the backend: one connection
	Step      Step
	SQL       string
	Statement port.Statement // with Execute
}

// Faults decides what becomes of every request. It is called on the connection's goroutine and may
// block: the request waits on the wire meanwhile. Several connections may call it at once.
type Faults func(Request) Fate
