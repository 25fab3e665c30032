package fakepg

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgproto3"
)

// meet carries a request out as its fate has it: between the two points where its connection can be
// lost.
func (c *conn) meet(r Request, carryOut func() error) error {
	r.PID = c.pid
	fate := c.server.fate(r)
	switch fate {
	case LoseRequest:
		return errCut
	case TerminateBefore:
		return errTerminated()
	case Late:
		c.net.Sever()
	}
	err := carryOut()
	switch fate {
	case LoseResponse:
		return errCut
	case TerminateAfter:
		return errTerminated()
	}
	return err
}

// run executes one portal.
func (c *conn) run(l *portal) error {
	r := Request{SQL: l.sql, Statement: l.call.stmt}
	var execute func() (tag []byte, err error)
	switch l.control {
	case emptyQuery:
		c.wire.Send(&pgproto3.EmptyQueryResponse{})
		return nil
	case beginBlock:
		r.Step, execute = Begin, c.begin
	case commitBlock:
		r.Step, execute = Commit, c.commit
	case rollbackBlock:
		r.Step, execute = Rollback, c.rollbackBlock
	default:
		r.Step, execute = Execute, func() ([]byte, error) { return c.statement(l) }
	}
	if c.status == statusAborted && !l.endsBlock() {
		return errAborted()
	}
	var tag []byte
	err := c.meet(r, func() (err error) { tag, err = execute(); return err })
	if err != nil {
		return err
	}
	c.wire.Send(&pgproto3.CommandComplete{CommandTag: tag})
	return nil
}

// begin opens a block. What the flight did before it becomes part of it, as in PostgreSQL.
func (c *conn) begin() ([]byte, error) {
	if c.status == statusInBlock {
		c.wire.Send(warning("25001", "there is already a transaction in progress"))
	} else if err := c.openTransaction(); err != nil {
		return nil, err
	}
	c.status = statusInBlock
	return []byte("BEGIN"), nil
}

func (c *conn) openTransaction() error {
	if c.open {
		return nil
	}
	if err := c.wait(c.db.Begin); err != nil {
		return err
	}
	c.open = true
	return nil
}

// commit ends a block; an aborted one is rolled back, and only the tag says so.
func (c *conn) commit() ([]byte, error) {
	switch c.status {
	case statusAborted:
		return c.rollbackBlock()
	case statusIdle:
		c.wire.Send(warning("25P01", "there is no transaction in progress"))
	}
	c.status = statusIdle
	return []byte("COMMIT"), c.commitOpen()
}

func (c *conn) commitOpen() error {
	if !c.open {
		return nil
	}
	c.open = false
	return c.db.Commit(context.Background())
}

func (c *conn) rollbackBlock() ([]byte, error) {
	if c.status == statusIdle {
		c.wire.Send(warning("25P01", "there is no transaction in progress"))
	}
	c.rollback()
	c.status = statusIdle
	return []byte("ROLLBACK"), nil
}

// commitFlight commits the implicit transaction, if there is one.
func (c *conn) commitFlight() error {
	if !c.open || c.status != statusIdle {
		return nil
	}
	return c.meet(Request{Step: Commit}, c.commitOpen)
}

// statement executes a query of the catalog and sends its rows.
func (c *conn) statement(l *portal) (tag []byte, err error) {
	if l.call.stmt != nil {
		if err := c.openTransaction(); err != nil {
			return nil, err
		}
		err := c.wait(func(ctx context.Context) error { return c.db.Exec(ctx, l.call.stmt) })
		if err != nil {
			return nil, locate(err, l.query.text)
		}
	}
	n := 0
	if len(l.query.columns) > 0 {
		n = l.call.len()
	}
	for i := range n {
		row, err := c.rows.encode(l.query.columns, l.call.at(i), l.formats)
		if err != nil {
			return nil, fmt.Errorf("%s: row %d: %w", l.query.name, i+1, err)
		}
		c.wire.Send(row)
	}
	return l.query.tag(l.call, n), nil
}

// simple is the simple protocol: what pgx sends without parameters. One text is one statement here.
func (c *conn) simple(sql string) error {
	if err := c.simpleStatement(sql); err != nil {
		if err = c.fail(err); err != nil {
			return err
		}
	}
	return c.ready()
}

func (c *conn) simpleStatement(sql string) error {
	p, err := c.look(sql)
	if err != nil {
		return err
	}
	l := &portal{prepared: p}
	if p.query != nil {
		if len(p.query.params) > 0 {
			return &Error{Code: "42P02", Message: "there is no parameter $1"}
		}
		l.call = p.query.fresh()
		if len(p.query.columns) > 0 {
			c.sendColumns(p.query, nil)
		}
	}
	if err := c.run(l); err != nil {
		return err
	}
	return c.commitFlight()
}
