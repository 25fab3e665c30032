package fakepg

import (
	"context"
	"errors"
	"sync"

	"github.com/jackc/pgx/v5/pgtype"

	"stockproof/adapters/postgres/sql"
	"stockproof/inventory/port"
)

// The protocol's own tests run against a database of three statements, so that they are about the
// protocol only.
const (
	echoSQL  = "select echo of every type"
	askSQL   = "select the answer"
	writeSQL = "update note"
)

// echo answers its own parameters: the elements of its lists as rows, then the scalars as one.
type echo struct {
	b    pgtype.Bool
	i2   pgtype.Int2
	i4   pgtype.Int4
	i8   pgtype.Int8
	t    pgtype.Text
	raw  rawBytes
	id   pgtype.UUID
	bs   pgtype.FlatArray[pgtype.Bool]
	i2s  pgtype.FlatArray[pgtype.Int2]
	i4s  pgtype.FlatArray[pgtype.Int4]
	i8s  pgtype.FlatArray[pgtype.Int8]
	ts   pgtype.FlatArray[pgtype.Text]
	raws pgtype.FlatArray[rawBytes]
	ids  pgtype.FlatArray[pgtype.UUID]
}

// rawBytes is bytea as the statements' views have it.
type rawBytes struct{ b []byte }

func (r rawBytes) BytesValue() ([]byte, error) { return r.b, nil }
func (r *rawBytes) ScanBytes(b []byte) error {
	if r.b = nil; b != nil {
		r.b = append([]byte{}, b...)
	}
	return nil
}

// write adds a note; "wait" waits for notebook.release, "fail" is refused.
type write struct{ note pgtype.Text }

// ask reads a constant.
type ask struct{}

func (*echo) Statement()  {}
func (*write) Statement() {}
func (*ask) Statement()   {}

func echoCatalog() catalog {
	c := catalog{}
	scalars := []sql.Type{sql.Bool, sql.Int2, sql.Int4, sql.Int8, sql.Text, sql.Bytea, sql.UUID}
	types, heads := scalars, []sql.Head{}
	for _, t := range scalars {
		types = append(types, t.Array())
		heads = append(heads, sql.Head{Name: "c", Type: t})
	}
	c[echoSQL] = &query{name: "echo", text: echoSQL, verb: "SELECT", params: types, columns: heads,
		fresh: func() call {
			e := &echo{}
			return call{e, []any{&e.b, &e.i2, &e.i4, &e.i8, &e.t, &e.raw, &e.id,
				&e.bs, &e.i2s, &e.i4s, &e.i8s, &e.ts, &e.raws, &e.ids},
				func() int { return len(e.ids) + 1 },
				func(i int) []any {
					if i == len(e.ids) {
						return []any{e.b, e.i2, e.i4, e.i8, e.t, e.raw, e.id}
					}
					return []any{e.bs[i], e.i2s[i], e.i4s[i], e.i8s[i], e.ts[i], e.raws[i], e.ids[i]}
				}}
		}}
	c[writeSQL] = &query{name: "write", text: writeSQL, verb: "UPDATE",
		params: []sql.Type{sql.Text},
		fresh:  func() call { w := &write{}; return call{stmt: w, params: []any{&w.note}} }}
	c[askSQL] = &query{name: "ask", text: askSQL, verb: "SELECT",
		columns: []sql.Head{{Name: "n", Type: sql.Int8}},
		fresh: func() call {
			return call{stmt: &ask{}, len: func() int { return 1 },
				at: func(int) []any { return []any{pgtype.Int8{Int64: 42, Valid: true}} }}
		}}
	return c
}

// notebook is a database that can only remember what was committed.
type notebook struct {
	mu        sync.Mutex
	committed []string
	rolled    int
	waiting   chan struct{} // gets a value when a write begins to wait
	release   chan struct{}
	refuse    error // of COMMIT
}

func newNotebook() *notebook {
	return &notebook{waiting: make(chan struct{}, 16), release: make(chan struct{})}
}

func (n *notebook) Connect() (Session, error) { return &page{book: n}, nil }

func (n *notebook) SystemID() string { return "7" }

func (n *notebook) notes() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string{}, n.committed...)
}

type page struct {
	book *notebook
	open bool
	own  []string
}

func (p *page) Begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.open {
		return errors.New("begin inside a transaction")
	}
	p.open = true
	return nil
}

func (p *page) Exec(ctx context.Context, s port.Statement) error {
	if !p.open {
		return errors.New("statement outside a transaction")
	}
	w, ok := s.(*write)
	if !ok {
		return nil
	}
	switch w.note.String {
	case "wait":
		p.book.waiting <- struct{}{}
		select {
		case <-p.book.release:
		case <-ctx.Done():
			return ctx.Err()
		}
	case "fail":
		return &Error{Code: "23505", Message: "duplicate key value violates unique constraint",
			Detail: "Key exists.", Schema: "notes", Table: "note", Constraint: "note_pkey"}
	}
	p.own = append(p.own, w.note.String)
	return nil
}

func (p *page) Commit(context.Context) error {
	p.book.mu.Lock()
	defer p.book.mu.Unlock()
	p.open = false
	own := p.own
	p.own = nil
	if p.book.refuse != nil {
		return p.book.refuse
	}
	p.book.committed = append(p.book.committed, own...)
	return nil
}

func (p *page) Rollback() {
	p.book.mu.Lock()
	defer p.book.mu.Unlock()
	p.open, p.own = false, nil
	p.book.rolled++
}
