package postgres

import "stockproof/inventory/port"

// Trouble is why a server does not do what it is asked, though it is there and nothing is wrong with the question.
type Trouble string

// The troubles. Source of states and messages: PostgreSQL 15, errcodes.txt, nodeModifyTable.c, postgres.c and md.c.
const (
	// Serialization: somebody has made stricter isolation than READ COMMITTED the default.
	Serialization Trouble = "serialization"
	LockTimeout   Trouble = "lock-timeout"
	// DiskFull: of a slot that nobody reads, whose log stays, for instance. It spares what writes nothing.
	DiskFull Trouble = "disk-full"
)

// refusing is how many statements are still to be refused, and why.
type refusing struct {
	left int
	why  Trouble
}

// Refuse answers the next statements that a trouble concerns with an error, which ends their transactions, and does none
// of them. Zero statements ends it.
func (p *Server) Refuse(statements int, why Trouble) {
	p.gate.Local(func() { p.refusing = refusing{statements, why} })
}

// Refusing is how many statements are still to be refused.
func (p *Server) Refusing() int { return p.refusing.left }

// refused is the answer to a statement that is refused; nil: it is done.
func (p *Server) refused(st port.Statement) error {
	r := &p.refusing
	if r.left == 0 || r.why == DiskFull && !writes(st) {
		return nil
	}
	r.left--
	switch r.why {
	case DiskFull:
		return &SQLError{State: "53100", Class: port.ErrUnavailable, Message: "could not extend file: No space left on device"}
	case LockTimeout:
		return &SQLError{State: "55P03", Class: port.ErrConflict, Message: "canceling statement due to lock timeout"}
	}
	return &SQLError{State: "40001", Class: port.ErrConflict, Message: "could not serialize access due to concurrent update"}
}
