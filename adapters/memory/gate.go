package memory

import (
	"context"
	"errors"
)

// Gate is what a server of this package asks of its surroundings: when a call reaches it, what may
// come between two of its steps, and how to wait. No server blocks a goroutine by itself; that is
// what lets one engine schedule all of them. [Plain] is the gate of ordinary goroutines.
//
// Every function given to a gate runs alone: servers hold no lock of their own.
type Gate interface {
	// Call carries a request to a server: exec runs there. One round trip.
	Call(ctx context.Context, c Call, exec func() error) error
	// Step says that the steps of other clients may come between, and see what was done so far. Only
	// inside exec.
	Step()
	// Between says the same between two parts of one pipelined request, of which nothing is committed.
	Between()
	// Block waits inside exec until w.Until holds. It returns ErrWaitTimeout when w.DeadlineMS has
	// passed, or the error of a ctx that ended.
	Block(ctx context.Context, w Wait) error
	// Later runs the server's own work, whatever becomes of the client; what names it in schedules.
	Later(what string, fn func())
	// Local runs what costs no round trip.
	Local(fn func())
	// NowMS is the servers' clock, ms since 1970.
	NowMS() int64
}

// Identified is a gate that knows who calls, by a number that does not depend on who was faster.
type Identified interface{ Caller() uint64 }

// Call names a request: which server, what is asked, of what.
type Call struct {
	Server, Op, Key string
	// With is what the request is made of and, behind the pointers in it, what its answer fills:
	// []port.Statement, []port.SpeedOp, []port.Record of a produce, *[]port.Record of a fetch. Nil
	// where the answer is an error or none.
	With any
	// Answer is what the answer fills where With does not show it: a pointer.
	Answer any
	// Poll says that the request asks for nothing to be done: it waits for something to be there.
	Poll bool
	From int64 // a poll's position, where it has one
	// Unseen says that nobody else can tell whether it was carried out: a rollback of what holds nothing.
	Unseen bool
}

// Wait is a wait inside a server: a value with a condition, not a blocked goroutine.
type Wait struct {
	Key        string      // what is waited for, to name it
	Until      func() bool // reads state only
	DeadlineMS int64       // on the gate's clock; 0 = none
	Poll       bool        // a long poll, which ends with its caller; a statement that waits goes on
}

// ErrWaitTimeout is the end of a wait that took too long.
var ErrWaitTimeout = errors.New("wait timed out")
