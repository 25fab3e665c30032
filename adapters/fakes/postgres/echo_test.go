package fakepg

import (
	"context"
	"errors"
	"sync"

	"stockproof/inventory/port"
	"stockproof/model"
)

// The protocol's own tests run against a database of three statements, so that they are about the
// protocol only.
const (
	echoSQL  = "select echo of every type"
	echoText = "echo simple"
	writeSQL = "update note"
)

// echo answers its own parameters, once per element of ids.
type echo struct {
	b    bool
	i2   int16
	i4   int32
	i8   int64
	t    string
	raw  []byte
	id   model.ID
	ids  []model.ID
	i8s  []int64
	ts   []string
	raws [][]byte
	bs   []bool
	i2s  []int64
	i4s  []int64
}

// write adds a note; "wait" waits for notebook.release, "fail" is refused.
type write struct{ note string }

// ask reads a constant.
type ask struct{}

func (*echo) Statement()  {}
func (*write) Statement() {}
func (*ask) Statement()   {}

func echoCatalog() catalog {
	c := catalog{}
	c.add(&query{name: "echo", sql: echoSQL, verb: "SELECT",
		decode: func(a *args) port.Statement {
			return &echo{a.bool(), a.int2(), a.int4(), a.int8(), a.text(), a.bytes(), a.id(),
				a.ids(), a.int8s(), a.texts(), a.bytess(), a.bools(), a.int2s(), a.int4s()}
		},
		encode: func(s port.Statement, r *rows) {
			e := s.(*echo)
			for i := range e.ids {
				r.bool(e.bs[i])
				r.int2(int16(e.i2s[i]))
				r.int4(int32(e.i4s[i]))
				r.int8OrNull(e.i8s[i])
				r.text(e.ts[i])
				r.bytesOrNull(e.raws[i])
				r.idOrNull(e.ids[i])
				r.end()
			}
			r.bool(e.b)
			r.int2(e.i2)
			r.int4(e.i4)
			r.int8OrNull(e.i8)
			r.text(e.t)
			r.bytesOrNull(e.raw)
			r.idOrNull(e.id)
			r.end()
		},
	}, `bool, int2, int4, int8, text, bytea, uuid, uuid[], int8[], text[], bytea[], bool[], int2[],
		int4[] -> b bool, i2 int2, i4 int4, i8 int8, t text, raw bytea, id uuid`)
	c.add(&query{name: "write", sql: writeSQL, verb: "UPDATE",
		decode: func(a *args) port.Statement { return &write{a.text()} },
		encode: func(_ port.Statement, r *rows) { r.count = 1 },
	}, "text")
	c.add(&query{name: "ask", sql: echoText, verb: "SELECT",
		decode: func(*args) port.Statement { return &ask{} },
		encode: func(_ port.Statement, r *rows) { r.int8(42); r.end() },
	}, "-> n int8")
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

func (n *notebook) Connect(map[string]string) (Session, error) { return &page{book: n}, nil }

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

func (p *page) Begin(context.Context) error {
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
	switch w.note {
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
	p.own = append(p.own, w.note)
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
