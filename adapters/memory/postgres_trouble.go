package memory

import "stockproof/inventory/port"

// PostgresTrouble is why a server does not do what it is asked, though it is there and nothing is wrong with the question.
type PostgresTrouble string

// The troubles. Source of states and messages: PostgreSQL 15, errcodes.txt, nodeModifyTable.c, postgres.c and md.c.
const (
	// PostgresSerialization: somebody has made stricter isolation than READ COMMITTED the default.
	PostgresSerialization PostgresTrouble = "serialization"
	PostgresLockTimeout   PostgresTrouble = "lock-timeout"
	// PostgresDiskFull: of a slot that nobody reads, whose log stays, for instance. It spares what writes nothing.
	PostgresDiskFull PostgresTrouble = "disk-full"
)

// refusing is how many statements are still to be refused, and why.
type refusing struct {
	left int
	why  PostgresTrouble
}

// Refuse answers the next statements that a trouble concerns with an error, which ends their transactions, and does none
// of them. Zero statements ends it.
func (p *Postgres) Refuse(statements int, why PostgresTrouble) {
	p.gate.Local(func() { p.refusing = refusing{statements, why} })
}

// Refusing is how many statements are still to be refused.
func (p *Postgres) Refusing() int { return p.refusing.left }

// refused is the answer to a statement that is refused; nil: it is done.
func (p *Postgres) refused(st port.Statement) error {
	r := &p.refusing
	if r.left == 0 || r.why == PostgresDiskFull && !writes(st) {
		return nil
	}
	r.left--
	switch r.why {
	case PostgresDiskFull:
		return &SQLError{State: "53100", Class: port.ErrUnavailable, Message: "could not extend file: No space left on device"}
	case PostgresLockTimeout:
		return &SQLError{State: "55P03", Class: port.ErrConflict, Message: "canceling statement due to lock timeout"}
	}
	return &SQLError{State: "40001", Class: port.ErrConflict, Message: "could not serialize access due to concurrent update"}
}
